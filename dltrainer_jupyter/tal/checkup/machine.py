"""GPUs, memory, and room on the disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dltrainer_jupyter.core.finding import Finding, fault, good, note
from dltrainer_jupyter.machine.gpus import read_gpus
from dltrainer_jupyter.machine.load import cores, memory
from dltrainer_jupyter.tal.checkup import setting_cures
from dltrainer_jupyter.tal.settings import settings

_GB = 1e9
_LEAST_MEMORY = 1.0
"""GB below which a framework and a small model don't fit."""
_LEAST_ROOM = 1.0
"""GB below which a few checkpoints fill the disk."""


def gpu() -> Iterator[Finding]:
    """List the GPUs that NVIDIA's driver shows this process."""
    found = read_gpus()
    if not found:
        or_apples = ", or on Apple's GPU where there is one" if sys.platform == "darwin" else ""
        yield note(f"No NVIDIA GPU is to be seen; training runs on the processor{or_apples}.")
    for number, one in enumerate(found):
        free = (one.memory_total_bytes - one.memory_bytes) / _GB
        said = f"GPU {number}, {one.name}: {free:.1f} of {one.memory_total_bytes / _GB:.1f} GB are free."
        if free >= _LEAST_MEMORY:
            yield good(said)
        else:
            yield fault(f"{said} Other programs hold the rest.", "nvidia-smi, which names them; end those not needed")


def memory_and_disk() -> Iterator[Finding]:
    """Look whether there is room to train, and to keep what comes of it."""
    taken, there = memory()
    free = (there - taken) / _GB
    said = f"{free:.1f} of {there / _GB:.1f} GB of memory are free, on {cores():g} cores."
    if free >= _LEAST_MEMORY:
        yield good(said)
    else:
        yield fault(
            f"{said} A training takes about one.", "Shut down kernels that aren't needed, or end other programs"
        )
    artifacts = settings.artifacts
    if (why := _unwritable(artifacts)) is not None:
        yield fault(
            f"Runs can't keep their files in {artifacts}: {why}.",
            setting_cures.of_setting("artifacts", is_default=artifacts == settings.home / "runs"),
        )
    # Checkpoints are most of it, and by default on the disk that everything else is on.
    folders = (artifacts, settings.home) if why is None else (settings.home,)
    disks = {_there(folder).stat().st_dev: folder for folder in folders}
    for folder in disks.values():
        room = shutil.disk_usage(_there(folder)).free / _GB
        said = f"{room:.1f} GB are free on the disk of {folder}."
        if room >= _LEAST_ROOM:
            yield good(said)
        else:
            yield fault(f"{said} Checkpoints need more.", "dltrain delete RUN, or export DLTRAINER_HOME=LARGER-DISK")


def _unwritable(folder: Path) -> str | None:
    """Say why nothing can be put into a folder, or it can't be made; None if it can. Nothing is left there.

    Modes alone don't tell: a disk may be mounted for reading, and some folders take no files from anybody.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".dltrainer-", dir=_there(folder)):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _there(folder: Path) -> Path:
    """Give the folder, or the nearest above it that is there."""
    return next(one for one in (folder, *folder.parents) if os.path.exists(one))  # noqa: PTH110 - where Path.exists raises, it may not be asked
