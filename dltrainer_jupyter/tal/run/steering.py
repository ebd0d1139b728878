"""What is asked of a run: to rest, to go on, to end, to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core import live, registry
from dltrainer_jupyter.core.errors import IllegalControlError, TrainingFailed
from dltrainer_jupyter.core.protocols import Executor
from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.states import ENDED, Verb, check_verb
from dltrainer_jupyter.executors import files, held
from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.environment import user
from dltrainer_jupyter.tal.places import here, remove_files
from dltrainer_jupyter.tal.run.identity import Identified


class Steered(Identified):
    """A run that obeys, wherever its trainer is."""

    def pause(self) -> Control:
        """Rest after the current step, in memory, until it is resumed."""
        return self._ask(Verb.PAUSE)

    def suspend(self) -> Control:
        """Write a checkpoint and free the memory; resume goes on exactly there."""
        return self._ask(Verb.SUSPEND)

    def stop(self) -> Control:
        """Write a checkpoint and end."""
        control = self._ask(Verb.STOP)
        # While no trainer has claimed the run there is nobody who could obey, and perhaps never will be.
        self.store.withdraw(self.id)
        return control

    def checkpoint(self) -> Control:
        """Write a checkpoint that is kept until it is deleted by hand."""
        return self._ask(Verb.CHECKPOINT)

    def set(self, /, **values: Any) -> Control:
        """Change settings from the next step on.

        Those of the specification that are declared live can be changed: ``learning_rate``, ``epochs``,
        ``checkpoint.every_seconds`` and others, which the error for any other names.

        Parameters
        ----------
        **values
            By key; those of a group as a mapping, ``checkpoint={"keep": 5}``, or with a dot.

        Raises
        ------
        ConfigurationError
            If a setting can't be changed, or not to this value.
        IllegalControlError
            If this run can't change it, or not now.

        Examples
        --------
        >>> run.set(learning_rate=1e-4, epochs=30).wait(5).outcome  # doctest: +SKIP
        'learning_rate 0.001 → 0.0001, epochs 20 → 30 at step 1,204 (epoch 7).'
        """
        changes = live.check(self.spec, values)
        if "epochs" in changes:
            live.check_epochs(changes["epochs"], self.epoch)
        return self._ask(Verb.SET, changes)

    def resume(self, epochs: int | None = None, executor: str | None = None) -> Control:
        """Go on: a paused run at once, an ended one from its last checkpoint in a new trainer.

        Parameters
        ----------
        epochs : int, optional
            New number of epochs; needed to go on with a completed run.
        executor : str, optional
            Where to go on; by default where it ran. Only for an ended run.
        """
        record = self.record
        state = record.state
        if state not in ENDED:
            if epochs is not None or executor is not None:
                msg = f"Run '{self.name}' is {state}; epochs and executor can be given when it has ended."
                raise IllegalControlError(msg)
            return self._ask(Verb.RESUME)
        # Looked up before anything is written: a misspelt executor, or files out of reach, leave the run as it is.
        place = registry.find("executors", executor or record.spec.executor)()
        folder = files.usable_folder(record, here(record))
        self.store.request_start(self.id, epochs=epochs, executor=executor, folder=str(folder))
        control = self._ask(Verb.RESUME)
        self.start(place)
        return control

    def start(self, place: Executor) -> None:
        """Start a trainer for a pending run.

        Parameters
        ----------
        place : Executor
            Where it runs.

        Raises
        ------
        TrainingFailed
            If it could not be started; the run is failed then.
        """
        try:
            place.start(self.store.url, self.id)
        except OSError as error:
            failure = ErrorRecord(type(error).__name__, f"The trainer could not be started: {error}")
            self.store.mark_failed_to_start(self.id, failure)
            raise TrainingFailed(failure.message) from error

    def _ask(self, verb: Verb, arguments: Mapping[str, Any] | None = None) -> Control:
        self.store.reap()
        control = self.store.request_control(self.id, str(verb), dict(arguments or {}), user())
        held.ring(self.id)
        return Control(control.id, self.store)

    def delete(self) -> None:
        """Remove the run, its history, its files and the copy in its mirror. A live run has to be stopped first."""
        self.store.reap()
        record = self.store.run(self.id)
        check_verb(record.name, Verb.DELETE, record.state)
        # The rows first: a crash in between leaves rubbish on disk, never a run without its files.
        self.store.delete_run(self.id)
        held.forget(self.id)
        remove_files(record, self.store.uuid)
