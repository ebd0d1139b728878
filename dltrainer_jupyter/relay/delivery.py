"""One tracker's copy of a run, brought up to date step by step."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from enum import Enum, auto
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.protocols.trackers import Tracker
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.core.tracking import Ending, Mark
from dltrainer_jupyter.relay.asking import asked
from dltrainer_jupyter.relay.attaching import Attaching
from dltrainer_jupyter.relay.configured import configured, tracked_run
from dltrainer_jupyter.relay.reading import Reading, Span, began_at, ended_at, is_settled
from dltrainer_jupyter.relay.rewinding import rewound
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.store.tracking import TrackingHold

_LOG = logging.getLogger(__name__)


class Progress(Enum):
    """What came of a look at a run."""

    MORE = auto()
    """Something was sent, and there may be more."""
    IDLE = auto()
    """Nothing is left just now."""
    DONE = auto()
    """The run has ended, and all of it is there."""


class Delivery:
    """Sends a run to one tracker.

    Before anything is sent, what is about to be sent is written down, and afterwards that it has arrived. So whoever
    comes after a relay that died in between sends exactly the same again, and says so.

    Parameters
    ----------
    store : Store
        Where the run is.
    hold : TrackingHold
        The right to send.
    """

    def __init__(self, store: Store, hold: TrackingHold) -> None:
        self._store = store
        self.hold = hold
        self._tracker: Tracker | None = None
        self._attaching: Attaching | None = None
        self._secrets: frozenset[str] = frozenset()
        self._told: set[str] | None = None
        self._idle_at = 0.0
        self._lacks_graph = False

    @property
    def is_open(self) -> bool:
        """Whether the tracker has been opened."""
        return self._tracker is not None

    def look(self, run: RunRecord) -> Progress:
        """Send some of what is new.

        Parameters
        ----------
        run : RunRecord
            The run, as it was just read.

        Raises
        ------
        TrackerError
            If the tracker can't be reached, or refuses; then :meth:`close`, and look again later.
        StaleRelayError
            If somebody else sends by now.
        """
        if self._tracker is None:
            if self.hold.state == "delivered" and self.hold.memory.get("ended") == _end_of(run):
                return Progress.DONE
            if not is_settled(run):
                return Progress.IDLE
            self._open(run)
        elif self._lacks_graph and self._knows_graph(run):
            self.close()
            self._open(run)
        self._mention_rewinding(run)
        reading = Reading(self._store, run, self._open_tracker.config.steps)
        if self._send(run, reading):
            # A trainer at work makes something new all the time: that can wait until the next look.
            is_behind = run.state in ENDED or reading.is_far_from(self.hold.mark)
            return Progress.MORE if is_behind or self._attach(run) else Progress.IDLE
        if self._attach(run):
            return Progress.MORE
        self._idle_at = time.time()
        return self._end(run) if run.state in ENDED else Progress.IDLE

    def close(self) -> None:
        """Let go of the tracker; what its client raises then is of no consequence."""
        tracker, self._tracker, self._attaching = self._tracker, None, None
        if tracker is not None:
            try:
                tracker.close()
            except Exception as error:  # noqa: BLE001 - a tracker's client may raise anything
                _LOG.info("Closing the tracker '%s': %s", self.hold.name, type(error).__name__)

    # --- the copy -------------------------------------------------------------------------------------

    def _open(self, run: RunRecord) -> None:
        made = configured(run, self.hold.name)
        self._secrets = made.secrets
        described = tracked_run(self._store, run, self.hold.name)
        self._tracker = made.tracker
        self._lacks_graph = not described.graph
        self._go_where_it_began()
        with asked(self._secrets):
            opened = made.tracker.open(described, self.hold.key, self.hold.mark)
        self._attaching = Attaching(
            self._store, self.hold, made.tracker, described.folder, note=self.note, secrets=self._secrets
        )
        # Behind until it has caught up.
        behind = self.hold.state == "behind"
        why = self.hold.message if behind else None
        self.hold.tell("behind" if behind else "following", why, key=opened.key, url=opened.url)
        self.note(opened.notices)

    def _knows_graph(self, run: RunRecord) -> bool:
        """Tell whether the trainer has looked into the model by now, as it does at the end of an epoch."""
        is_new = self._store.last_epoch(run.id) > self.hold.mark.epoch
        return is_new and bool(self._store.graph(run.id))

    def _go_where_it_began(self) -> None:
        """Let a place that is given without its folder mean the same, wherever this process was started."""
        hold, here = self.hold, str(Path.cwd())
        began = hold.memory.get("cwd")
        if began is None:
            hold.save(memory={**hold.memory, "cwd": here})
        elif began != here and Path(began).is_dir():
            os.chdir(began)

    @property
    def _open_tracker(self) -> Tracker:
        assert self._tracker is not None  # noqa: S101 - look() has opened it
        return self._tracker

    def _send(self, run: RunRecord, reading: Reading) -> bool:
        """Send the next span; tell whether there was one."""
        hold = self.hold
        known = hold.memory.get("span")
        span: Span | None
        upto: Mark | None
        if known is not None:
            span = Span.of(known)
            upto = reading.reachable(span, hold.mark)
        else:
            began = max(hold.memory.get("time") or began_at(self._store, run), self._idle_at)
            span = reading.next_span(hold.mark, began, ended_at(self._store, run).timestamp())
            upto = None if span is None else span.upto
        if span is None or upto is None or upto == hold.mark:
            return False
        if known is None:
            hold.save(memory={**hold.memory, "span": span.plain()})
        update = reading.update(span, hold.mark, upto, again=known is not None)
        if update is None:
            return False
        with asked(self._secrets):
            notes = self._open_tracker.send(update)
        kept = {key: value for key, value in hold.memory.items() if key != "span" or upto != span.upto}
        hold.save(mark=upto, memory={**kept, "time": span.time(upto.step)})
        self.note(notes)
        return True

    def _attach(self, run: RunRecord) -> bool:
        """Attach a checkpoint, if each one is wanted; tell whether there was one."""
        assert self._attaching is not None  # noqa: S101 - look() has made it
        return self._attaching.next_checkpoint(run)

    def _end(self, run: RunRecord) -> Progress:
        """Send what belongs to the end, and say how the run ended."""
        hold = self.hold
        if hold.memory.get("ended") != _end_of(run):
            assert self._attaching is not None  # noqa: S101 - look() has made it
            self._attaching.at_the_end(run)
            epochs = self._store.epochs(run.id)
            metrics: dict[str, float] = {}
            for row in epochs:
                metrics |= row.values
            ending = Ending(run.state, ended_at(self._store, run), metrics, run.error)
            with asked(self._secrets):
                notes = self._open_tracker.end(ending)
            hold.save(memory={**hold.memory, "ended": _end_of(run)})
            self.note(notes)
        tracker, self._tracker, self._attaching = self._open_tracker, None, None
        with asked(self._secrets):
            # Only then everything of it is where it belongs, at some trackers.
            tracker.close()
        return Progress.DONE

    # --- what a person should know --------------------------------------------------------------------

    def note(self, sentences: Iterable[str]) -> None:
        """Tell what a tracker can't keep as it is, each sentence once."""
        for sentence in sentences:
            self._tell_once(sentence)

    def _tell_once(self, sentence: str, step: int | None = None) -> None:
        if self._told is None:
            events = self._store.events(self.hold.run_id)
            mine = (event for event in events if event.kind == "tracker_note")
            self._told = {event.message for event in mine if event.data.get("tracker") == self.hold.name}
        message = " ".join(sentence.split())
        if message not in self._told:
            self._told.add(message)
            self.tell("tracker_note", message, step)

    def tell(self, kind: str, message: str, step: int | None = None) -> None:
        """Add an event about this tracker."""
        data: dict[str, Any] = {"tracker": self.hold.name}
        self._store.add_event(self.hold.run_id, kind, message, step, data)

    def _mention_rewinding(self, run: RunRecord) -> None:
        """Say which steps the tracker holds as an earlier attempt made them, if they may differ now."""
        hold = self.hold
        if run.attempt <= max(1, hold.memory.get("attempt", 1)) or not is_settled(run):
            return
        sentence = rewound(self._store, run, hold.mark.step, hold.name)
        if sentence:
            self._tell_once(sentence)
        elif run.state not in ENDED and run.progress.step < hold.mark.step:
            # A setting may still be changed before what was sent is reached.
            return
        hold.save(memory={**hold.memory, "attempt": run.attempt})


def _end_of(run: RunRecord) -> list[Any]:
    """Tell one end of a run from another, in JSON types."""
    return [run.attempt, str(run.state)]
