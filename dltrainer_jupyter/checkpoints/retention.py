"""Which checkpoints stay, and how the others leave.

A checkpoint leaves row first, folder second: a crash in between leaves a folder without a row, which the sweep
removes, and never a row without a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from dltrainer_jupyter.checkpoints.disk import remove_folder
from dltrainer_jupyter.checkpoints.format import FOLDER_NAME, attempt_of
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.failpoints import reach
from dltrainer_jupyter.core.records import CheckpointRecord

_FEWEST = 2
"""Newest checkpoints that always stay: if the last one turns out damaged, there is one to fall back to."""


def to_retire(
    records: Sequence[CheckpointRecord], *, keep: int, quota_bytes: int | None = None, needed: int | None = None
) -> list[CheckpointRecord]:
    """Choose the checkpoints to give up.

    Without a quota the newest ``keep`` stay, and every one of kind ``best`` or ``manual``. If those are larger
    than the quota, more are given up, oldest first: first among the newest ``keep``, down to two, then among the
    manual ones. The newest two, the best and the needed one stay even if they alone exceed the quota.

    Parameters
    ----------
    records : sequence of CheckpointRecord
        All of one run, in any order. A later attempt's are newer than an earlier one's, whatever their step.
    keep : int
        At least 2.
    quota_bytes : int, optional
        Most bytes of all checkpoints together.
    needed : int, optional
        Step of the one that the run would be taken up at, where it isn't among the newest.

    Returns
    -------
    list of CheckpointRecord
        Oldest first.

    Raises
    ------
    ConfigurationError
        If ``keep`` is less than 2.
    """
    if keep < _FEWEST:
        msg = f"keep: expected at least {_FEWEST} checkpoints, got {keep}."
        raise ConfigurationError(msg)
    oldest_first = sorted(records, key=_age)
    recent, untouchable = oldest_first[-keep:], oldest_first[-_FEWEST:]
    leaving = [
        record for record in oldest_first[:-keep] if not record.kinds & {"best", "manual"} and record.step != needed
    ]
    if quota_bytes is not None:
        used = sum(record.bytes for record in records) - sum(record.bytes for record in leaving)
        spare = [
            record
            for record in oldest_first
            if record not in untouchable and "best" not in record.kinds and record.step != needed
        ]
        surplus = [record for record in recent if record in spare and "manual" not in record.kinds]
        by_hand = [record for record in spare if "manual" in record.kinds]
        for record in surplus + by_hand:
            if used <= quota_bytes:
                break
            leaving.append(record)
            used -= record.bytes
    return sorted(leaving, key=_age)


def _age(record: CheckpointRecord) -> tuple[int, int, float]:
    # After a fall-back to an older checkpoint, a new attempt writes lower steps than the damaged one's.
    return record.attempt, record.step, record.created_at.timestamp()


def retire(folder: Path, records: Sequence[CheckpointRecord], delete_row: Callable[[CheckpointRecord], None]) -> None:
    """Give checkpoints up: for each, first the row, then the folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where the run's checkpoints lie.
    records : sequence of CheckpointRecord
        As :func:`to_retire` chose them.
    delete_row : callable
        Deletes the row and returns once that is committed.

    Raises
    ------
    CheckpointError
        If a record's path does not lie directly in ``folder``; nothing of that record is deleted.
    OSError
        If a folder can't be deleted; it is rubbish then, and left to :func:`sweep`.
    """
    for record in records:
        path = Path(record.path)
        if path.parent.resolve() != folder.resolve() or not FOLDER_NAME.fullmatch(path.name):
            msg = f"Checkpoint {path} does not lie in {folder}; expected a folder there, so it is not deleted."
            raise CheckpointError(msg)
        delete_row(record)
        reach("retention.row_deleted")
        remove_folder(path)


def sweep(
    folder: Path,
    keep_paths: Collection[str | Path],
    attempt: int,
    on_failure: Callable[[Path, OSError], None] | None = None,
) -> list[Path]:
    """Remove what crashes left behind: unfinished checkpoints, and folders without a row.

    Call it while no writer works on the folder, or from a writer's callback: between rename and commit a folder
    has no row either. Only names that checkpoints bear are looked at. A link of such a name is removed, what
    it leads to is not. Folders of later attempts stay: who was stopped after it read the rows, and has been superseded
    since, doesn't know of theirs.

    Parameters
    ----------
    folder : pathlib.Path
        Where the run's checkpoints lie; need not exist.
    keep_paths : collection of str or pathlib.Path
        Paths in the rows. Compared by name, so that a folder seen under another path loses nothing.
    attempt : int
        Who sweeps.
    on_failure : callable, optional
        Told of what could not be removed; the next sweep tries again.

    Returns
    -------
    list of pathlib.Path
        What was removed.
    """
    kept = {Path(path).name for path in keep_paths}
    removed = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        of = attempt_of(path.name)
        if of is None or of > attempt or path.name in kept or not (path.is_symlink() or path.is_dir()):
            continue
        try:
            remove_folder(path)
        except OSError as error:
            if on_failure is not None:
                on_failure(path, error)
        else:
            removed.append(path)
    return removed
