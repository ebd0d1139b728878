"""Where things lie in a run's folder.

``data/`` holds how the data are divided, ``models/`` the checkpoints and the best weights, ``logs/`` what happened, as
text.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

MODELS, LOGS = "models", "logs"
BEST = "best.safetensors"
"""The weights of the best checkpoint, in ``models/``."""
_BEFORE = "checkpoints"
"""Where checkpoints of older runs lie."""


def checkpoints_in(folder: Path) -> Path:
    """Give the folder of a run's checkpoints, which an older run goes on calling as it did."""
    before = folder / _BEFORE
    return before if before.is_dir() else folder / MODELS


def show_best(weights: Path, folder: Path) -> None:
    """Let the best weights be found by their name: a hard link, which takes no room of its own.

    A disk without hard links goes without it.
    """
    link = folder / f".{secrets.token_hex(8)}"
    with contextlib.suppress(OSError):
        os.link(weights, link)
        link.replace(folder / BEST)
