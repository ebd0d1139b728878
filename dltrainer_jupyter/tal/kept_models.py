"""Models of checkpoints that stay in memory for the next prediction, a few of them."""

from __future__ import annotations

import threading
from collections import OrderedDict

from dltrainer_jupyter.core.protocols import Predictor, Signature

_MOST = 4

_models: OrderedDict[tuple[str, str], tuple[Predictor, Signature]] = OrderedDict()
_lock = threading.Lock()


def find(run_id: str, digest: str) -> tuple[Predictor, Signature] | None:
    """Give the model of a run's checkpoint, if it is there."""
    with _lock:
        kept = _models.get((run_id, digest))
        if kept is not None:
            _models.move_to_end((run_id, digest))
        return kept


def keep(run_id: str, digest: str, made: tuple[Predictor, Signature]) -> None:
    """Keep a model, and let go of the one that nobody asked for longest."""
    with _lock:
        _models[run_id, digest] = made
        while len(_models) > _MOST:
            _models.popitem(last=False)
