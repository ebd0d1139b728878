"""A small state of every kind of thing, and the requests and subprocesses the tests of this room share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dltrainer_jupyter.checkpoints.format import Request, Written, write
from dltrainer_jupyter.core import failpoints
from dltrainer_jupyter.core.protocols import FullState, RawArray, Signature
from tests.s3 import s3_bucket, s3_server

__all__ = ["s3_bucket", "s3_server"]

MakeRequest = Callable[..., Request]


def _raw(values: np.ndarray, dtype: str) -> RawArray:
    return RawArray(dtype, values.shape, values.tobytes())


def _make_request(
    step: int = 12, *, kinds: tuple[str, ...] = ("last",), seed: int = 0, state: FullState | None = None
) -> Request:
    draw = np.random.default_rng(seed)
    if state is None:
        state = FullState(
            weights={
                "net.weight": _raw(draw.normal(size=(8, 3)).astype("<f4"), "F32"),
                "net.count": _raw(np.array(step, "<i8"), "I64"),
            },
            optimizer={"main.weight.exp_avg": _raw(draw.normal(size=(8, 3)).astype("<f4"), "F32")},
            meta={"cursor": (step, 3), "best": float("-inf"), "rng": draw.bytes(32)},
        )
    return Request(
        state=state,
        step=step,
        epoch=2,
        kinds=frozenset(kinds),
        metrics={"val_loss": 0.25, "val_f1": float("nan")},
        signature=Signature("classification", (3,), 8, labels=("a", "ü"), preprocessing=({"scale": (0.0, 2.0)},)),
        versions={"python": "3.11.7", "torch": "2.13.0"},
    )


@pytest.fixture(scope="session")
def make_request() -> MakeRequest:
    """Make a request: ``make_request(step, kinds=…, seed=…, state=…)``."""
    return _make_request


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """One whole checkpoint of step 12."""
    return write(tmp_path / "run", _make_request())


@pytest.fixture(scope="session")
def run_script() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python text in a process of its own: ``run_script(text, *arguments, failpoint="")``."""

    def run(text: str, *arguments: object, failpoint: str = "") -> subprocess.CompletedProcess[str]:
        root = Path(failpoints.__file__).parents[2]
        environment = {**os.environ, "PYTHONPATH": str(root), "DLTRAINER_FAILPOINT": failpoint}
        command = [sys.executable, "-c", text, *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run
