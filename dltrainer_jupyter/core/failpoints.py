"""Named places where a test may kill the process, to prove that a run survives it.

``DLTRAINER_FAILPOINT=checkpoint.renamed:3`` kills the process with SIGKILL the third time it reaches
``checkpoint.renamed``. Unset, a place costs one dictionary look-up at import and nothing after.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

NAMES = (
    "checkpoint.started",
    "checkpoint.weights_written",
    "checkpoint.optimizer_written",
    "checkpoint.state_written",
    "checkpoint.manifest_written",
    "checkpoint.renamed",
    "checkpoint.row_committed",
    "checkpoint.committed",
    "retention.row_deleted",
    "loop.flushed",
    "loop.state_copied",
    "loop.validated",
    "loop.epoch_judged",
    "loop.epoch_recorded",
    "loop.ending",
    "loop.loaded",
    "loop.rewound",
)
"""Every place there is; the chaos tests visit each."""

_TARGET, _, _COUNT = os.environ.get("DLTRAINER_FAILPOINT", "").partition(":")
_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """Mark a place; kills the process if a test asked for it.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`.
    """
    if name != _TARGET:
        return
    _reached[name] += 1
    if _reached[name] == int(_COUNT or 1):
        os.kill(os.getpid(), signal.SIGKILL)
