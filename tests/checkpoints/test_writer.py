from __future__ import annotations

import contextvars
import errno
import os
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest

from dltrainer_jupyter.checkpoints import writer as module
from dltrainer_jupyter.checkpoints.reader import verify
from dltrainer_jupyter.checkpoints.writer import CheckpointWriter
from dltrainer_jupyter.core.errors import CheckpointError, StaleAttemptError
from dltrainer_jupyter.core.protocols import FullState, RawArray

LONG = 60.0


class Store:
    """Stands in for the rows: commits when the gate is open, and remembers who did what."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.rows = []
        self.failures = []
        self.error = None

    def commit(self, written):
        self.entered.release()
        assert self.gate.wait(LONG)
        if self.error is not None:
            raise self.error
        self.rows.append((written.manifest.step, sorted(written.kinds), written.path, threading.current_thread()))

    def failed(self, request, error):
        self.failures.append((request.step, error))

    @property
    def steps(self):
        return [row[0] for row in self.rows]

    def hold(self, writer, request):
        """Keep the writer busy with a first request."""
        self.gate.clear()
        ticket = writer.submit(request)
        assert self.entered.acquire(timeout=LONG)
        return ticket


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def writer(tmp_path, store):
    with CheckpointWriter(tmp_path, store.commit, store.failed) as made:
        yield made
        store.gate.set()


@pytest.mark.parametrize("background", [True, False])
def test_requests_are_written_in_order_and_committed(tmp_path, store, make_request, background):
    with CheckpointWriter(tmp_path, store.commit, store.failed, background=background) as writer:
        for step in range(1, 6):
            assert writer.submit(make_request(step, kinds=("manual",))).wait(LONG).manifest.step == step
    assert store.steps == [1, 2, 3, 4, 5]
    assert store.failures == []
    for _, kinds, path, thread in store.rows:
        assert kinds == ["manual"]
        verify(path)
        assert (thread is threading.current_thread()) is not background


def test_a_step_waits_for_no_disk(writer, store, make_request):
    store.hold(writer, make_request(1))
    ticket = writer.submit(make_request(2))  # returns although nothing can be written
    assert not ticket.outcome.done()
    with pytest.raises(TimeoutError, match=r"0\.01 s"):
        ticket.wait(0.01)


def test_a_newer_one_takes_the_place_of_a_waiting_one(writer, store, make_request):
    store.hold(writer, make_request(1))
    tickets = [writer.submit(make_request(step)) for step in (2, 3, 4)]
    store.gate.set()
    writer.drain(LONG)
    assert store.steps == [1, 4]
    assert {ticket.wait(LONG).manifest.step for ticket in tickets} == {4}


def test_the_kinds_of_the_one_replaced_are_kept(writer, store, make_request):
    store.hold(writer, make_request(1))
    writer.submit(make_request(2, kinds=("last",)))
    writer.submit(make_request(3, kinds=("best",)))
    store.gate.set()
    writer.drain(LONG)
    assert [row[:2] for row in store.rows] == [(1, ["last"]), (3, ["best", "last"])]


@pytest.mark.parametrize("kind", ["best", "manual", "waited for"])
def test_one_that_is_counted_on_is_never_replaced(writer, store, make_request, kind):
    store.hold(writer, make_request(1))
    ticket = writer.submit(make_request(2, kinds=("last",) if kind == "waited for" else (kind,)))
    if kind == "waited for":
        with pytest.raises(TimeoutError):
            ticket.wait(0)
    third = threading.Thread(target=lambda: writer.submit(make_request(3)))
    third.start()
    third.join(0.1)
    assert third.is_alive()  # it waits for its place
    store.gate.set()
    third.join(LONG)
    writer.drain(LONG)
    assert store.steps == [1, 2, 3]
    assert ticket.wait(LONG).manifest.step == 2


def test_many_at_once_lose_none_that_is_counted_on(writer, store, make_request):
    def submit(first):
        for step in range(first, first + 10):
            writer.submit(make_request(step, kinds=("manual",) if step % 2 else ("last",)))

    threads = [threading.Thread(target=submit, args=(first,)) for first in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    writer.drain(LONG)
    odd = {first + offset for first in (100, 200, 300) for offset in range(1, 10, 2)}
    assert odd <= set(store.steps)
    for first in (100, 200, 300):
        own = [step for step in store.steps if first <= step < first + 100]
        assert own == sorted(own)


def test_closing_writes_what_waits(tmp_path, store, make_request):
    writer = CheckpointWriter(tmp_path, store.commit, store.failed)
    store.hold(writer, make_request(1))
    writer.submit(make_request(2))
    store.gate.set()
    writer.close()
    writer.close()
    assert store.steps == [1, 2]
    with pytest.raises(CheckpointError, match="closed"):
        writer.submit(make_request(3))


def test_draining_has_its_limit(writer, store, make_request):
    store.hold(writer, make_request(1))
    with pytest.raises(TimeoutError, match=r"0\.01 s"):
        writer.drain(0.01)
    store.gate.set()
    writer.drain(LONG)
    assert store.steps == [1]


@pytest.mark.parametrize("background", [True, False])
def test_a_full_disk_is_reported_and_the_next_one_is_tried(tmp_path, store, make_request, monkeypatch, background):
    def full(folder, request):
        if request.step == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return honest(folder, request)

    honest = module.write
    monkeypatch.setattr(module, "write", full)
    with CheckpointWriter(tmp_path, store.commit, store.failed, background=background) as writer:
        writer.submit(make_request(1)).wait(LONG)
        ticket = writer.submit(make_request(2))
        with pytest.raises(OSError, match="No space left"):
            ticket.wait(LONG)
        assert [(step, error.errno) for step, error in store.failures] == [(2, errno.ENOSPC)]
        writer.submit(make_request(3)).wait(LONG)
    assert store.steps == [1, 3]


def test_a_state_that_cant_be_written_is_reported(tmp_path, writer, store, make_request):
    ticket = writer.submit(make_request(1, state=FullState({}, {}, {"x": object()})))
    with pytest.raises(CheckpointError, match=r"meta\.x"):
        ticket.wait(LONG)
    assert [step for step, _ in store.failures] == [1]
    assert list(tmp_path.iterdir()) == []


def test_a_refused_row_is_reported_and_the_folder_left_to_the_sweep(tmp_path, writer, store, make_request):
    store.error = StaleAttemptError("another trainer has the run")
    with pytest.raises(StaleAttemptError):
        writer.submit(make_request(1)).wait(LONG)
    assert [(step, type(error)) for step, error in store.failures] == [(1, StaleAttemptError)]
    verify(tmp_path / "step-000000001")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_error_leaves_nobody_waiting(tmp_path, store, make_request):
    writer = CheckpointWriter(tmp_path, store.commit, store.failed)
    first = store.hold(writer, make_request(1))
    second = writer.submit(make_request(2))
    store.error = ZeroDivisionError("a mistake in the callback")
    store.gate.set()
    for ticket in (first, second):
        with pytest.raises(CheckpointError, match="a mistake in the callback"):
            ticket.wait(LONG)
    for call in (lambda: writer.submit(make_request(3)), writer.drain, writer.close):
        with pytest.raises(CheckpointError, match="a mistake in the callback"):
            call()


def test_the_copy_of_the_state_is_let_go_once_written(writer, store, make_request):
    values = np.zeros(1_000)
    state = FullState({"w": RawArray("F64", values.shape, values.data)}, {}, {})
    ticket = writer.submit(replace(make_request(1), state=state))
    held = weakref.ref(values)
    del state, values
    ticket.wait(LONG)
    writer.drain(LONG)
    assert held() is None


def test_callbacks_run_in_the_makers_context(tmp_path, make_request):
    where = contextvars.ContextVar("where", default="nowhere")
    where.set("the launching cell")
    seen = []
    with CheckpointWriter(tmp_path, lambda _: seen.append(where.get()), lambda *_: None) as writer:
        writer.submit(make_request(1)).wait(LONG)
    assert seen == ["the launching cell"]
