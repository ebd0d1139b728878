"""GPUs by a library that answers as NVIDIA's does, and by the real one where there is a GPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dltrainer_jupyter.machine.gpus import Gpu, _initialised, read_gpus


class Library:
    """Two GPUs of which the second is divided and doesn't say how busy it is; a third has fallen off the bus."""

    class NVMLError(Exception):
        """As pynvml's."""

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 - NVIDIA's names
        return 3

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> str | bytes:  # noqa: N802
        return b"H200" if handle else "A100"

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return f"GPU-{'abc'[handle]}0"

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        if handle:
            raise self.NVMLError
        return SimpleNamespace(gpu=73, memory=10)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        if handle == 2:
            raise self.NVMLError
        return SimpleNamespace(used=10 * (handle + 1), total=100)


FIRST, SECOND = Gpu("A100", 73.0, 10, 100), Gpu("H200", None, 20, 100)


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, [FIRST, SECOND]),
        ("1,0", [SECOND, FIRST]),
        ("GPU-b0", [SECOND]),
        ("GPU-b, GPU-", [SECOND]),
        ("0,9,1", [FIRST]),
        ("", []),
        ("-1", []),
    ],
)
def test_gpus_are_those_that_cuda_would_see_in_its_order(monkeypatch, visible, expected) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert read_gpus(Library()) == expected


def test_a_driver_that_is_gone_shows_none() -> None:
    class Gone(Library):
        def nvmlDeviceGetCount(self) -> int:  # noqa: N802
            raise self.NVMLError

    assert read_gpus(Gone()) == []


@pytest.mark.gpu
@pytest.mark.skipif(_initialised() is None, reason="no NVIDIA driver answers here")
def test_the_real_library_is_read() -> None:
    for gpu in read_gpus():
        assert gpu.name
        assert 0 < gpu.memory_bytes <= gpu.memory_total_bytes
        assert gpu.percent is None or 0 <= gpu.percent <= 100


@pytest.mark.skipif(_initialised() is not None, reason="there is a GPU here")
def test_without_a_driver_there_are_none() -> None:
    assert read_gpus() == []
