"""Workers from the side of who asks them."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    PredictionError,
    Problem,
    RunNotFoundError,
)
from dltrainer_jupyter.tal.apart import errands
from dltrainer_jupyter.tal.apart.failures import raised, told
from dltrainer_jupyter.tal.apart.workers import Workers
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


ALL = {"framework": None, "task": None, "reload": False}
"""Asks for every model."""


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Give a worker that stays warm for several tests."""
    made = Workers()
    yield made
    made.close()


@pytest.fixture
def fresh() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()


@contextlib.contextmanager
def asleep(workers: Workers) -> Iterator[None]:
    """Let a worker that is warm sleep, so that it answers nothing however late it is looked at."""
    workers.ask("one", "model", name="mlp").result(60)
    process = psutil.Process(workers["one"].pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_few_processes_are_warm_at_a_time_and_all_end(fresh) -> None:
    names = ["one", "two", "three", "four"]
    answers = [fresh.ask(name, "model", name="mlp") for name in names[:3]]
    assert [answer.result(60)["name"] for answer in answers] == ["mlp"] * 3
    first = fresh["one"].pid
    assert fresh.ask("four", "model", name="mlp").result(60)["name"] == "mlp"
    until(lambda: not fresh["one"].is_warm)
    until(lambda: not psutil.pid_exists(first))
    pids = [fresh[name].pid for name in names[1:]]
    assert all(map(psutil.pid_exists, pids))
    fresh.close()
    assert not any(map(psutil.pid_exists, pids))


def test_the_process_stays_warm_and_is_replaced_when_it_has_died(fresh) -> None:
    def asked() -> int:
        assert fresh.ask("one", "model", name="mlp").result(60)["name"] == "mlp"
        return fresh["one"].pid

    pid = asked()
    assert pid not in {None, os.getpid()}
    assert asked() == pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not fresh["one"]._child.is_usable)
    assert asked() != pid


def test_it_ends_when_nobody_asks_and_starts_again(fresh, monkeypatch) -> None:
    monkeypatch.setenv("DLTRAINER_PREDICT_IDLE", "0.1")
    first = fresh.ask("one", "model", name="mlp")
    until(lambda: fresh["one"].pid)
    process = psutil.Process(fresh["one"].pid)
    first.result(60)
    until(lambda: not process.is_running())
    assert fresh.ask("one", "model", name="mlp").result(60)["name"] == "mlp"


def test_an_answer_nobody_waits_for_any_more_is_not_looked_for(workers) -> None:
    with asleep(workers):
        before = workers.ask("one", "models", **ALL)
        given_up = workers.ask("one", "no such errand")
        assert given_up.cancel()
    assert workers.ask("one", "model", name="mlp").result(60)["name"] == "mlp"
    assert before.result(60)["models"]


def test_what_no_worker_can_do_is_an_error_like_any_other(workers) -> None:
    with pytest.raises(PredictionError, match="KeyError: 'no such errand'"):
        workers.ask("one", "no such errand").result(60)
    with pytest.raises(ConfigurationError, match="Unknown model 'mpl'. Did you mean 'mlp'?"):
        workers.ask("one", "model", name="mpl").result(60)


def test_a_worker_stands_back_behind_those_who_train_unless_a_person_waits(fresh) -> None:
    fresh.ask("one", "models", **ALL).result(60)
    process = psutil.Process(fresh["one"].pid)
    assert process.nice() == psutil.Process().nice()
    for _ in range(2):
        with pytest.raises(PredictionError):
            fresh.ask("one", "test").result(60)
        assert process.nice() == psutil.Process().nice() + 5
    if psutil.LINUX:
        with open(f"/proc/{process.pid}/oom_score_adj") as file:  # noqa: PTH123 - no file of ours
            assert int(file.read()) == 500


@pytest.mark.parametrize(
    "error", [CheckpointError("gone"), RunNotFoundError("nowhere"), ConfigurationError("a: b."), PredictionError("x")]
)
def test_errors_arrive_as_they_were(error) -> None:
    error.problems = (Problem(("a", "b"), "wrong"),)
    again = raised(told(error))
    assert (type(again), str(again), again.problems) == (type(error), str(error), error.problems)


def test_a_module_that_is_missing_is_named_with_the_cure() -> None:
    assert "needs the module 'mine'" in told(ModuleNotFoundError("No module named 'mine'", name="mine"))["message"]


def test_an_answer_too_large_to_be_sent_is_refused(monkeypatch) -> None:
    class Huge:
        def answer(self, inputs, *, probabilities):
            return {"predictions": [[0] * 1000] * 3000, "probabilities": None}

    monkeypatch.setattr(errands, "_trained", lambda *_: Huge())
    with pytest.raises(ConfigurationError, match="3,000,000 values, .* send fewer samples at a time"):
        errands.predict("", "", "best", inputs=[], probabilities=False)


def test_nobody_who_asks_waits(workers) -> None:
    with asleep(workers):
        asked = [workers.ask("one", "models", **ALL) for _ in range(5)]
        assert not any(it.done() for it in asked)
    assert [it.result(60) for it in asked] == [asked[0].result()] * 5
