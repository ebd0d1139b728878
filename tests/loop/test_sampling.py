"""How busy the machine is while a run trains: series of the run, which change nothing about it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.loop import loop, sampling
from dltrainer_jupyter.loop.sampling import SYSTEM, Sampler
from dltrainer_jupyter.machine.gpus import Gpu
from dltrainer_jupyter.views.families import families
from dltrainer_jupyter.views.live import snapshot
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.tal import Run

CPU = {"system/cpu_percent", "system/memory_gb"}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "INTERVAL", 0.02)
    monkeypatch.setattr(loop, "FLUSH_SECONDS", 0.02)


def machine(run: Run) -> dict[str, list[int]]:
    names = [name for name in run.store.curve_names(run.id) if name.startswith(SYSTEM)]
    return {name: run.curve(name)[0].tolist() for name in names}


def test_the_machine_is_sampled_by_step_and_a_resumed_run_goes_on(train: Callable[..., Run]) -> None:
    run = train(epochs=100_000, executor="thread")
    until(lambda: run.curve("system/cpu_percent")[1].max(initial=0) > 1)
    run.suspend().wait(60)
    before = machine(run)
    assert before.keys() == CPU
    _, percent = run.curve("system/cpu_percent")
    _, memory = run.curve("system/memory_gb")
    assert ((percent >= 0) & (percent <= 100)).all()
    assert (memory > 0.05).all()
    run.resume().wait(60)
    until(lambda: machine(run)["system/cpu_percent"][-1] > before["system/cpu_percent"][-1])
    run.stop().wait(60)
    steps = machine(run)["system/cpu_percent"]
    assert steps == sorted(set(steps)), "no step has two samples"
    assert steps[-1] <= run.step
    seen = snapshot(run.store, run.id)
    assert len(seen["curves"]["system/cpu_percent"]["steps"]) <= 200
    charts = list(families(seen["curves"], None))
    assert charts[0] == "loss"
    assert set(charts[-2:]) == CPU


def test_it_changes_no_result_and_can_be_switched_off(train: Callable[..., Run]) -> None:
    runs = [train(executor="inline", epochs=10, resources=wanted) for wanted in (True, False)]
    assert [machine(run).keys() for run in runs] == [CPU, set()]
    assert runs[0].last.record.digest == runs[1].last.record.digest
    assert runs[0].metrics().equals(runs[1].metrics())


def test_gpus_are_sampled_where_the_run_trains_on_one() -> None:
    looked = threading.Event()

    def gpus() -> list[Gpu]:
        looked.set()
        return [Gpu("A100", 73.0, 2_500_000_000, 80_000_000_000), Gpu("part", None, 1_000_000_000, 2_000_000_000)]

    with Sampler(10, lambda: 0.0, gpus) as sampler:
        assert looked.wait(60)
        until(lambda: sampler._newest)
        assert sampler.take(10) == {}, "the step at which the trainer began has its sample"
        found = sampler.take(12)
        assert sampler.take(12) == {}, "a step has one sample"
    values = {name: (step, round(float(value[0]), 3)) for name, (step, value) in found.items() if "gpu" in name}
    assert values == {
        "system/gpu0_percent": (12, 73.0),
        "system/gpu0_memory_gb": (12, 2.5),
        "system/gpu1_memory_gb": (12, 1.0),
    }
    assert found.keys() > CPU


@pytest.mark.parametrize(
    ("device", "looks"), [("cpu", False), ("TFRT_CPU_0", False), ("/CPU:0", False), ("cuda:0", True)]
)
def test_a_run_on_processors_asks_no_gpu(device, looks) -> None:
    assert (sampling.make_sampler(0, lambda: 0.0, device)._gpus is not None) is looks


def test_samples_of_a_long_run_grow_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sampler = Sampler(0, lambda: 100_000.0)

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return True

    monkeypatch.setattr(sampler._done, "wait", wait)
    sampler._watch()
    assert waits == [50.0]
