"""How a run's samples were divided, kept in its folder."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.protocols import Partition, Signature
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.store.attempts import Attempt

FILE = Path("data") / "partition.npz"
"""In a run's folder: arrays ``train`` and ``validation`` of sample numbers, and ``how`` in words."""


def keep(folder: Path, partition: Partition, signature: Signature, attempt: Attempt, *, is_new: bool) -> None:
    """Write down how samples are divided, or tell that a resumed run has others; say how much classes count.

    Parameters
    ----------
    folder : pathlib.Path
        The run's.
    partition : Partition
        As the data source gave it.
    signature : Signature
        Its class weights are told.
    attempt : Attempt
        Whoever trains.
    is_new : bool
        Whether the run begins.
    """
    there = None if is_new else load(folder)
    if there is None:
        written = io.BytesIO()
        np.savez_compressed(
            written, train=partition.train, validation=partition.validation, how=np.array(partition.how)
        )
        try:
            private.write(folder / FILE, written.getvalue())
        except OSError as error:
            attempt.event("notice", f"How samples are divided couldn't be kept: {error.strerror or error}.")
    elif not (np.array_equal(there.train, partition.train) and np.array_equal(there.validation, partition.validation)):
        attempt.event("notice", "The data have changed since the run began: samples are divided in another way.")
    if is_new and signature.class_weights:
        names = signature.labels or tuple(map(str, range(len(signature.class_weights))))
        said = few_of([f"{name} {weight:.4g}" for name, weight in zip(names, signature.class_weights, strict=False)])
        attempt.event("class_weights", f"Classes count in the loss: {said}.")


def summary(folder: Path) -> dict[str, Any] | None:
    """Describe in JSON types how a run's samples were divided; the digest is SHA-256 of both arrays as int64."""
    found = load(folder)
    if found is None:
        return None
    digest = hashlib.sha256()
    for part in (found.train, found.validation):
        digest.update(np.ascontiguousarray(part, "<i8").tobytes())
    return {
        "how": found.how,
        "train": len(found.train),
        "validation": len(found.validation),
        "digest": digest.hexdigest(),
    }


def load(folder: Path) -> Partition | None:
    """Read how a run's samples were divided; None where nobody knows."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            return Partition(file["train"], file["validation"], str(file["how"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
