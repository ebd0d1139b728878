"""A run's files as artifacts: checkpoints, a report and the configuration."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.core.tracking import Artifact
from dltrainer_jupyter.executors import files
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.configuration import in_force, to_yaml
from dltrainer_jupyter.views.report.writing import brief_text

BEST = "checkpoints/best"
REPORT = "report.md"
CONFIGURATION = "config.yaml"


def checkpoint_name(record: CheckpointRecord) -> str:
    """Give the name under which each checkpoint is attached."""
    return f"checkpoints/step-{record.step}"


@contextlib.contextmanager
def checkpoint(run: RunRecord, record: CheckpointRecord, name: str, folder: Path) -> Iterator[Artifact | None]:
    """Lend a checkpoint's files; they stay while they are sent, even if the checkpoint is retired meanwhile.

    Parameters
    ----------
    run : RunRecord
        Whose.
    record : CheckpointRecord
        Which.
    name : str
        What it is called at the tracker.
    folder : pathlib.Path
        Where the files may be kept meanwhile.

    Yields
    ------
    Artifact or None
        None if it isn't there any more.
    """
    kept = folder / f".step-{record.step:09d}"
    shutil.rmtree(kept, ignore_errors=True)
    try:
        try:
            source = files.checkpoint_folder(run, record, Path(run.folder))
            shutil.copytree(source, kept, copy_function=_link)
        except (CheckpointError, OSError):
            yield None
            return
        yield Artifact(name, "checkpoint", kept, _size(kept), _known(record))
    finally:
        shutil.rmtree(kept, ignore_errors=True)


def report(store: Store, run: RunRecord, folder: Path) -> Artifact:
    """Write what is to be said of a run as Markdown; a tracker has pictures of its own."""
    return _written(folder / REPORT, brief_text(store, run.id, Path(run.folder)), "report")


def configuration(store: Store, run: RunRecord, folder: Path) -> Artifact:
    """Write a run's settings as YAML, those in force, with all defaults; secrets are masked."""
    return _written(folder / CONFIGURATION, to_yaml(in_force(store, run), complete=True), "configuration")


def _written(path: Path, text: str, kind: Any) -> Artifact:
    private.write(path, text.encode())
    return Artifact(path.name, kind, path, path.stat().st_size)


def _known(record: CheckpointRecord) -> dict[str, Any]:
    return {
        "step": record.step,
        "epoch": record.epoch,
        "kinds": sorted(record.kinds),
        "digest": record.digest,
        "metrics": dict(record.metrics),
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _link(source: str, target: str) -> str:
    """Give a file a second name, or copy it where that can't be."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
    return target
