"""Keeps checkpoints: hands states to the writer, commits their rows, retires old ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from dltrainer_jupyter.checkpoints.format import Request, Written
from dltrainer_jupyter.checkpoints.retention import retire, sweep, to_retire
from dltrainer_jupyter.checkpoints.writer import CheckpointWriter
from dltrainer_jupyter.core.errors import DLTrainerError, StaleAttemptError
from dltrainer_jupyter.core.records import CheckpointRecord, ControlRecord
from dltrainer_jupyter.core.spec import CheckpointSpec
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

_GB = 10**9


class Keeper:
    """The checkpoints of one run.

    Parameters
    ----------
    store, attempt
        Where rows are read and written.
    folder : pathlib.Path
        Where the run's checkpoints lie.
    spec : CheckpointSpec
        How many stay.
    bell : Doorbell
        Rung when a checkpoint can't be written.
    background : bool
        Write beside the training.
    """

    def __init__(
        self, store: Store, attempt: Attempt, folder: Path, spec: CheckpointSpec, bell: Doorbell, *, background: bool
    ) -> None:
        self._store = store
        self._attempt = attempt
        self._folder = folder
        self._spec = spec
        self._bell = bell
        self._asked: dict[int, list[ControlRecord]] = {}
        sweep(folder, [record.path for record in store.checkpoints(attempt.run_id)])
        self._writer = CheckpointWriter(folder, self._commit, self._failed, background=background)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._writer.close()

    def keep(self, request: Request, asked_by: ControlRecord | None = None) -> None:
        """Write a checkpoint, in the background; a control that asked for it is told when it is there."""
        if asked_by is not None:
            self._asked.setdefault(request.step, []).append(asked_by)
        self._writer.submit(request)

    def keep_now(self, request: Request) -> str | None:
        """Write a checkpoint and wait; return what went wrong, or None."""
        try:
            self._writer.submit(request).wait()
        except StaleAttemptError:
            raise
        except (OSError, DLTrainerError) as error:
            return str(error)
        return None

    def drain(self) -> None:
        """Wait until everything handed over is on disk."""
        self._writer.drain()

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
        for control in self._asked.pop(record.step, []):
            outcome = f"Checkpoint written at step {record.step:,} (epoch {record.epoch})."
            self._attempt.acknowledge(control.id, status="done", outcome=outcome, step=record.step)
        try:
            self._retire_old()
        except OSError as error:
            # The new checkpoint exists all the same; what couldn't be deleted is swept up later.
            self._attempt.event("trouble", f"Old checkpoints could not be deleted: {error}", record.step)

    def _retire_old(self) -> None:
        records = self._store.checkpoints(self._attempt.run_id)
        quota = None if self._spec.quota_gb is None else int(self._spec.quota_gb * _GB)
        leaving = to_retire(records, keep=self._spec.keep, quota_bytes=quota)
        retire(self._folder, leaving, lambda record: self._attempt.retire_checkpoints([record.step]))
        left = {record.step for record in leaving}
        # A step written again leaves the folder of its first writing without a row.
        sweep(self._folder, [record.path for record in records if record.step not in left])

    def _failed(self, request: Request, error: OSError | DLTrainerError) -> None:
        if isinstance(error, StaleAttemptError):
            self._bell.superseded = True
        else:
            reason = f"The checkpoint of step {request.step:,} could not be written: {error}"
            for control in self._asked.pop(request.step, []):
                self._attempt.acknowledge(control.id, status="refused", outcome=reason, step=request.step)
            self._bell.trouble = reason
        self._bell.ring()
