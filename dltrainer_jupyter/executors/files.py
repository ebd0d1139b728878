"""Where a run's files are, and bringing those here that lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dltrainer_jupyter.checkpoints.mirror import RunMirror
from dltrainer_jupyter.checkpoints.mirror_index import Index
from dltrainer_jupyter.checkpoints.place import Place
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.executors import objects, plug_ins
from dltrainer_jupyter.loop import kept_steps
from dltrainer_jupyter.loop.folders import checkpoints_in
from dltrainer_jupyter.loop.mirroring import Mirroring
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.store.store import Store


@contextmanager
def mirrored(store: Store, run: RunRecord, attempt: Attempt) -> Iterator[Callable[[Attempt], None]]:
    """Copy a run elsewhere while it trains, if that is wanted, and once more when it has ended.

    Yields
    ------
    callable
        To be told of the trainer's next attempt, if it makes another.
    """
    settings = run.spec.checkpoint
    if not isinstance(settings.mirror, str):
        yield lambda _: None
        return
    folder = Path(run.folder)
    own = folder / objects.FILE if run.spec.user_objects and settings.mirror_objects else None
    parts = folder / plug_ins.FILE if settings.mirror_objects else None
    steps = folder / kept_steps.FILE if _has_steps(run) and settings.mirror_objects else None
    with Mirroring(store, attempt, settings.mirror, own, parts, steps=steps) as mirroring:
        yield mirroring.follow


def mirror_of(run: RunRecord) -> RunMirror | None:
    """Give the place a run is copied to, if there is one."""
    url = run.spec.checkpoint.mirror
    return RunMirror(Place(url), run.id) if isinstance(url, str) else None


def usable_folder(run: RunRecord, here: Path) -> Path:
    """Say in which folder of this host a run can go on.

    Parameters
    ----------
    run : RunRecord
        The run, whose own folder may be another host's.
    here : pathlib.Path
        Folder of this host that it may be given instead, and be filled from the mirror.

    Raises
    ------
    CheckpointError
        If its files are on another host, and no copy of them can be reached.
    """
    own = Path(run.folder)
    if own.is_dir() or run.host == this_process().host:
        return own
    if mirror_of(run) is None:
        raise _elsewhere(run)
    return here


def checkpoint_folder(run: RunRecord, record: CheckpointRecord, here: Path) -> Path:
    """Give a checkpoint's folder on this host, brought from the mirror if it isn't here.

    Parameters
    ----------
    run : RunRecord
        Whose.
    record : CheckpointRecord
        Which.
    here : pathlib.Path
        The run's folder on this host.

    Raises
    ------
    CheckpointError
        If it is on another host, and the mirror doesn't hold it whole.
    PlaceError
        If the mirror can't be reached.
    """
    own = Path(record.path)
    mirror = None if own.is_dir() else mirror_of(run)
    if mirror is not None:
        return _fetched(mirror, mirror.index(), record, here)
    if not own.is_dir() and run.host != this_process().host:
        raise _elsewhere(run)
    return own


def objects_folder(run: RunRecord, here: Path) -> Path:
    """Give a folder of this host with the run's own objects in it, brought from the mirror if they aren't here.

    Raises
    ------
    CheckpointError
        If they are on another host, and the mirror doesn't hold them whole.
    PlaceError
        If the mirror can't be reached.
    """
    return _folder_of(objects.FILE, run, here)


def parts_folder(run: RunRecord, here: Path) -> Path:
    """Give a folder of this host with the run's copy of its plug-ins, as :func:`objects_folder` does; any without."""
    return _folder_of(plug_ins.FILE, run, here) if run.environment.get("plugins") else here


def steps_folder(run: RunRecord, here: Path) -> Path:
    """Give a folder with the user's own steps of processing, as :func:`objects_folder` does."""
    return _folder_of(kept_steps.FILE, run, here)


def _has_steps(run: RunRecord) -> bool:
    return not run.spec.user_objects.isdisjoint({"preprocessing", "postprocessing"})


def _folder_of(file: str, run: RunRecord, here: Path) -> Path:
    own = Path(run.folder)
    if (own / file).exists():
        return own
    mirror = mirror_of(run)
    if mirror is not None:
        index = None if (here / file).exists() else mirror.index()
        copies = {} if index is None else {objects.FILE: index.objects, kept_steps.FILE: index.steps}
        blob = None if index is None else copies.get(file, index.parts)
        if blob is not None:
            mirror.fetch_objects(blob, here / file)
        return here
    if run.host != this_process().host:
        raise _elsewhere(run)
    return own


def bring(store: Store, run: RunRecord, attempt: Attempt) -> None:
    """Bring from the mirror what a trainer needs and isn't in the run's folder; its rows say then that it is here.

    A checkpoint that is nowhere to be had leaves the run, which goes on from the one before.

    Raises
    ------
    CheckpointError
        If none of them is to be had, and the run would begin anew.
    PlaceError
        If the mirror can't be reached.
    """
    mirror, folder = mirror_of(run), Path(run.folder)
    if mirror is not None and _has_steps(run):
        steps_folder(run, folder)
    records = store.checkpoints(run.id)
    missing = [record for record in records if not Path(record.path).is_dir()]
    if mirror is None or not missing:
        return
    index = mirror.index()
    left_out: list[tuple[CheckpointRecord, CheckpointError]] = []
    for record in missing:
        try:
            path = _fetched(mirror, index, record, folder)
        except CheckpointError as error:
            left_out.append((record, error))
        else:
            attempt.commit_checkpoint(replace(record, path=str(path)))
    if len(left_out) == len(records):
        msg = (
            f"None of the checkpoints of run '{run.name}' is here or in its mirror. Resume it on the host that has "
            f"them, or clone it to begin anew. {left_out[-1][1]}"
        )
        raise CheckpointError(msg)
    for record, why in left_out:
        attempt.event("checkpoint_elsewhere", f"A checkpoint was left out: {why}", data={"step": record.step})
        attempt.retire_checkpoints([record.step])


def _fetched(mirror: RunMirror, index: Index | None, record: CheckpointRecord, folder: Path) -> Path:
    rows = {} if index is None else index.checkpoints
    names = [name for name, row in rows.items() if (row["step"], row["digest"]) == (record.step, record.digest)]
    if not names:
        msg = (
            f"The checkpoint of step {record.step:,} is not in {record.path} on this host, and the mirror "
            f"{mirror.place} does not hold it (yet). Take another one."
        )
        raise CheckpointError(msg)
    return mirror.fetch_checkpoint(names[0], checkpoints_in(folder))


def _elsewhere(run: RunRecord) -> CheckpointError:
    return CheckpointError(
        f"The files of run '{run.name}' ({run.id}) are on host '{run.host}', in {run.folder}; this is "
        f"'{this_process().host}'. Ask there, or start runs so that both hosts reach their files: with a mirror "
        "(checkpoint: {mirror: s3://BUCKET/FOLDER}, or DLTRAINER_MIRROR), or with DLTRAINER_ARTIFACTS as a URL or as a "
        "folder that both mount at the same path."
    )
