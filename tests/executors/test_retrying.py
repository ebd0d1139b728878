"""A fault that passes costs a run nothing but time; one that doesn't ends it as ever."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import StaleAttemptError, StoreError, TrainingFailed
from dltrainer_jupyter.core.states import State, Verb
from dltrainer_jupyter.core.supervision import RetrySpec
from dltrainer_jupyter.executors import held, worker
from dltrainer_jupyter.executors.retrying import Retries, faults
from dltrainer_jupyter.loop import poller
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal import Run
from tests.waiting import until

RESET = ConnectionResetError(errno.ECONNRESET, "the disk of samples went away")


class Faulty(nn.Linear):
    """Raises what it is told to, in the training steps it is told."""

    steps = 0
    raises: BaseException | None = None
    at: Callable[[int], bool] = staticmethod(bool)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            Faulty.steps += 1
            if Faulty.raises is not None and Faulty.at(Faulty.steps):
                raise Faulty.raises
        return super().forward(x.flatten(1))


def train(raises: BaseException | None, at: Callable[[int], bool] = bool, **changes: Any) -> Run:
    Faulty.steps, Faulty.raises, Faulty.at = 0, raises, staticmethod(at)
    torch.manual_seed(0)
    settings = {"epochs": 3, "data": "digits", "metrics": ["accuracy"], "verbose": False, "executor": "inline"}
    return tal.train(nn.Sequential(Faulty(64, 10), nn.Dropout(0.2)), **{**settings, **changes})


def told(run: Run) -> list[str]:
    return [event.message for event in run.store.events(run.id) if event.kind == "retry"]


def test_a_fault_that_heals_leaves_no_trace_in_the_result() -> None:
    undisturbed = train(None).wait()
    # In the second epoch: steps since the last checkpoint are made again.
    run = train(RESET, lambda step: step in {60, 100}, retry={"wait_seconds": 0}).wait()
    assert run.last.record.digest == undisturbed.last.record.digest
    assert run.metrics().equals(undisturbed.metrics())
    assert run.curve("train_loss")[0].tolist() == list(range(1, run.step + 1))
    assert (
        told(run)
        == [
            "Retry 1 of 3 in 0 s: ConnectionResetError: [Errno 104] the disk of samples went away",
        ]
        * 2
    )
    attempts = run.store.attempts(run.id)
    assert [attempt.number for attempt in attempts] == [1, 2, 3]
    assert None not in [attempt.ended_at for attempt in attempts]
    assert run.exact


def test_one_that_does_not_heal_ends_the_run_with_its_error() -> None:
    run = train(RESET, lambda step: step > 60, retry={"times": 2, "wait_seconds": 0})
    with pytest.raises(TrainingFailed, match="the disk of samples went away"):
        run.wait()
    assert [message.partition(":")[0] for message in told(run)] == ["Retry 1 of 2 in 0 s", "Retry 2 of 2 in 0 s"]
    assert run.state == "failed"


@pytest.mark.parametrize("changes", [{"retry": 0}, {"retry": {"on": ["store"]}}])
def test_nothing_is_tried_again_that_nobody_wants(changes) -> None:
    run = train(RESET, lambda step: step > 60, **changes)
    assert (run.state, told(run), len(run.store.attempts(run.id))) == ("failed", [], 1)


def test_a_persons_own_mistake_is_not_tried_again() -> None:
    run = train(FileNotFoundError(errno.ENOENT, "no such file"), lambda step: step > 60)
    assert (run.state, told(run)) == ("failed", [])
    wanted = train(
        ZeroDivisionError("mine"), lambda step: step == 60, retry={"on": "ZeroDivisionError", "wait_seconds": 0}
    )
    assert wanted.state == "completed", "it must be possible to name an error"


def test_a_store_that_was_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    written, away = Attempt.curves, iter([False, False, True, True])

    def curves(self: Attempt, series: Any) -> None:
        if next(away, False):
            msg = "The store can't be reached: it is being restarted."
            raise StoreError(msg)
        written(self, series)

    monkeypatch.setattr(Attempt, "curves", curves)
    run = train(None, retry={"wait_seconds": 0}).wait()
    assert [message.partition(":")[0] for message in told(run)] == ["Retry 1 of 3 in 0 s"]
    assert run.curve("train_loss")[0].tolist() == list(range(1, run.step + 1))


def test_a_retry_is_told_when_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    written, away = Attempt.event, iter([True])

    def event(self: Attempt, *told: Any, **more: Any) -> None:
        if next(away, False):
            msg = "The store can't be reached: it is being restarted."
            raise StoreError(msg)
        written(self, *told, **more)

    monkeypatch.setattr(Attempt, "event", event)
    run = train(RESET, lambda step: step == 60, retry={"wait_seconds": 0}).wait()
    assert next(away, None) is None
    assert [message.partition(":")[0] for message in told(run)] == ["Retry 1 of 3 in 0 s"]


def test_a_store_that_goes_away_after_the_claim_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    claim, read, away = Store.claim, Store.run, list[bool]()

    def claimed(self: Store, *asked: Any, **more: Any) -> Attempt:
        attempt = claim(self, *asked, **more)
        away.append(True)
        return attempt

    def run_of(self: Store, run_id: str) -> Any:
        if away:
            away.clear()
            msg = "The store can't be reached: it is being restarted."
            raise StoreError(msg)
        return read(self, run_id)

    monkeypatch.setattr(worker, "_PAUSE", 0)
    monkeypatch.setattr(Store, "claim", claimed)
    monkeypatch.setattr(Store, "run", run_of)
    assert train(None).state == "completed"


def _pauses_at_60(step: int) -> bool:
    if step == 60:
        run = tal.get()
        Attempt(run.store._database, run.id, 1, {}).change_state(State.PAUSED)
    return step == 60


def test_a_paused_run_that_waits_goes_on_when_it_is_resumed() -> None:
    run = train(RESET, _pauses_at_60, executor="thread", retry={"wait_seconds": 3600})
    until(lambda: told(run))
    assert run.state == "paused"
    run.resume()
    assert run.wait(60).state == "completed"


def test_a_store_that_goes_away_again_is_given_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was paused is paused again, though the store is away between the new attempt and the pause."""
    request, away = Store.request_control, iter([True])

    def asked(self: Store, run_id: str, verb: Verb, *more: Any) -> Any:
        if verb is Verb.PAUSE and next(away, False):
            msg = "The store can't be reached: it is being restarted."
            raise StoreError(msg)
        return request(self, run_id, verb, *more)

    monkeypatch.setattr(worker, "_PAUSE", 0)
    monkeypatch.setattr(Store, "request_control", asked)
    run = train(RESET, _pauses_at_60, executor="thread", retry={"wait_seconds": 0})
    until(lambda: run.state == "paused" and len(run.store.attempts(run.id)) == 2)
    assert next(away, None) is None
    run.resume().wait(60)
    assert run.wait(60).state == "completed"


def test_a_checkpoint_that_the_store_did_not_take_makes_no_run_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    written, away = Attempt.commit_checkpoint, iter([False, True])

    def commit(self: Attempt, record: Any) -> None:
        if next(away, False):
            msg = "The store can't be reached: it is being restarted."
            raise StoreError(msg)
        written(self, record)

    monkeypatch.setattr(Attempt, "commit_checkpoint", commit)
    run = train(None).wait()
    assert next(away, None) is None
    assert (run.state, run.last.record.step) == ("completed", run.step)
    assert "trouble" not in [event.kind for event in run.store.events(run.id)]


def test_trouble_of_the_attempt_before_is_over() -> None:
    def fails(step: int) -> bool:
        if step == 60:
            for bell in held._HELD.bells.values():
                bell.trouble = "The disk was full."
        return step == 60

    run = train(RESET, fails, retry={"wait_seconds": 0}).wait(60)
    assert "trouble" not in [event.kind for event in run.store.events(run.id)]


@pytest.mark.parametrize(("verb", "state"), [("stop", "stopped"), ("suspend", "suspended")])
def test_whoever_wants_it_to_end_need_not_wait(verb, state) -> None:
    run = train(RESET, lambda step: step > 60, executor="thread", retry={"times": 1, "wait_seconds": 3600})
    until(lambda: told(run))
    assert run.state == "running"
    assert run.record.progress.phase == "waiting"
    control = getattr(run, verb)().wait(60)
    assert (control.outcome or "").startswith(f"{state.capitalize()} while it waited to try again after")
    assert run.state == state
    Faulty.raises = None
    run.resume().wait(60)
    assert run.wait(60).state == "completed"


def test_whoever_wants_it_to_go_on_need_not_wait_either() -> None:
    run = train(RESET, lambda step: step == 60, executor="thread", retry={"wait_seconds": 3600})
    until(lambda: told(run))
    run.resume().wait(60)
    assert run.wait(60).state == "completed"


def test_a_trainer_that_was_replaced_while_it_waited_writes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "HEARTBEAT", 0.1)
    run = train(RESET, lambda step: step == 60, executor="thread", retry={"wait_seconds": 3600})
    until(lambda: told(run))
    first = run.store.attempts(run.id)[-1].number
    trainer = next(thread for thread in threading.enumerate() if thread.name == f"dltrain-{run.id}")
    stale = Attempt(run.store._database, run.id, first, {})
    second = run.store.claim_again(stale, executor="elsewhere", environment={})
    trainer.join(60)
    assert not trainer.is_alive()
    assert run.store.attempts(run.id)[-1].number == second.number
    with pytest.raises(StaleAttemptError):
        run.store.claim_again(stale, executor="thread", environment={})
    second.end(State.STOPPED)


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EIO, "input/output error"), {"data"}),
        (TimeoutError(), {"data"}),
        (chained(RuntimeError("a worker died"), RESET), {"data"}),
        (OSError("cannot identify image file"), set()),
        (PermissionError(errno.EACCES, "not allowed"), set()),
        (StoreError("away"), {"store"}),
        (chained(StoreError("away"), RESET), {"store"}),
        (MemoryError(), {"memory"}),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"), {"memory"}),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes"), {"memory"}),
        (ValueError("shape"), set()),
    ],
)
def test_faults_have_names(error, expected) -> None:
    assert faults(error) & {"store", "data", "memory"} == expected


def test_waits_grow_and_count_anew_where_a_run_gets_on() -> None:
    retries = Retries(RetrySpec(times=2, wait_seconds=5))
    assert [retries.wait_after(RESET, 10) for _ in range(3)] == [5, 10, None]
    assert retries.wait_after(RESET, 11) == 5
    assert retries.wait_after(RESET, 3) == 10
    assert retries.wait_after(RESET, None) is None
    assert retries.wait_after(StaleAttemptError("mine no more"), 99) is None
