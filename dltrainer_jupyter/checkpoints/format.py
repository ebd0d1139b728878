"""The folder of a checkpoint: its parts, and how it comes into being.

::

    step-000001204/
        weights.safetensors      parameters and buffers
        optimizer.safetensors    optimizer slots
        state.json               everything else a run needs to go on
        manifest.json            size and SHA-256 of the others; written last

The files are written into a hidden folder beside it, each flushed to the disk before the next. The folder gets
its name by one rename, so under that name it is always whole. It counts as a checkpoint once its row is
committed; until then it is rubbish that :func:`dltrainer_jupyter.checkpoints.retention.sweep` removes.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dltrainer_jupyter.checkpoints import encoding
from dltrainer_jupyter.checkpoints.arrays import digest, write_arrays
from dltrainer_jupyter.checkpoints.disk import PartRecord, make_folder, sync_folder, write_file
from dltrainer_jupyter.checkpoints.manifest import MANIFEST, OPTIMIZER, STATE, WEIGHTS, Manifest, render
from dltrainer_jupyter.core.failpoints import reach
from dltrainer_jupyter.core.protocols import FullState, Signature

__all__ = ["FOLDER_NAME", "TEMPORARY_NAME", "Request", "Written", "attempt_of", "digest", "folder_name", "write"]

FOLDER_NAME = re.compile(r"step-\d{9,}(?:-a(\d+))?(?:-\d+)?")
"""A checkpoint: its step, the attempt from the second on, and a number that tells several of these apart."""
TEMPORARY_NAME = re.compile(r"\.writing-step-\d{9,}(?:-a(\d+))?-[0-9a-f]{8}")
"""A checkpoint that isn't whole yet, and never will be once its writer is dead."""


@dataclass(frozen=True)
class Request:
    """What to write, and why. Nobody may change the state's arrays afterwards."""

    state: FullState
    step: int
    epoch: int
    kinds: frozenset[str]
    """Why it is kept: any of ``best``, ``last``, ``manual``; for the row, the files don't know it."""
    metrics: Mapping[str, float]
    signature: Signature
    versions: Mapping[str, str]
    attempt: int = 1
    """Whose it is: from the second attempt on, the names of folders tell, so that nobody takes away a later one's."""


@dataclass(frozen=True)
class Written:
    """A whole folder on the disk, ready for its row. Holds no array."""

    path: Path
    manifest: Manifest
    kinds: frozenset[str]
    bytes: int
    """Of all files together."""


def folder_name(step: int, attempt: int = 1) -> str:
    """Name the folder of a step, and of the attempt that writes it.

    Examples
    --------
    >>> folder_name(1204), folder_name(1204, attempt=3)
    ('step-000001204', 'step-000001204-a3')
    """
    return f"step-{step:09d}" + (f"-a{attempt}" if attempt > 1 else "")


def attempt_of(name: str) -> int | None:
    """Tell which attempt a folder is of, whole or unfinished; None for what bears no such name.

    Examples
    --------
    >>> attempt_of("step-000001204"), attempt_of(".writing-step-000001204-a3-0a1b2c3d"), attempt_of("notes")
    (1, 3, None)
    """
    found = FOLDER_NAME.fullmatch(name) or TEMPORARY_NAME.fullmatch(name)
    return found and int(found[1] or 1)


def write(folder: Path, request: Request) -> Written:
    """Write a checkpoint.

    Parameters
    ----------
    folder : pathlib.Path
        Where the run's checkpoints lie; made if it isn't there.
    request : Request
        What to write.

    Returns
    -------
    Written
        Its path is new: a checkpoint that already lies there, even of the same step, is never touched.

    Raises
    ------
    CheckpointError
        If the state holds what a checkpoint can't hold; the message says what and where.
    OSError
        If the disk is full or broken. Nothing of the new checkpoint is left behind then.
    """
    make_folder(folder)
    name = folder_name(request.step, request.attempt)
    temporary = folder / f".writing-{name}-{secrets.token_hex(4)}"
    temporary.mkdir(mode=0o700)
    try:
        manifest = _manifest(request, _write_parts(temporary, request.state))
        vouching = write_file(temporary / MANIFEST, render(manifest))
        sync_folder(temporary)
        reach("checkpoint.manifest_written")
        path = _rename(temporary, name)
    finally:
        # After the rename there is nothing under this name any more. What can't be removed is left to the sweep.
        shutil.rmtree(temporary, ignore_errors=True)
    reach("checkpoint.renamed")
    sync_folder(folder)
    size = vouching.size + sum(part.size for part in manifest.parts.values())
    return Written(path, manifest, request.kinds, size)


def _write_parts(temporary: Path, state: FullState) -> dict[str, PartRecord]:
    reach("checkpoint.started")
    weights = write_arrays(temporary / WEIGHTS, state.weights)
    reach("checkpoint.weights_written")
    optimizer = write_arrays(temporary / OPTIMIZER, state.optimizer)
    reach("checkpoint.optimizer_written")
    rest = write_file(temporary / STATE, encoding.dumps(state.meta))
    reach("checkpoint.state_written")
    return {WEIGHTS: weights, OPTIMIZER: optimizer, STATE: rest}


def _manifest(request: Request, parts: dict[str, PartRecord]) -> Manifest:
    return Manifest(
        step=request.step,
        epoch=request.epoch,
        metrics={name: float(value) for name, value in request.metrics.items()},
        digest=digest(request.state.weights, request.state.optimizer),
        signature=request.signature,
        versions=dict(request.versions),
        created_at=datetime.now(UTC),
        parts=parts,
    )


def _rename(temporary: Path, name: str) -> Path:
    """Give the folder its name, or the first free one like it."""
    for number in itertools.count(1):
        path = temporary.with_name(name if number == 1 else f"{name}-{number}")
        if os.path.lexists(path):
            continue
        temporary.rename(path)
        return path
    raise AssertionError  # itertools.count never ends
