"""What validations found of the whole set: their summaries, and their confusion matrices one after another."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.words import finite

_MOST_BYTES = 2**25
"""Of the matrices that are read in one go, before they are packed."""


def evaluation(store: Store, run_id: str, epoch: int | None = None) -> dict[str, Any]:
    """Give what a validation found.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    epoch : int, optional
        After which epoch; the newest validation if left out.

    Returns
    -------
    dict
        ``epoch`` and ``step``, ``epochs`` (all that were followed by a validation), ``labels``, ``summary`` (as the
        task's examiner wrote it, None for what isn't finite) and ``has_examples``. Before the first validation there
        is no epoch and no summary.

    Raises
    ------
    ConfigurationError
        If that epoch was followed by none.
    """
    with store.look():
        epochs = store.validation_epochs(run_id)
        found = store.validation(run_id, epoch)
        if found is None:
            if epoch is not None:
                there = f"validated ones go from {epochs[0]:,} to {epochs[-1]:,}" if epochs else "none was yet"
                msg = f"Run '{store.run(run_id).name}' was not validated after epoch {epoch:,}; {there}."
                raise ConfigurationError(msg)
            return {"epoch": None, "step": None, "epochs": [], "labels": [], "summary": None, "has_examples": False}
        return {
            "epoch": found.epoch,
            "step": found.step,
            "epochs": epochs,
            "labels": found.labels,
            "summary": None if found.summary is None else finite(found.summary),
            "has_examples": store.has_examples(run_id, found.epoch),
        }


def confusions(store: Store, run_id: str, after: int = 0, limit: int = 50) -> dict[str, Any]:
    """Give confusion matrices of many epochs, as one block of bytes.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    after : int, default 0
        Those of later epochs.
    limit : int, default 50
        At most so many; fewer where they are large, one at least.

    Returns
    -------
    dict
        ``labels``; ``epochs``; ``size``, the number of classes c; ``counts``, base64 of zlib of little-endian int32,
        shape (epochs, c, c), rows being true classes. A matrix of fewer classes than the newest has is filled up.
    """
    found: list[tuple[int, list[str], Any]] = []
    with store.look():
        fitting = 1
        while len(found) < min(fitting, limit):
            some = store.confusions(run_id, found[-1][0] if found else after, min(fitting, limit) - len(found))
            if not some:
                break
            found += [(epoch, labels, np.asarray(matrix, "<i4")) for epoch, labels, matrix in some]
            fitting = max(_MOST_BYTES // max(matrix.nbytes for _, _, matrix in found), 1)
    matrices = [matrix for _, _, matrix in found]
    labels = max((labels for _, labels, _ in found), key=len, default=[])
    size = max((len(matrix) for matrix in matrices), default=0)
    block = np.zeros((len(matrices), size, size), "<i4")
    for place, matrix in zip(block, matrices, strict=True):
        place[: len(matrix), : len(matrix)] = matrix
    packed = base64.b64encode(zlib.compress(block.tobytes(), 1)).decode()
    return {"labels": labels, "epochs": [epoch for epoch, _, _ in found], "size": size, "counts": packed}
