"""Predictions while better and better checkpoints take each other's place: each is of one of them, whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.tal import Run
from tests.tal.subject import quick
from tests.waiting import until

VALUES = 64
"""As many weights as make torn ones likely to show."""


class Level(nn.Module):
    """All its weights are equal: how often they were raised. So an output tells whether they are of one checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.zeros(1, 1)) for _ in range(VALUES)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        levels = torch.cat([weight.expand(len(x), 1) for weight in self.weights], dim=1)
        return levels + 0 * x[:, :1]


class Closer:
    """A metric that grows with each validation, so that each checkpoint is the best so far."""

    name = "closer"
    higher_is_better = True

    def __init__(self) -> None:
        self.value = 0.0

    def update(self, preds: Any, target: Any) -> None:
        self.value = float(preds.mean())

    def compute(self) -> float:
        return self.value

    def reset(self) -> None:
        """Nothing is summed."""


def settings(promotions: int) -> dict[str, Any]:
    data = (np.ones((10, 2), np.float32), np.full((10, VALUES), 1e6, np.float32))
    return {
        "model": Level,
        "data": data,
        "epochs": promotions,
        "batch_size": 8,
        "optimizer": {"type": "sgd"},
        "learning_rate": 1e-6,
        "metrics": [Closer()],
        "monitor": "val_closer",
        "checkpoint": {"keep": 2, "every_seconds": None},
        "verbose": False,
    }


@pytest.fixture
def promoted(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, float], threading.Semaphore]:
    """Note which digest holds which level, and let each promotion wait until it may happen."""
    levels: dict[str, float] = {}
    gate = threading.Semaphore(0)
    commit = Attempt.commit_checkpoint

    def noted(self: Attempt, record: CheckpointRecord, **more: Any) -> Any:
        if "val_closer" in record.metrics:
            gate.acquire(timeout=60)
            levels[record.digest] = record.metrics["val_closer"]
        return commit(self, record, **more)

    monkeypatch.setattr(Attempt, "commit_checkpoint", noted)
    return levels, gate


def _predicted(run: Run, ends: threading.Event, answers: list[tuple[str, Any]], errors: list[BaseException]) -> None:
    try:
        while not ends.is_set():
            answer = run.best.answer([[1.0, 1.0]])
            answers.append((answer["digest"], answer["predictions"][0]))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test fails
        errors.append(error)


@pytest.mark.parametrize(
    ("promotions", "predictions"),
    [(8, 160), pytest.param(100, 10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
)
def test_each_answer_is_of_the_checkpoint_it_names(
    promoted: tuple[dict[str, float], threading.Semaphore], promotions: int, predictions: int
) -> None:
    levels, gate = promoted
    for _ in range(2 * promotions + 9):
        gate.release()
    undisturbed = quick(**settings(promotions))
    expected, known = undisturbed.last.record.digest, set(levels)
    while gate.acquire(blocking=False):
        pass
    levels.clear()
    run = quick(**settings(promotions) | {"executor": "thread"})
    answers: list[tuple[str, Any]] = []
    errors: list[BaseException] = []
    ends = threading.Event()
    gate.release()
    until(lambda: any("best" in record.kinds for record in run.checkpoints))
    askers = [threading.Thread(target=_predicted, args=(run, ends, answers, errors)) for _ in range(2)]
    for asker in askers:
        asker.start()
    for count in _steps(predictions, promotions):
        until(lambda count=count: len(answers) >= count or errors, 60)
        promoted_so_far = len(levels)
        gate.release()
        # Else a slow trainer's promotions would come all at once after the last of the answers.
        until(lambda before=promoted_so_far: len(levels) > before or errors, 60)
    until(lambda: len(answers) >= predictions or errors, 60)
    for _ in range(promotions + 9):
        gate.release()
    run.wait(60)
    ends.set()
    for asker in askers:
        asker.join()
    assert errors == []
    assert len({digest for digest, _ in answers}) > 0.8 * promotions
    assert {digest for digest, _ in answers} <= set(levels)
    for digest, outputs in answers:
        assert len(set(outputs)) == 1, "torn"
        assert outputs[0] == pytest.approx(levels[digest], rel=1e-5)
    assert run.last.record.digest == expected
    assert set(levels) == known


def _steps(predictions: int, promotions: int) -> Iterator[int]:
    """Say after how many answers the next checkpoint may come."""
    return iter(range(predictions // promotions, predictions, predictions // promotions))
