"""Runs on somebody's loaders: as a person starts, leaves and resumes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.loop.parts import load_data
from dltrainer_jupyter.tal import Run
from tests.data.foreign.material import InOrder, Moody, Noisy, digits
from tests.waiting import until


class Leaving(nn.Module):
    """Suspends its run after some steps, once."""

    at: int | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and Leaving.at is not None:
            Leaving.at -= 1
            if not Leaving.at:
                Leaving.at = None
                tal.get("theirs").suspend()
        return x


def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return nn.Sequential(Leaving(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 10))


def start(data: Any, **settings: Any) -> Run:
    return tal.train(model=net(), data=data, epochs=3, name="theirs", verbose=False, **settings)


def left_and_resumed(data: Any, at: int) -> Run:
    Leaving.at = at
    run = start(data)
    until(lambda: run.state not in {"pending", "running"}, timeout=60)
    assert run.state == "suspended"
    # Trying the model on a batch may have counted as well.
    assert run.step in {at - 1, at}
    run.resume()
    return run.wait(60)


def workers() -> set[int]:
    """Give the processes of loaders; the server of them, which other tests share, is their parent."""
    return {worker.pid for server in psutil.Process().children() for worker in _children(server.pid)}


def digest(run: Run) -> str:
    return str(run.last.record.digest)


@pytest.mark.slow
def test_exact_whatever_the_workers_and_wherever_it_was_left() -> None:
    runs = [start(DataLoader(Noisy(), 40, shuffle=True, num_workers=workers)).wait(60) for workers in (0, 2)]
    runs.append(left_and_resumed(DataLoader(Noisy(), 40, shuffle=True), at=9))
    assert len({digest(run) for run in runs}) == 1
    assert [(run.record.resume, run.exact) for run in runs] == [("exact", True)] * 3
    assert runs[0].record.progress.steps_per_epoch == 6


def test_a_replay_that_was_compared_is_exact_too() -> None:
    undisturbed = start(DataLoader(InOrder(), 40)).wait(60)
    resumed = left_and_resumed(DataLoader(InOrder(), 40), at=9)
    assert digest(resumed) == digest(undisturbed)
    assert (resumed.record.resume, resumed.exact) == ("replay", True)


def test_a_replay_that_differs_is_told() -> None:
    run = left_and_resumed(DataLoader(TensorDataset(*digits()), 40, sampler=Moody()), at=9)
    told = [event.message for event in run.store.events(run.id) if event.kind == "inexact"]
    assert not run.exact
    assert told == [
        "A resume may differ in the last bits: the loader gave other batches when the epoch was read again."
    ]


def test_a_generator_goes_back_to_the_start_of_an_epoch() -> None:
    x, y = digits()
    batches = ((x[i : i + 40], y[i : i + 40]) for i in [0, 40, 80, 120] * 5)
    Leaving.at = 6
    run = start(batches, steps_per_epoch=4)
    until(lambda: run.state == "suspended")
    run.resume()
    run.wait(60)
    assert run.step == 12
    assert run.store.attempts(run.id)[-1].resumed_from_step == 4
    assert (run.record.resume, run.exact) == ("epoch", False)
    assert [event.kind for event in run.store.events(run.id)].count("kernel_bound") == 1, "the model is a copy"


def test_checkpoints_asked_for_in_an_epoch_do_not_push_out_the_one_a_generator_is_taken_up_at() -> None:
    x, y = digits()

    def meddling() -> Iterator[Any]:
        for number in range(30):
            if number in {13, 14}:
                tal.get("theirs").checkpoint()
            if number == 15:
                tal.get("theirs").suspend()
            yield x[:40], y[:40]

    # The first epoch is the best, as loss falls from then on.
    settings = {"monitor": "train_loss", "monitor_mode": "max", "checkpoint": {"keep": 2}}
    run = start(meddling(), steps_per_epoch=6, **settings)
    until(lambda: run.state == "suspended")
    assert sum("manual" in record.kinds for record in run.checkpoints) == 2
    run.resume()
    assert run.wait(60).step == 18
    assert run.store.attempts(run.id)[-1].resumed_from_step == 12


def test_an_error_in_mid_epoch_fails_the_run_which_goes_on_once_it_is_mended() -> None:
    x, y = digits()
    broken, passes = True, []

    def batches() -> Iterator[Any]:
        passes.append(len(passes))
        for number in range(6):
            if broken and number == 4 and len(passes) == 2:
                msg = "the disk is gone"
                raise OSError(msg)
            yield x[40 * number : 40 * number + 40], y[40 * number : 40 * number + 40]

    run = start(batches)
    until(lambda: run.state == "failed")
    assert "the disk is gone" in str(run.record.error)
    assert run.step == 10
    broken = False
    run.resume()
    assert digest(run.wait(60)) == digest(start(batches).wait(60))
    assert run.exact


def test_validation_has_a_loader_of_its_own() -> None:
    data = DataLoader(TensorDataset(*digits()), 60)
    run = start(data, validation=DataLoader(Noisy(), 120), metrics=["accuracy"]).wait(60)
    again = start((data, DataLoader(Noisy(), 120)), metrics=["accuracy"]).wait(60)
    assert run.metrics()["val_accuracy"].notna().all()
    assert run.metrics().equals(again.metrics())
    assert run.exact
    shown = run.last.examples(2)
    assert [item["truth"] for item in shown["items"]] == [str(int(target)) for target in digits()[1][:2]]
    assert shown["total"] == 120


@pytest.mark.parametrize("kind", ["loader", "function"])
def test_arrays_to_validate_on_beside_a_loader(kind: str) -> None:
    x, y = digits()
    loader = DataLoader(TensorDataset(x, y), 60)
    data = loader if kind == "loader" else lambda: iter(loader)
    # As a table would bring them; the loader gives float32.
    held_back = x.double().numpy(), y[:, None].numpy()
    runs = [start(data, validation=held_back), start((data, held_back)), start((data, DataLoader(loader.dataset, 64)))]
    first, second, third = (run.wait(60).metrics()[["train_loss", "val_loss"]] for run in runs)
    assert first.equals(second)
    assert first.equals(third)
    assert runs[0].last.examples(2)["total"] == len(x)
    assert start((data, held_back), validation=False).wait(60).metrics()["val_loss"].isna().all()


def test_loaders_and_arrays_do_not_mix_otherwise() -> None:
    x, y = digits()
    loader = DataLoader(TensorDataset(x, y), 60)
    for data in ((loader, x), (x, loader), (loader, x, y), (lambda: iter(loader), x)):
        with pytest.raises(TrainingFailed, match="both must be loaders, or the second a pair of arrays"):
            start(data).wait(60)
    with pytest.raises(ConfigurationError, match=r"validation: the data \(.*\) brings its own; leave one of them out"):
        start((loader, loader), validation=(x, y))


def test_what_validation_draws_from_shared_generators_is_told() -> None:
    class Tied(Noisy):
        def __reduce__(self) -> Any:
            msg = "tied to this process"
            raise TypeError(msg)

    run = start((DataLoader(TensorDataset(*digits()), 60), DataLoader(Tied(), 120))).wait(60)
    told = [event.message for event in run.store.events(run.id) if event.kind == "inexact"]
    assert len(told) == 1
    assert "tied to this process" in told[0]


def test_a_running_generator_is_not_asked_for_examples() -> None:
    x, y = digits()
    run = start(((x[:40], y[:40]) for _ in range(6)), steps_per_epoch=2).wait(60)
    with pytest.raises(ConfigurationError, match="examples: a generator gives its batches only once"):
        run.last.examples()


def test_loaders_are_closed_where_the_settings_do_not_go_with_them() -> None:
    before = workers()
    spec = RunSpec(model="mlp", data=Part.user_object("theirs"), preprocessing=["standardize"])
    with pytest.raises(ConfigurationError, match="preprocessing: 'standardize' can't be applied") as raised:
        load_data(spec, {"data": DataLoader(Noisy(), 40, num_workers=2), "validation": None})
    # The traceback holds on to the loader, so that nothing is collected.
    assert raised.tb is not None
    until(lambda: workers() <= before)


def test_a_share_of_a_loader_can_not_be_held_back() -> None:
    with pytest.raises(ConfigurationError, match="no share of a loader's batches .* got 0.3; divide what it reads"):
        start(DataLoader(TensorDataset(*digits()), 60), validation=0.3)
    with pytest.raises(ConfigurationError, match="a DataLoader goes with a loader as data"):
        start(digits(), validation=DataLoader(TensorDataset(*digits()), 60))


@pytest.mark.parametrize("fails", [False, True])
def test_workers_end_with_the_run(fails: bool) -> None:
    before = workers()
    model = nn.Sequential(nn.Linear(64 if not fails else 3, 10))
    loaders = DataLoader(Noisy(), 40, num_workers=2, persistent_workers=True), DataLoader(Noisy(), 40, num_workers=1)
    run = tal.train(model=model, data=loaders, epochs=2, verbose=False)
    until(lambda: run.state in {"completed", "failed"}, timeout=60)
    assert run.state == ("failed" if fails else "completed")
    until(lambda: workers() <= before)


@pytest.mark.slow
def test_killed_with_its_workers_and_resumed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = start(DataLoader(Noisy(), 40, shuffle=True)).wait(60)
    # In the second epoch, or in the middle of the first: wherever the third checkpoint is.
    monkeypatch.setenv("DLTRAINER_FAILPOINT", "checkpoint.committed:3")
    Leaving.at = None
    run = start(
        DataLoader(Noisy(), 40, shuffle=True, num_workers=2), executor="process", checkpoint={"every_seconds": 0.01}
    )
    seen: dict[int, psutil.Process] = {}

    def lost() -> bool:
        for attempt in run.store.attempts(run.id):
            seen.update({child.pid: child for child in _children(attempt.pid)})
        return run.state in {"lost", "completed"}

    until(lost, timeout=60)
    assert run.state == "lost"
    run.resume(executor="thread")
    assert digest(run.wait(60)) == digest(undisturbed)
    assert len(seen) > 2, "the server and its workers were there"
    until(lambda: not any(map(_lives, seen.values())), timeout=60)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []
