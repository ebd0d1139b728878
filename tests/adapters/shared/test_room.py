"""A model that is tried stays off a GPU that has no room for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dltrainer_jupyter.adapters.pytorch import predictor as pytorch
from dltrainer_jupyter.adapters.shared.room import MARGIN, free_on_gpu, too_little
from dltrainer_jupyter.core.protocols import RawArray
from tests.tal.subject import X, quick

WEIGHTS = {"w": RawArray("F32", (1 << 20,), bytes(4 << 20))}


@pytest.mark.parametrize(
    ("free", "is_enough"), [(None, True), (MARGIN + (8 << 20), True), (MARGIN + (8 << 20) - 1, False)]
)
def test_weights_twice_and_a_margin_are_wanted(free: int | None, is_enough: bool) -> None:
    assert (too_little(WEIGHTS, free, "cuda:0") is None) == is_enough


def test_a_full_gpu_is_left_to_those_who_train(monkeypatch: pytest.MonkeyPatch) -> None:
    run = quick(epochs=1)
    expected = run.best.predict(X)
    asked: list[Any] = []

    def free(device: torch.device) -> int:
        asked.append(device)
        return 100 << 20

    monkeypatch.setattr(pytorch, "choose_device", lambda _: torch.device("cuda", 0))
    monkeypatch.setattr(pytorch, "free_memory", free)
    from dltrainer_jupyter.tal import kept_models

    kept_models._models.clear()
    answer = run.best.answer(X)
    assert answer["notes"] == [
        "predicted on the processor: cuda:0 has 100 MB of memory free, and the model wants 256 MB"
    ]
    assert np.array_equal(answer["predictions"], expected)
    assert asked == [torch.device("cuda", 0)]


def test_without_a_driver_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-no-such")
    assert free_on_gpu(0) is None
    assert free_on_gpu(1) is None
