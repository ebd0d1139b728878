"""What people are told of the copies that trackers have of runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from dltrainer_jupyter.core.records import ProgressRecord, TrackingRecord, TrackingState
from dltrainer_jupyter.core.shortening import shortened
from dltrainer_jupyter.core.states import ENDED, State
from dltrainer_jupyter.views.words import one_line

if TYPE_CHECKING:
    from dltrainer_jupyter.store.store import Store

_LABELS = {"mlflow": "MLflow", "neptune": "Neptune", "tensorboard": "TensorBoard", "wandb": "W&B"}
"""How trackers call themselves; others go by the name in the registry."""
_AT_ONCE = 1000
"""Runs in a question; databases bound how many."""
_MESSAGE = 300
"""Characters of a reason."""

ShownState = TrackingState | Literal["catching_up"]
"""How a copy does; ``catching_up``: its run has ended, and nothing but time keeps the rest from arriving."""

Trackers = Mapping[str, Sequence[TrackingRecord]]
"""Of some runs, by id; those without any are left out."""


class Run(Protocol):
    """What of a run says how far its copies still have to go."""

    @property
    def state(self) -> State:
        """The run's."""

    @property
    def progress(self) -> ProgressRecord:
        """How far it is."""


def shown_state(record: TrackingRecord, run: Run) -> ShownState:
    """Say how a copy does: of a run that has ended nothing is left to follow."""
    return "catching_up" if record.state == "following" and run.state in ENDED else record.state


def steps(record: TrackingRecord, run: Run) -> str:
    """Say how many steps a copy has, and of how many where that doesn't change any more.

    Examples
    --------
    >>> steps(record, run)  # doctest: +SKIP
    '900 of 12,000 steps'
    """
    of = steps_in_all(record, run)
    return f"{record.step:,} steps" if of is None else f"{record.step:,} of {of:,} steps"


def steps_in_all(record: TrackingRecord, run: Run) -> int | None:
    """Give the steps of a run that has ended, as long as its copy isn't whole; None otherwise."""
    return run.progress.step if run.state in ENDED and record.state != "delivered" else None


def label(record: TrackingRecord) -> str:
    """Say what a tracker is called.

    Examples
    --------
    >>> label(record)  # doctest: +SKIP
    'MLflow 2'
    """
    known = _LABELS.get(record.type, record.type)
    number = record.name.removeprefix(f"{record.type}-")
    return one_line(f"{known} {number}" if number != record.name else known)


def trackers_of(store: Store, run_ids: Sequence[str]) -> Trackers:
    """Read the trackers of any number of runs."""
    found: dict[str, Sequence[TrackingRecord]] = {}
    for first in range(0, len(run_ids), _AT_ONCE):
        found |= store.tracking_of(run_ids[first : first + _AT_ONCE])
    return found


def place(record: TrackingRecord, run: Run) -> dict[str, Any]:
    """Describe a tracker as a row of a list has it."""
    return {"label": label(record), "state": shown_state(record, run), "url": record.url}


def is_page(url: str | None) -> bool:
    """Tell whether a link may lead there; a browser would run ``javascript:``, and opens no folders from a page."""
    return re.match("https?://", url or "", re.IGNORECASE) is not None


def tracker_row(record: TrackingRecord, run: Run) -> dict[str, Any]:
    """Describe a tracker and how far its copy is."""
    return {
        "name": record.name,
        "type": record.type,
        **place(record, run),
        "step": record.step,
        "steps": steps_in_all(record, run),
        "message": None if record.message is None else shortened(record.message, _MESSAGE),
        "updated_at": record.updated_at.isoformat(),
    }


def cell(records: Sequence[TrackingRecord], run: Run) -> str:
    """Name the trackers of a run, and which of them are behind or still catching up.

    Examples
    --------
    >>> cell(records, run)  # doctest: +SKIP
    'mlflow (behind), tensorboard'
    """
    late = {"behind": " (behind)", "catching_up": " (catching up)"}
    return ", ".join(one_line(f"{record.name}{late.get(shown_state(record, run), '')}") for record in records)


def line(tracker: Mapping[str, Any]) -> str:
    """Say of a tracker, as :func:`tracker_row` describes it, how far its copy is, where it is, and what is wrong.

    Examples
    --------
    >>> line(tracker_row(record, run))  # doctest: +SKIP
    'MLflow: following, 12,000 steps sent, http://localhost:5000/#/experiments/1/runs/0f5f'
    """
    of = "" if tracker["steps"] is None else f" of {tracker['steps']:,}"
    parts = [f"{tracker['label']}: {tracker['state'].replace('_', ' ')}", f"{tracker['step']:,}{of} steps sent"]
    if tracker["url"] is not None:
        parts.append(one_line(tracker["url"]))
    why = f". {tracker['message']}" if tracker["state"] == "behind" and tracker["message"] else ""
    return ", ".join(parts) + why
