"""What of a run's history is sent next: always the same for the same two marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.core.tracking import Epoch, Mark, Points, Update
from dltrainer_jupyter.store.store import Store

if TYPE_CHECKING:
    import numpy.typing as npt

Every = int | Literal["all", "none"]

POINTS = 20_000
"""Values of series that are sent at once, about."""
_WIDEST = 200_000
"""Steps that are read at once."""
_EPOCHS, _EVENTS = 1_000, 1_000
_UNSETTLED = frozenset({"waiting", "starting"})
"""Phases in which a trainer may just be taking back what came after its checkpoint."""
_SYSTEM = "system/"
_OWN_EVENTS = "tracker_"
_NO_POINTS = Points(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.float64))


@dataclass(frozen=True)
class Span:
    """A part of the history that is sent at once."""

    after: Mark
    upto: Mark
    began: float
    """When the last step before it was made, in seconds since 1970."""
    ended: float
    """When its last step was made."""
    final: bool = False
    """Whether its last step is the run's last: that one is sent whatever its number."""

    def times(self, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Say when steps were made, about; the same each time it is asked."""
        shares = (steps - self.after.step) / max(self.upto.step - self.after.step, 1)
        return self.began + np.clip(shares, 0.0, 1.0) * (self.ended - self.began)

    def time(self, step: int) -> float:
        """Say when a step was made, as :meth:`times` does."""
        return float(self.times(np.array([step]))[0])

    def plain(self) -> dict[str, Any]:
        """Write it in JSON types."""
        return {
            "after": list(self.after),
            "upto": list(self.upto),
            "began": self.began,
            "ended": self.ended,
            "final": self.final,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Span:
        """Read what :meth:`plain` wrote."""
        times = float(plain["began"]), float(plain["ended"])
        return cls(Mark(*plain["after"]), Mark(*plain["upto"]), *times, final=bool(plain["final"]))


def is_settled(run: RunRecord) -> bool:
    """Tell whether what the store holds of a run is what its trainer goes on from."""
    return run.state in ENDED or run.progress.phase not in _UNSETTLED


class Reading:
    """What a run's history holds for one tracker.

    Parameters
    ----------
    store : Store
        Where the run is.
    run : RunRecord
        The run, as it was just read.
    every : int, "all" or "none"
        Which steps are sent.
    """

    def __init__(self, store: Store, run: RunRecord, every: Every) -> None:
        self._store = store
        self._run = run
        self._every = every
        self._ended = run.state in ENDED

    def last_step(self) -> int:
        """Give the last step that stays as it is in the history, whatever happens to the trainer."""
        store, run = self._store, self._run
        names = [name for name in store.curve_names(run.id) if not name.startswith(_SYSTEM)]
        ends = [int(steps[-1]) for name in names if len(steps := store.curve_ends(run.id, name)[0])]
        known = max(ends, default=0)
        if self._ended:
            return known
        reached = min(known, run.progress.step) if ends else run.progress.step
        if run.exact and run.resume == "exact":
            return reached
        # What comes after the newest checkpoint may be made again, with other values.
        return min(reached, max((it.step for it in store.checkpoints(run.id)), default=0))

    def is_far_from(self, mark: Mark) -> bool:
        """Tell whether more is there than what was made while something was sent."""
        every = self._every if isinstance(self._every, int) else 1
        return self.last_step() - mark.step >= every

    def next_span(self, mark: Mark, began: float, now: float) -> Span | None:
        """Say what to send next; None if there is nothing new.

        Parameters
        ----------
        mark : Mark
            How far it has been sent.
        began : float
            When the last step before it was made.
        now : float
            When the last step there is was made, at the latest.
        """
        store, run = self._store, self._run
        if not is_settled(run):
            return None
        last = self.last_step()
        # Steps that aren't sent now may still turn out to be the last one.
        left_out = 0 if self._ended or not isinstance(self._every, int) else last % self._every
        goal = max(mark.step, last - left_out)
        step = min(goal, mark.step + self._width())
        numbers = range(mark.epoch + 1, min(store.last_epoch(run.id), mark.epoch + _EPOCHS) + 1)
        rows = store.epochs(run.id, mark.epoch, only=numbers) if numbers else []
        ready = [row.epoch for row in rows if row.step <= (step if step < goal else last)]
        if self._ended and step == goal:
            ready = [row.epoch for row in rows]
        events = store.events(run.id, mark.event, _EVENTS)
        upto = Mark(step, max(ready, default=mark.epoch), events[-1].id if events else mark.event)
        if upto[:2] == mark[:2] and all(_is_own(event.kind) for event in events):
            return None
        now = max(began, now)
        share = (step - mark.step) / max(goal - mark.step, 1)
        return Span(mark, upto, began, began + share * (now - began), final=self._ended and step == last)

    def reachable(self, span: Span, mark: Mark) -> Mark | None:
        """Say up to where a span that was about to be sent is there now; None if it is better to wait until it is.

        A trainer that was killed takes back what came after its checkpoint, and makes it again. What the tracker holds
        by the mark stays there, even where the run ends before that.
        """
        if not is_settled(self._run):
            return None
        there = Mark(self.last_step(), self._store.last_epoch(self._run.id), span.upto.event)
        reached = Mark(*map(max, mark, map(min, there, span.upto)))
        return reached if reached == span.upto or self._ended else None

    def update(self, span: Span, mark: Mark, upto: Mark, *, again: bool) -> Update | None:
        """Read what is sent.

        Parameters
        ----------
        span : Span
            What times go by.
        mark, upto : Mark
            What is sent of it.
        again : bool
            Whether it may have been sent before.

        Returns
        -------
        Update or None
            None if a trainer took up the run meanwhile.
        """
        store, run_id = self._store, self._run.id
        with store.look():
            curves = {name: self._points(name, span, mark, upto) for name in store.curve_names(run_id)}
            numbers = range(mark.epoch + 1, upto.epoch + 1)
            rows = store.epochs(run_id, mark.epoch, only=numbers) if numbers else []
            validated = set(store.validation_epochs(run_id)).intersection(numbers) if numbers else set()
            found = [store.validation(run_id, epoch) for epoch in sorted(validated)]
            # Those that are measured unasked are for whoever looks at the run here.
            asked = self._run.spec.histograms not in (None, False)
            histograms = store.histograms(run_id, mark.epoch, only=numbers) if numbers and asked else []
            events = store.events(run_id, mark.event, _EVENTS) if upto.event > mark.event else []
            now = store.run(run_id)
        if now.attempt != self._run.attempt:
            return None
        return Update(
            curves={name: points for name, points in curves.items() if len(points.steps)},
            epochs=[Epoch(row.epoch, row.step, row.values, span.time(row.step)) for row in rows],
            validations=[validation for validation in found if validation is not None],
            histograms=histograms,
            events=[event for event in events if event.id <= upto.event and not _is_own(event.kind)],
            again=again,
        )

    def _width(self) -> int:
        """Say how many steps' values are sent at once: a whole number of the steps that are sent."""
        every = self._every if isinstance(self._every, int) else 1
        series = sum(not name.startswith(_SYSTEM) for name in self._store.curve_names(self._run.id))
        return max(1, min(POINTS // max(1, series), _WIDEST // every)) * every

    def _points(self, name: str, span: Span, mark: Mark, upto: Mark) -> Points:
        # How busy the machine was is known now and then only, at any step.
        is_sampled = name.startswith(_SYSTEM)
        if self._every == "none" and not is_sampled:
            return _NO_POINTS
        steps, values = self._store.curve_values(self._run.id, name, mark.step + 1, upto.step + 1)
        if isinstance(self._every, int) and not is_sampled:
            wanted = steps % self._every == 0
            if span.final or upto.step < span.upto.step:
                wanted |= steps == upto.step
            steps, values = steps[wanted], values[wanted]
        return Points(steps, values.astype(np.float64), span.times(steps))


def began_at(store: Store, run: RunRecord) -> float:
    """Say when the first step was made, about."""
    attempts = store.attempts(run.id)
    return (attempts[0].started_at if attempts else run.created_at).timestamp()


def ended_at(store: Store, run: RunRecord) -> datetime:
    """Say when the last step was made, about."""
    attempts = store.attempts(run.id)
    ended = attempts[-1].ended_at if attempts else run.updated_at
    return datetime.now(UTC) if ended is None or run.state not in ENDED else ended


def _is_own(kind: str) -> bool:
    """Tell whether an event is about trackers: what they can't keep isn't sent to them."""
    return kind.startswith(_OWN_EVENTS)
