"""The handle of one request to a run."""

from __future__ import annotations

import threading
import time

from dltrainer_jupyter.core.errors import IllegalControlError, RunNotFoundError, TrainingFailed
from dltrainer_jupyter.core.records import ControlRecord, RunRecord
from dltrainer_jupyter.core.states import ENDED, Verb
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views import asked

_FIRST_LOOK = 0.002
_LAST_LOOK = 0.05
"""Least and most seconds between two looks at the store."""
_SHARE = 0.1
"""How long a look is waited for, as a share of the wait so far: an answer is seen that much late at most."""


class Control:
    """What became of a request.

    Examples
    --------
    >>> run.pause().wait(5).outcome  # doctest: +SKIP
    'Paused at step 1,204 (epoch 7).'
    """

    def __init__(self, control_id: int, store: Store) -> None:
        self.id = control_id
        self._store = store

    @property
    def record(self) -> ControlRecord:
        """The row as it is now."""
        return self._store.control(self.id)

    @property
    def status(self) -> str:
        """``requested``, ``done`` or ``refused``."""
        return self.record.status

    @property
    def outcome(self) -> str | None:
        """What the trainer did, in a sentence; None until it is acknowledged."""
        return self.record.outcome

    @property
    def run(self) -> RunRecord:
        """The row of the run it was asked of, as it is now."""
        return self._store.run(self.record.run_id)

    @property
    def note(self) -> str | None:
        """Why there is no answer yet, in a sentence, if the run is still starting; None otherwise."""
        return asked.note(self.record, self.run)

    def wait(self, timeout: float | None = None) -> Control:
        """Wait until the trainer has acknowledged it.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; for ever by default.

        Raises
        ------
        TimeoutError
            If it took longer.
        IllegalControlError
            If the trainer refused; the message says why.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        began, never = time.monotonic(), threading.Event()
        while (record := self.record).status == "requested":
            if deadline is not None and time.monotonic() >= deadline:
                msg = f"The trainer has not answered '{record.kind}' within {timeout} s."
                raise TimeoutError(msg)
            never.wait(min(max(_SHARE * (time.monotonic() - began), _FIRST_LOOK), _LAST_LOOK))
            self._store.reap()
        if record.status == "refused":
            raise IllegalControlError(record.outcome or "Refused.")
        return self

    def answer(self, timeout: float) -> str:
        """Wait a little, and say in a sentence what became of it.

        Parameters
        ----------
        timeout : float
            Seconds to wait.

        Returns
        -------
        str
            The trainer's answer, or that there is none yet.

        Raises
        ------
        IllegalControlError
            If the trainer refused.
        TrainingFailed
            If it was asked to resume and failed before it could answer.
        """
        try:
            return self.wait(timeout).outcome or "Done."
        except TimeoutError:
            return self.note or "Requested; the trainer has not answered yet."
        except IllegalControlError:
            # Whoever resumes a run wants to know how that ended, not that it ended before it could say so.
            record = self.record
            run = self.run
            if record.kind != Verb.RESUME or run.state not in ENDED:
                raise
            if run.error is not None:
                raise TrainingFailed(run.error.message, run.error.traceback) from None
            return f"Went on from its last checkpoint and is {run.state} at step {run.progress.step:,}."

    def __repr__(self) -> str:
        """Show kind and outcome."""
        try:
            record, note = self.record, self.note
        except RunNotFoundError:
            return f"<Control {self.id}: its run is deleted>"
        return f"<Control {record.kind}: {record.outcome or note or record.status}>"
