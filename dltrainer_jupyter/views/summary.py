"""Runs in words: one line, a row of a list, the tables of a page of text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dltrainer_jupyter.core.records import CheckpointRecord, EpochRecord, EventRecord, RunRecord, TrackingRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.views import tracking
from dltrainer_jupyter.views.configuration import to_yaml
from dltrainer_jupyter.views.live import progress, stopped_early
from dltrainer_jupyter.views.tracking import Trackers
from dltrainer_jupyter.views.words import MISSING, ago, duration, metric, one_line, speed

if TYPE_CHECKING:
    import pandas as pd

_SHORT_ID = 6

NOTHING_TO_RESTORE = "Nothing to bring back: the runs of this mirror are here already."


class TextTable(NamedTuple):
    """A table of text, whoever draws it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """Align the columns for a fixed-width font; nothing is cut off."""
        table = [self.columns, *self.rows]
        widths = [max(len(row[at]) for row in table) for at in range(len(self.columns))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def title(run: RunRecord) -> str:
    """Give name and beginning of the id.

    Examples
    --------
    >>> title(run)  # doctest: +SKIP
    'digits-cnn (3f2a91…)'
    """
    return f"{run.name} ({run.id[:_SHORT_ID]}{'…' if len(run.id) > _SHORT_ID else ''})"


def reference(run: RunRecord) -> str:
    """Give the name as it can be typed behind a verb."""
    return shlex.quote(run.name)


def status_line(run: RunRecord) -> str:
    """Say in one line where a run stands.

    Examples
    --------
    >>> status_line(run)  # doctest: +SKIP
    'digits-cnn (3f2a91…): running, epoch 7 of 20 (step 1,204), 812 steps/s, 3 min 2 s left, best val_accuracy …'
    """
    shown, parts = progress(run.progress), [state(run)]
    if run.progress.step:
        parts.append(f"epoch {run.progress.epoch:,} of {run.progress.epochs:,} (step {run.progress.step:,})")
    if run.state is State.RUNNING and run.progress.steps_per_second:
        parts.append(speed(run.progress.steps_per_second))
        if shown["seconds_left"]:
            parts.append(f"{duration(shown['seconds_left'])} left")
    if run.best is not None:
        parts.append(f"best {best(run)}")
    if run.error is not None:
        parts.append(one_line(run.error.message))
    return f"{title(run)}: {', '.join(parts)}"


def state(run: RunRecord) -> str:
    """Name the state of a run; one that early stopping has completed says so.

    Examples
    --------
    >>> state(run)  # doctest: +SKIP
    'completed (early stopping at epoch 6)'
    """
    early = stopped_early(run.state, run.progress)
    return f"{run.state} (early stopping at epoch {run.progress.epoch:,})" if early else str(run.state)


def resuming(run: RunRecord, checkpoints: Sequence[CheckpointRecord]) -> str:
    """Say that a run goes on in a new trainer, and from where.

    Examples
    --------
    >>> resuming(run, checkpoints)  # doctest: +SKIP
    'Resuming digits-cnn from step 900…'
    """
    newest = max(checkpoints, key=lambda it: (it.attempt, it.step), default=None)
    return f"Resuming {run.name} from {'its beginning' if newest is None else f'step {newest.step:,}'}…"


def where(run: RunRecord) -> str:
    """Say where a run's files are: a folder, of another host if it isn't this one's."""
    return f"{run.folder} on {run.host}" if _is_elsewhere(run) else run.folder


def _is_elsewhere(run: RunRecord) -> bool:
    return run.host not in {"", this_process().host}


def best(run: RunRecord) -> str:
    """Say what the best value is and when it was reached."""
    if run.best is None:
        return MISSING
    return f"{run.best.metric} {metric(run.best.value)} (epoch {run.best.epoch:,})"


def runs_table(runs: Sequence[RunRecord], trackers: Trackers = MappingProxyType({})) -> TextTable:
    """List runs, a row each; where they live is told if that isn't here for all of them, trackers if any has one."""
    several = any(_is_elsewhere(run) for run in runs)
    tracked = any(trackers.get(run.id) for run in runs)
    rows = [
        (
            run.name,
            run.id,
            state(run),
            f"{run.progress.epoch:,}/{run.progress.epochs or run.spec.epochs:,}",
            best(run),
            run.spec.framework,
            *([run.host] if several else []),
            *([tracking.cell(trackers.get(run.id, ()), run)] if tracked else []),
            ago(run.created_at),
        )
        for run in runs
    ]
    extra = [*(["host"] if several else []), *(["tracked"] if tracked else [])]
    return TextTable(("name", "id", "state", "epoch", "best", "framework", *extra, "started"), rows)


def epochs_text(records: Sequence[EpochRecord]) -> TextTable:
    """Give the history, a row an epoch."""
    columns = _ordered(name for record in records for name in record.values)
    rows = [
        (f"{record.epoch:,}", f"{record.step:,}", *(metric(record.values.get(name)) for name in columns))
        for record in records
    ]
    return TextTable(("epoch", "step", *columns), rows)


def _ordered(names: Iterable[str]) -> list[str]:
    """Put the losses first."""
    first = ("learning_rate", "train_loss", "val_loss")
    found = dict.fromkeys(names)
    return [*(name for name in first if name in found), *(name for name in found if name not in first)]


def epoch_line(record: EpochRecord, epochs: int) -> str:
    """Say in one line what an epoch came to.

    Examples
    --------
    >>> epoch_line(EpochRecord(2, 90, {"learning_rate": 1e-3, "train_loss": 0.5, "val_loss": 0.25}), 10)
    'epoch 2/10  step 90  train_loss 0.5000  val_loss 0.2500'
    """
    values = [f"{name} {metric(record.values[name])}" for name in _ordered(record.values) if name != "learning_rate"]
    return "  ".join([f"epoch {record.epoch:,}/{epochs:,}", f"step {record.step:,}", *values])


def checkpoints_text(records: Sequence[CheckpointRecord]) -> TextTable:
    """List checkpoints, a row each."""
    rows = [
        (f"{record.step:,}", f"{record.epoch:,}", " ".join(sorted(record.kinds)), record.digest[:12], record.path)
        for record in records
    ]
    return TextTable(("step", "epoch", "kinds", "digest", "path"), rows)


def resume_line(run: RunRecord, events: Sequence[EventRecord]) -> str:
    """Say how a run resumes, and why that may not be exact.

    Examples
    --------
    >>> resume_line(run, [])  # doctest: +SKIP
    'Resumes by replaying the epoch up to where it stopped.'
    """
    how = {
        "exact": "exactly where it stopped",
        "replay": "by replaying the epoch up to where it stopped",
        "epoch": "from the start of an epoch",
    }[run.resume]
    reasons = [one_line(event.message) for event in events if event.kind == "inexact"]
    # One that has trained all its epochs goes on only if somebody wants more of them.
    resumes = "With more epochs it resumes" if run.state is State.COMPLETED else "Resumes"
    return f"{resumes} {how}.{'' if run.exact else f' {reasons[-1]}' if reasons else ' No longer exact to the bit.'}"


def page(
    run: RunRecord,
    epochs: Sequence[EpochRecord],
    checkpoints: Sequence[CheckpointRecord],
    events: Sequence[EventRecord] = (),
    spec: RunSpec | None = None,
    *,
    trackers: Sequence[TrackingRecord] = (),
) -> list[TextTable | str]:
    """Describe a run in full: where it stands, how it resumes, its settings, its history, its checkpoints.

    ``spec`` are the settings in force, if others are than those the run was started with.
    """
    config = to_yaml(spec or run.spec).rstrip()
    tracked = [tracking.line(tracking.tracker_row(record, run)) for record in trackers]
    head = [status_line(run), resume_line(run, events), where(run), *tracked]
    parts: list[TextTable | str] = ["\n".join(head), config]
    if epochs:
        parts.append(epochs_text(epochs))
    if checkpoints:
        parts.append(checkpoints_text(checkpoints))
    if run.error is not None and run.error.traceback:
        parts.append(run.error.traceback.rstrip())
    return parts


def frame_table(frame: pd.DataFrame) -> TextTable:
    """Write a table of values as text."""
    rows = [
        [metric(cell) if isinstance(cell, float) else str(cell) for cell in row]
        for row in frame.astype(object).where(frame.notna(), MISSING).itertuples(index=False)
    ]
    return TextTable([str(name) for name in frame.columns], rows)
