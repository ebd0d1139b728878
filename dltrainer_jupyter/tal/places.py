"""Where runs' files are on this host, and where their copies go."""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from dltrainer_jupyter.checkpoints.place import check_url
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.places import is_remote, local_folder
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.executors import files
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.tal.settings import settings

_LOG = logging.getLogger(__name__)

OFTEN = 30.0
"""Seconds between checkpoints of a run that is copied: a machine that vanishes then takes less than a minute along."""
PATIENCE = 10.0
"""Seconds that deleting a run waits for its copy to be gone."""


def with_mirror(spec: RunSpec) -> RunSpec:
    """Complete what a specification says about copies by the settings of this process.

    Raises
    ------
    ConfigurationError
        If no file system is known for the URL.
    MissingPackageError
        If its package isn't installed.
    """
    given = spec.checkpoint
    url = settings.mirror if given.mirror is None else given.mirror
    if not isinstance(url, str):
        return spec
    check_url(url)
    changes: dict[str, object] = {"mirror": spelled_out(url)}
    if "every_seconds" not in given.model_fields_set:
        changes["every_seconds"] = OFTEN
    return spec.model_copy(update={"checkpoint": given.model_copy(update=changes)})


def spelled_out(url: str) -> str:
    """Make a folder's path absolute, so that it means the same in every process."""
    return url if is_remote(url) else str(local_folder(url).resolve())


def here(run: RunRecord) -> Path:
    """Give the folder that a run's files have, or would have, on this host."""
    own = Path(run.folder)
    return own if own.is_dir() else settings.artifacts / run.id


def is_there(text: str) -> bool:
    """Tell whether there is a file or folder of this name.

    Examples
    --------
    >>> is_there("/"), is_there("x[:5]")
    (True, False)
    """
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def are_paths(value: object) -> bool:
    """Tell whether something a person gives to predict names files: a path, text, or a list of these.

    Examples
    --------
    >>> are_paths("photograph.png"), are_paths([Path("a.csv"), "b.csv"]), are_paths([[0.0]]), are_paths([])
    (True, True, False, False)
    """
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, str | Path) for one in value)
    return isinstance(value, str | Path)


def remove_files(run: RunRecord, store_uuid: str) -> None:
    """Remove a deleted run's files, here and from its mirror; what is out of reach is told of in the log.

    A copy that another store has gone on with stays. A mirror that answers slowly isn't waited for.
    """
    folder = Path(run.folder)
    if not folder.is_dir() and run.host != this_process().host:
        _LOG.warning("The files of run '%s' stay on host '%s': remove %s there.", run.name, run.host, folder)
    shutil.rmtree(here(run), ignore_errors=True)
    if not isinstance(run.spec.checkpoint.mirror, str):
        return
    name = f"dltrain-forget-{run.id}"
    removing = threading.Thread(target=_remove_copy, args=(run, store_uuid), name=name, daemon=True)
    removing.start()
    removing.join(PATIENCE)
    if removing.is_alive():
        _LOG.warning(
            "The copy of run '%s' in %s is still being removed; what isn't gone when this process ends stays there.",
            run.name,
            run.spec.checkpoint.mirror,
        )


def _remove_copy(run: RunRecord, store_uuid: str) -> None:
    try:
        if (mirror := files.mirror_of(run)) is not None:
            mirror.remove(store_uuid)
    except DLTrainerError as error:
        _LOG.warning("The copy of run '%s' stays in its mirror: %s", run.name, error)


def checkpoint_folder(run: RunRecord, record: CheckpointRecord) -> Path:
    """Give a checkpoint's folder on this host, brought from the run's mirror if need be.

    Raises
    ------
    CheckpointError
        If it is on another host, and no copy of it can be had.
    """
    return files.checkpoint_folder(run, record, here(run))
