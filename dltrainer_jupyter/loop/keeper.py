"""Keeps checkpoints: hands states to the writer, commits their rows, retires old ones."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from dltrainer_jupyter.checkpoints.format import Request, Written
from dltrainer_jupyter.checkpoints.manifest import WEIGHTS
from dltrainer_jupyter.checkpoints.retention import retire, sweep, to_retire
from dltrainer_jupyter.checkpoints.writer import CheckpointWriter, Ticket
from dltrainer_jupyter.core.errors import DLTrainerError, StaleAttemptError, StoreError
from dltrainer_jupyter.core.failpoints import reach
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.core.records import CheckpointRecord, ControlRecord
from dltrainer_jupyter.core.spec import CheckpointSpec
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.folders import checkpoints_in, show_best
from dltrainer_jupyter.loop.run_log import RunLog
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

_LOG = logging.getLogger(__name__)

_GB = 10**9


class Keeper:
    """The checkpoints of one run.

    Parameters
    ----------
    store, attempt
        Where rows are read and written.
    folder : pathlib.Path
        The run's folder.
    spec : CheckpointSpec
        How many stay; may be another one at any time.
    bell : Doorbell
        Rung when a checkpoint can't be written.
    background : bool
        Write beside the training.
    resume : {"exact", "replay", "epoch"}
        Where data can only be taken up at the start of an epoch, the newest checkpoint of one stays.
    begun_at : int
        Step of the checkpoint this attempt began with; 0 if there was none.
    """

    def __init__(
        self,
        store: Store,
        attempt: Attempt,
        folder: Path,
        spec: CheckpointSpec,
        bell: Doorbell,
        *,
        background: bool,
        resume: ResumeKind,
        begun_at: int,
    ) -> None:
        self._store = store
        self._attempt = attempt
        self._folder = checkpoints_in(folder)
        self._log = RunLog(store, attempt.run_id, folder)
        self.spec = spec
        self._bell = bell
        self._epoch_starts = {begun_at} if resume == "epoch" else None
        sweep(self._folder, [record.path for record in store.checkpoints(attempt.run_id)], attempt.number)
        self._writer = CheckpointWriter(self._folder, self._commit, self._failed, background=background)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._writer.close()

    def keep(self, request: Request, asked_by: ControlRecord | None = None) -> Ticket:
        """Write a checkpoint, in the background; a control that asked for it is told how that went."""
        ticket = self._writer.submit(request)
        if self._epoch_starts is not None and request.state.meta["consumed"] == 0:
            self._epoch_starts.add(request.step)
            ticket.wanted = True
        if asked_by is not None:
            ticket.outcome.add_done_callback(lambda outcome: self._tell(asked_by, request, outcome))
        return ticket

    @staticmethod
    def problem_with(ticket: Ticket) -> str | None:
        """Wait for a checkpoint; return what went wrong, or None once it is on disk.

        Raises
        ------
        StaleAttemptError
            If another trainer has claimed the run.
        """
        try:
            ticket.wait()
        except StaleAttemptError:
            raise
        except (OSError, DLTrainerError) as error:
            return str(error)
        return None

    # --- on the writer's thread ---------------------------------------------------------------------

    def _commit(self, written: Written) -> None:
        manifest = written.manifest
        record = CheckpointRecord(
            run_id=self._attempt.run_id,
            step=manifest.step,
            epoch=manifest.epoch,
            kinds=written.kinds,
            metrics=manifest.metrics,
            digest=manifest.digest,
            path=str(written.path),
            bytes=written.bytes,
            created_at=datetime.now(UTC),
            attempt=self._attempt.number,
        )
        self._attempt.commit_checkpoint(record)
        reach("checkpoint.row_committed")
        if "best" in written.kinds:
            show_best(written.path / WEIGHTS, self._folder)
        self._log.write_if_due()
        try:
            self._retire_old()
        except StaleAttemptError:
            raise
        except (OSError, DLTrainerError) as error:
            # The new checkpoint exists all the same; what couldn't be deleted is swept up later.
            _LOG.warning("Old checkpoints of run %s could not be deleted: %s", self._attempt.run_id, error)

    def _retire_old(self) -> None:
        records = self._store.checkpoints(self._attempt.run_id)
        quota = None if self.spec.quota_gb is None else int(self.spec.quota_gb * _GB)
        starts = [record.step for record in records if record.step in (self._epoch_starts or ())]
        leaving = to_retire(records, keep=self.spec.keep, quota_bytes=quota, needed=max(starts, default=None))
        retire(self._folder, leaving, lambda record: self._attempt.retire_checkpoints([record.step]))
        left = {record.step for record in leaving}
        # A step written again leaves the folder of its first writing without a row.
        sweep(self._folder, [record.path for record in records if record.step not in left], self._attempt.number)

    def _failed(self, request: Request, error: OSError | DLTrainerError) -> None:
        if isinstance(error, StoreError):
            # No reason to rest: if the store stays away, the training's own writes will say so; if not, the next
            # checkpoint is as good as this one.
            _LOG.warning("The checkpoint of step %s could not be recorded: %s", f"{request.step:,}", error)
            return
        if isinstance(error, StaleAttemptError):
            self._bell.superseded = True
        else:
            self._bell.trouble = f"The checkpoint of step {request.step:,} could not be written: {error}"
        self._bell.ring()

    def _tell(self, control: ControlRecord, request: Request, outcome: Future[Written]) -> None:
        """Acknowledge a control; if that can't be written, the person sees the checkpoint or the trouble itself."""
        error = outcome.exception()
        status: Literal["done", "refused"] = "done" if error is None else "refused"
        what = f"Checkpoint written at step {request.step:,} (epoch {request.epoch})." if error is None else str(error)
        try:
            self._attempt.acknowledge(control.id, status=status, outcome=what, step=request.step)
        except DLTrainerError as problem:
            _LOG.warning("The checkpoint asked for could not be acknowledged: %s", problem)
