from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import torch

from dltrainer_jupyter.adapters.pytorch import devices
from dltrainer_jupyter.adapters.pytorch.devices import choose_device, choose_threads
from dltrainer_jupyter.core.errors import ConfigurationError
from tests.adapters.pytorch.bench import Bench


def test_auto_takes_what_there_is(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert choose_device("auto") == torch.device("cuda:1")


def test_a_gpu_is_named_as_its_tensors_name_it(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert choose_device("cuda") == torch.device("cuda:1")
    assert choose_device("cuda:2") == torch.device("cuda:2")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_may_be_asked_for_without_its_number() -> None:
    with Bench("mlp", device="cuda") as bench:
        bench.step(3)
        assert bench.adapter.device == next(bench.net.parameters()).device


@pytest.mark.parametrize("wanted", ["tpu", "cuda:x", "", "meta", "cpu:0:1", "xla"])
def test_what_is_no_device_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        choose_device(wanted)
    assert str(error.value) == f"device: expected auto, cpu, cuda, cuda:N or mps, got '{wanted}'."


@pytest.mark.parametrize("wanted", ["cuda", "cuda:7"])
def test_a_gpu_that_is_not_there_is_refused(wanted: str, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ConfigurationError, match=f"device: '{wanted}' isn't there; this machine has 0 CUDA devices"):
        choose_device(wanted)


def test_mps_that_is_not_there_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match="device: 'mps' isn't there"):
        choose_device("mps")


def test_a_core_is_left_to_the_notebook(monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert choose_threads(None) == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert choose_threads(None) == 1
    assert choose_threads(5) == 5


def test_threads_are_recorded_and_given_back() -> None:
    before = torch.get_num_threads()
    with Bench("mlp", threads=before + 1) as bench:
        assert bench.environment["threads"] == torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_a_trainers_threads_are_its_own() -> None:
    """What a trainer in a thread chooses must not slow down, or change the bits of, the notebook's own work."""
    before = torch.get_num_threads()
    seen: list[int] = []

    def train() -> None:
        with Bench("mlp", threads=before + 2) as bench:
            opened.set()
            assert looked.wait(60)
            bench.step()
            seen.append(torch.get_num_threads())

    opened, looked = threading.Event(), threading.Event()
    thread = threading.Thread(target=train)
    thread.start()
    assert opened.wait(60)
    mine = torch.get_num_threads()
    looked.set()
    thread.join()
    assert (mine, seen, torch.get_num_threads()) == (before, [before + 2], before)


@pytest.mark.parametrize(
    ("running", "is_long", "used"),
    [("0.1 9/123", True, 1), ("1.5 1/123", False, 1), ("1.5 3/123", True, 1), ("1.5 1/123", True, 4), ("1.5", True, 1)],
)
def test_a_prediction_leaves_a_core_to_those_who_are_busy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, running: str, *, is_long: bool, used: int
) -> None:
    load, *now = running.split()
    monkeypatch.setattr(devices.os, "getloadavg", lambda: (float(load), 0.0, 0.0))
    monkeypatch.setattr(devices, "choose_threads", lambda _: 1)
    monkeypatch.setattr(devices, "_LOAD", tmp_path / "loadavg")
    monkeypatch.setattr(devices, "_others", devices._Others())
    (tmp_path / "loadavg").write_text(" ".join([load, "0.4", "0.2", *now]))
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        with devices.considerate_threads(torch.device("cpu"), is_long=is_long):
            assert torch.get_num_threads() == used
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


def test_what_runs_for_a_moment_is_nobodys_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devices, "_LOAD", tmp_path / "loadavg")
    others = devices._Others()

    def look(running: int) -> bool | None:
        (tmp_path / "loadavg").write_text(f"1.5 0.4 0.2 {running}/123 9")
        return others.are_busy()

    assert [look(running) for running in (1, 1, 1, 2, 1, 3, 3, 3, 1, 1, 1)] == [*[False] * 6, *[True] * 4, False]
