"""A background thread that writes what the trainer hands over, so that a step waits only for the copy."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from dltrainer_jupyter.checkpoints.format import Request, Written, write
from dltrainer_jupyter.core.errors import CheckpointError, DLTrainerError
from dltrainer_jupyter.core.failpoints import reach

_ASKED_FOR = frozenset({"best", "manual"})
"""Kinds that somebody counts on; such a checkpoint is never left out for a newer one."""


class Ticket:
    """A promise that a request will be written, or reported as failed.

    Attributes
    ----------
    outcome : concurrent.futures.Future of Written
        Done once the checkpoint is committed, or failed.
    wanted : bool
        Whether anybody waits, or has to find it later; if so, no newer request takes this one's place.
    """

    def __init__(self) -> None:
        self.outcome: Future[Written] = Future()
        self.wanted = False

    def wait(self, timeout: float | None = None) -> Written:
        """Wait until the checkpoint is committed.

        Parameters
        ----------
        timeout : float, optional
            In seconds; for ever if left out.

        Returns
        -------
        Written
            The checkpoint, or a newer one that was written in its place.

        Raises
        ------
        TimeoutError
            If it took longer; the checkpoint is still being worked on.
        OSError, DLTrainerError
            What kept it from being written or committed.
        """
        self.wanted = True
        done, _ = wait([self.outcome], timeout)
        if not done:
            msg = f"The checkpoint was not written within {timeout} s; it is still being worked on."
            raise TimeoutError(msg)
        return self.outcome.result()


class _Job:
    """A request, and everybody who was promised it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.tickets = [Ticket()]

    @property
    def replaceable(self) -> bool:
        return not self.request.kinds & _ASKED_FOR and not any(ticket.wanted for ticket in self.tickets)

    def take_over(self, older: _Job) -> None:
        self.tickets += older.tickets
        self.request = replace(self.request, kinds=self.request.kinds | older.request.kinds)

    def succeed(self, written: Written) -> None:
        for ticket in self.tickets:
            ticket.outcome.set_result(written)

    def fail(self, error: Exception) -> None:
        for ticket in self.tickets:
            ticket.outcome.set_exception(error)


class CheckpointWriter:
    """Writes checkpoints one after another, in the order they were handed over.

    Parameters
    ----------
    folder : pathlib.Path
        Where the run's checkpoints lie.
    commit : callable
        Makes the row of a written folder; from its return on the checkpoint exists. If it raises, the folder
        stays where it is, since the row may have been made all the same; the sweep decides later.
    failed : callable
        Told the request and the error when a checkpoint could not be written or committed. Earlier ones are
        untouched. Errors other than ``OSError`` and ``DLTrainerError`` end the writer.
    background : bool, default True
        Whether to write on a thread of its own; else ``submit`` writes before it returns.

    Notes
    -----
    Both callbacks run on the writing thread and must not call the writer. At most one request waits while
    another is written, so the writer holds at most two copies of the state. A newer request takes the place of
    a waiting one and its kinds, unless that is of kind ``best`` or ``manual`` or somebody waits for it; then
    ``submit`` waits until the writer gets to it.

    Examples
    --------
    ::

        with CheckpointWriter(folder, commit=store_row, failed=pause_run) as writer:
            writer.submit(request)                # returns at once
            writer.submit(request).wait()         # returns when the row is there
    """

    def __init__(
        self,
        folder: Path,
        commit: Callable[[Written], None],
        failed: Callable[[Request, OSError | DLTrainerError], None],
        *,
        background: bool = True,
    ) -> None:
        self._folder = folder
        self._commit = commit
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: _Job | None = None
        self._writing: _Job | None = None
        self._closed = False
        self._broken: BaseException | None = None
        self._thread: threading.Thread | None = None
        if background:
            # In the maker's context, so that what a callback prints appears where the run was started.
            run = contextvars.copy_context().run
            self._thread = threading.Thread(target=run, args=(self._run,), name="checkpoint-writer", daemon=True)
            self._thread.start()

    def submit(self, request: Request) -> Ticket:
        """Hand a state over.

        Returns
        -------
        Ticket
            To wait with, where that is wanted.

        Raises
        ------
        CheckpointError
            If the writer is closed, or ended by an error nobody foresaw.
        """
        job = _Job(request)
        with self._changed:
            self._changed.wait_for(self._has_room)
            self._check_open()
            if self._thread is not None:
                if self._waiting is not None:
                    job.take_over(self._waiting)
                self._waiting = job
                self._changed.notify_all()
                return job.tickets[0]
        self._write(job)
        return job.tickets[0]

    def drain(self, timeout: float | None = None) -> None:
        """Wait until nothing is left to write; failures have been reported by then.

        Raises
        ------
        TimeoutError
            If it took longer than ``timeout`` seconds.
        CheckpointError
            If the writer was ended by an error nobody foresaw.
        """
        with self._changed:
            if not self._changed.wait_for(self._is_idle, timeout):
                msg = f"Checkpoints were still being written after {timeout} s."
                raise TimeoutError(msg)
            self._check_sound()

    def close(self) -> None:
        """Write what is left, then end the thread. Closing twice is fine.

        Raises
        ------
        CheckpointError
            If the writer was ended by an error nobody foresaw.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._check_sound()

    def __enter__(self) -> Self:
        """Give the writer itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def _has_room(self) -> bool:
        return self._closed or self._broken is not None or self._waiting is None or self._waiting.replaceable

    def _is_idle(self) -> bool:
        return self._waiting is None and self._writing is None

    def _check_open(self) -> None:
        self._check_sound()
        if self._closed:
            msg = "The checkpoint writer is closed; make a new one."
            raise CheckpointError(msg)

    def _check_sound(self) -> None:
        if self._broken is not None:
            raise CheckpointError(self._ended_by()) from self._broken

    def _ended_by(self) -> str:
        return f"The checkpoint writer ended because of {self._broken!r}; earlier checkpoints are intact."

    # --- on the writing thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._take():
                self._write_taken()
        finally:
            self._abandon()

    def _take(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            self._writing, self._waiting = self._waiting, None
            self._changed.notify_all()
            return self._writing is not None

    def _write_taken(self) -> None:
        if self._writing is not None:
            self._write(self._writing)
        with self._changed:
            # Nothing else holds the state's copy: its memory is free again.
            self._writing = None
            self._changed.notify_all()

    def _write(self, job: _Job) -> None:
        try:
            written = write(self._folder, job.request)
            self._commit(written)
            reach("checkpoint.committed")
        except (OSError, DLTrainerError) as error:
            self._failed(job.request, error)
            job.fail(error)
        else:
            job.succeed(written)

    def _abandon(self) -> None:
        """Let nobody wait for a thread that is gone."""
        with self._changed:
            self._broken = sys.exception()
            for job in (self._writing, self._waiting):
                if job is not None:
                    job.fail(CheckpointError(self._ended_by()))
            self._writing = self._waiting = None
            self._changed.notify_all()
