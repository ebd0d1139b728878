"""kill -9 on a CUDA device: exact where PyTorch is in its deterministic mode, and said to be inexact where it isn't."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import torch

from dltrainer_jupyter.tal import Run
from tests.chaos.killing import carry_out, cases, undisturbed
from tests.chaos.trainers import Trainers, at_rest

KILLS = 20


pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
]


def test_killed_on_a_gpu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill trainers that compute deterministically, and say what that costs a step."""
    trainers = Trainers("pytorch-cuda")
    quick = at_rest(trainers.start("as quick as it goes"))
    assert not quick.exact
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    expected = undisturbed(trainers)
    deterministic = at_rest(trainers.start("deterministic"))
    assert deterministic.exact
    with capsys.disabled():
        print(f"\n    deterministic mode: {_rate(quick) / _rate(deterministic) - 1:+.0%} time a step", end="")  # noqa: T201
    random_steps = [case for case in cases(KILLS, 0, 0) if case.name == "random step"]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(partial(carry_out, trainers=trainers, expected=expected), random_steps))
    assert [result.differs for result in results] == [[]] * KILLS
    assert sum(result.killed for result in results) >= KILLS // 2


def _rate(run: Run) -> float:
    progress = run.record.progress
    return progress.step / progress.train_seconds
