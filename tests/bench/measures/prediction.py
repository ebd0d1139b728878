"""How soon a checkpoint answers once it is warm, while its training goes on and when all is quiet."""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import IllegalControlError
from tests.bench.fresh import call
from tests.bench.measuring import p95, seconds_of
from tests.bench.report import Row
from tests.bench.subjects import resnet50
from tests.waiting import until

if TYPE_CHECKING:
    import torch

_TIMES, _LARGE = 200, 40
_PATIENCE = 120.0
_MANY = 100_000
"""Epochs: as many as a measurement can take."""


def digit(options: argparse.Namespace) -> list[Row]:
    """Predict one digit with the best checkpoint while the training goes on: in its process, and by the worker."""
    rows = []
    for framework in ("pytorch", "tensorflow", "jax"):
        found = [call(milliseconds_of_a_digit, framework) for _ in range(options.rounds)]
        here, elsewhere = zip(*found, strict=True)
        rows.append(Row(f"a digit, {framework}, in the kernel that trains, p95", here, "ms", at_most=20))
        rows.append(Row(f"a digit, {framework}, by the server's worker, p95", elsewhere, "ms", at_most=20))
    return rows


def large(options: argparse.Namespace) -> list[Row]:
    """Predict a PNG of 224 by 224 with a ResNet-50 (25.6 million parameters, ``tests/bench/subjects/resnet50.py``)."""
    idle, training = zip(*[call(milliseconds_of_resnet50) for _ in range(options.rounds)], strict=True)
    return [
        Row("ResNet-50, an image of 224 by 224, idle, p95", idle, "ms", at_most=60),
        Row("ResNet-50, the same while it trains in a process, p95", training, "ms", at_most=250),
    ]


def milliseconds_of_a_digit(framework: str) -> tuple[float, float]:
    """Train in a thread of this process, and ask for a digit here; train in another, and ask by the worker."""
    from sklearn.datasets import load_digits

    one = load_digits().data[0].tolist()
    settings: dict[str, Any] = {"framework": framework, "batch_size": 64}
    with _training("cnn", "digits", executor="thread", **settings) as run:
        here = _p95(lambda: run.best.answer(one), _TIMES)
    # A server's own process trains nothing.
    with _training("cnn", "digits", executor="process", **settings) as run:
        elsewhere = _p95(lambda: _by_worker(run, inputs=one), _TIMES)
    return here, elsewhere


def milliseconds_of_resnet50() -> tuple[float, float]:
    """Ask when nothing trains, then by the worker while a process trains on all cores."""
    files = [_picture()]
    settings: dict[str, Any] = {
        "batch_size": 2,
        "validation": False,
        "checkpoint": {"every_seconds": None, "every_epochs": None},
    }
    # One checkpoint of its beginning: writing 300 MB after each of a few steps is no training.
    with _training(_resnet50, _images(), executor="process", threads=2, **settings) as run:
        training = _p95(lambda: _by_worker(run, files=files, checkpoint="last"), _LARGE)
    idle = _p95(lambda: run.last.answer(files=files), _LARGE)
    return idle, training


def _resnet50() -> torch.nn.Module:
    return resnet50.pytorch()


def _images() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    return rng.standard_normal((40, 3, 224, 224), dtype=np.float32), np.arange(40) % 1000


def _picture() -> dict[str, str]:
    """Write a PNG of noise, which is as large as one gets."""
    levels = np.random.default_rng(5).integers(0, 256, (224, 224, 3)).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(levels).save(written, "PNG")
    return {"name": "noise.png", "data": base64.b64encode(written.getvalue()).decode()}


def _by_worker(run: tal.Run, **asked: Any) -> dict[str, Any]:
    """Ask as the server does, without HTTP."""
    from dltrainer_jupyter.server.model_schemas import PredictRequest
    from dltrainer_jupyter.server.prediction import predict

    found: dict[str, Any] = predict(run.id, PredictRequest(**asked)).result()
    return found


@contextlib.contextmanager
def _training(model: Any, data: Any, **settings: Any) -> Iterator[tal.Run]:
    run = tal.train(model, data, epochs=_MANY, verbose=False, **settings)
    try:
        until(lambda: run.record.error or run.step > 0, _PATIENCE)
        if not run.checkpoints:
            run.checkpoint()
        kind = "last" if settings.get("validation") is False else "best"
        until(lambda: run.record.error or any(kind in it.kinds for it in run.checkpoints), _PATIENCE)
        yield run
        assert run.state == "running", run
    finally:
        with contextlib.suppress(IllegalControlError):
            run.stop()
        until(lambda: run.state not in {"pending", "running"}, _PATIENCE)


def _p95(ask: Callable[[], Any], times: int) -> float:
    """Ask some times to be warm, then so many times, and give milliseconds."""
    for _ in range(5):
        ask()
    return 1000 * p95([seconds_of(ask) for _ in range(times)])
