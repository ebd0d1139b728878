"""What checkpoints cost the training: ``make bench``, on a quiet machine."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.loop.training import Training
from dltrainer_jupyter.tal import Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_MOST = 0.03
"""Share of the time that checkpoints may take when one is written every 60 s."""
_INTERVAL = 60.0
_SOON = 0.25
"""Seconds between checkpoints in the measurement, so that many fall into a short run."""


def _train(**checkpoint: Any) -> Run:
    return tal.train(
        model={"type": "mlp", "hidden": [1024, 1024], "dropout": 0.2, "batch_norm": True},
        data="digits",
        epochs=20,
        optimizer={"type": "adamw"},
        ema=0.999,
        validation=False,
        executor="inline",
        checkpoint={"every_epochs": None, **checkpoint},
        verbose=False,
    )


def test_checkpoints_hardly_slow_a_training_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A step waits for the state's copy alone; the writing beside it costs little."""
    held: list[float] = []
    whole = Training.checkpoint

    def timed(self: Training, *arguments: Any) -> None:
        began = time.perf_counter()
        whole(self, *arguments)
        held.append(time.perf_counter() - began)

    _train(every_seconds=None)
    monkeypatch.setattr(Training, "checkpoint", timed)
    without = [_seconds(_train(every_seconds=None)) for _ in range(3)]
    held.clear()
    with_them, count = [], []
    for _ in range(3):
        run = _train(every_seconds=_SOON)
        with_them.append(_seconds(run))
        count.append(run.record.progress.train_seconds / _SOON)
    size = run.checkpoints[-1].bytes / 2**20
    copy = statistics.median(held)
    each = max(0.0, statistics.median(with_them) - statistics.median(without)) / statistics.median(count)
    lines = (
        f"a checkpoint of {size:.0f} MB holds a step for {1000 * copy:.1f} ms ({copy / _INTERVAL:.3%} at one a minute)",
        f"and costs {1000 * each:.0f} ms of training in all ({each / _INTERVAL:.2%}, at most {_MOST:.0%})",
    )
    with capsys.disabled():
        print("".join(f"\n    {line}" for line in lines), end="")  # noqa: T201 - the figures are what it is run for
    assert copy / _INTERVAL < _MOST
    assert each / _INTERVAL < _MOST


def _seconds(run: Run) -> float:
    return run.record.progress.train_seconds
