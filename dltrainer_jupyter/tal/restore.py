"""Bringing runs back from a mirror, on a machine that has never seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dltrainer_jupyter.checkpoints.mirror import RunMirror, mirrored_runs
from dltrainer_jupyter.checkpoints.mirror_index import Index
from dltrainer_jupyter.checkpoints.place import Place
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, RunNotFoundError, did_you_mean
from dltrainer_jupyter.core.places import without_secrets
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.executors import objects, plug_ins
from dltrainer_jupyter.loop import kept_steps
from dltrainer_jupyter.loop.folders import checkpoints_in
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal.places import spelled_out
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import open_store, remember
from dltrainer_jupyter.tal.settings import settings


def restore(url: str | Path | None = None, refs: str | Sequence[str] | None = None) -> list[Run]:
    """Bring runs back from a mirror, with history, checkpoints and settings; ``resume`` goes on with them here.

    What is damaged is passed over, and the run's events say so. The runs' own objects are only copied: a trainer
    unpickles them when the run is resumed, so take runs from nowhere but places of your own.

    Parameters
    ----------
    url : str or path, optional
        The mirror; by default that of the settings.
    refs : str or sequence of str, optional
        Only these runs, by id, beginning of the id, or name.

    Returns
    -------
    list of Run
        The runs that are here now and were not before. One that nobody had ended is ``lost``.

    Raises
    ------
    ConfigurationError
        If no mirror is named.
    RunNotFoundError
        If it holds no such run.
    PlaceError
        If it can't be reached.

    Examples
    --------
    >>> [run] = tal.restore("/content/drive/MyDrive/runs")  # doctest: +SKIP
    >>> run.resume()  # doctest: +SKIP
    """
    place = Place(_named(url))
    mirrors = [RunMirror(place, run_id) for run_id in mirrored_runs(place)]
    notes: dict[str, list[str]] = {mirror.run_id: [] for mirror in mirrors}
    found = [(mirror, index) for mirror in mirrors if (index := mirror.index(notes[mirror.run_id].append)) is not None]
    chosen = _chosen(place, found, [refs] if isinstance(refs, str) else refs)
    store = open_store()
    missing = [one for one in chosen if not _is_here(store, one[0].run_id)]
    runs = [_restored(store, mirror, index, notes[mirror.run_id]) for mirror, index in missing]
    for run in runs:
        remember(run)
    return runs


def _is_here(store: Store, run_id: str) -> bool:
    try:
        store.run(run_id)
    except RunNotFoundError:
        return False
    return True


def _named(url: str | Path | None) -> str:
    given = settings.mirror if url is None else str(url)
    if given is None:
        msg = "restore: expected the folder or URL of a mirror, got nothing, and DLTRAINER_MIRROR names none either."
        raise ConfigurationError(msg)
    try:
        return spelled_out(without_secrets(given))
    except ValueError as error:
        msg = f"restore: {error}."
        raise ConfigurationError(msg) from None


def _chosen(
    place: Place, found: list[tuple[RunMirror, Index]], refs: Sequence[str] | None
) -> list[tuple[RunMirror, Index]]:
    """Choose the runs that are meant; oldest first, as they were started."""
    names = {mirror.run_id: str(index.run["run"]["name"]) for mirror, index in found}
    for ref in refs or ():
        if not any(_means(ref, run_id, name) for run_id, name in names.items()):
            hint = did_you_mean(ref, {*names, *names.values()})
            msg = f"The mirror {place} holds no run '{ref}'.{hint} It holds: {', '.join(names.values()) or 'none'}."
            raise RunNotFoundError(msg)
    if not found:
        msg = f"The mirror {place} holds no run; expected folders that a run with checkpoint: {{mirror: …}} has left."
        raise RunNotFoundError(msg)
    wanted = [
        one for one in found if refs is None or any(_means(ref, one[0].run_id, names[one[0].run_id]) for ref in refs)
    ]
    return sorted(wanted, key=lambda one: str(one[1].run["run"]["created_at"]))


def _means(ref: str, run_id: str, name: str) -> bool:
    return ref in (run_id, name) or (len(ref) >= 4 and run_id.startswith(ref))  # noqa: PLR2004 - as in the store


def _restored(store: Store, mirror: RunMirror, index: Index, notes: list[str]) -> Run:
    """Fetch a run's files, then make its rows: a crash in between leaves rubbish, never a run without its files."""
    folder = settings.artifacts / mirror.run_id
    checkpoints = _checkpoints(mirror, index, folder, notes)
    history = []
    for piece in index.history:
        try:
            history.append(mirror.piece(piece))
        except CheckpointError as error:
            notes.append(f"The history up to step {piece.step:,} has a hole: {error}")
    document = _with_mirror(index.run, mirror.place.url)
    own = ((index.objects, objects.FILE), (index.parts, plug_ins.FILE), (index.steps, kept_steps.FILE))
    for blob, file in own:
        if blob is None:
            continue
        try:
            mirror.fetch_objects(blob, folder / file)
        except CheckpointError as error:
            notes.append(f"The run can't go on, its own objects are damaged: {error}")
    message = f"Brought back from {mirror.place}, as of {index.written_at}; '{index.host}' had trained it."
    data = {"url": mirror.place.url, "store": index.store, "index": index.name, "host": index.host}
    run_id = store.import_run(document, history, checkpoints, folder=str(folder), event=(message, data))
    for note in notes:
        store.add_event(run_id, "damaged_mirror", note)
    return Run(run_id, store)


def _checkpoints(mirror: RunMirror, index: Index, folder: Path, notes: list[str]) -> list[CheckpointRecord]:
    records = []
    for name, row in index.checkpoints.items():
        try:
            path = mirror.fetch_checkpoint(name, checkpoints_in(folder))
        except CheckpointError as error:
            notes.append(f"The checkpoint of step {row['step']:,} was passed over: {error}")
            continue
        try:
            records.append(_record(mirror.run_id, row, path))
        except (KeyError, TypeError, ValueError) as error:
            notes.append(f"The checkpoint {name} was passed over, its row is damaged: {error!r}")
    records.sort(key=lambda it: (it.attempt, it.step))
    # The one that was the last may have been damaged.
    return [*records[:-1], *(replace(record, kinds=record.kinds | {"last"}) for record in records[-1:])]


def _record(run_id: str, row: dict[str, Any], path: Path) -> CheckpointRecord:
    made = datetime.fromisoformat(row["created_at"])
    given = {**row, "kinds": frozenset(row["kinds"]), "created_at": made}
    return CheckpointRecord(run_id=run_id, path=str(path), **given)


def _with_mirror(document: dict[str, Any], url: str) -> dict[str, Any]:
    """Let the run be copied to where it comes from, by the way that leads there from this machine."""
    run = document["run"]
    checkpoint = {**run["spec"].get("checkpoint", {}), "mirror": url}
    return {**document, "run": {**run, "spec": {**run["spec"], "checkpoint": checkpoint}}}
