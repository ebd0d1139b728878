"""PyTorch's loaders over indexed samples."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, Subset, TensorDataset, WeightedRandomSampler, get_worker_info

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.foreign.source import Foreign
from tests.data.foreign.comparing import bits, taken_up
from tests.data.foreign.conftest import Load, Open
from tests.data.foreign.material import Backwards, Moody, N, Noisy, digits


class Counting(TensorDataset):
    """Knows what was loaded, and can't be sent anywhere."""

    def __init__(self) -> None:
        super().__init__(*digits())
        self.lock = threading.Lock()
        self.loaded: list[int] = []

    def __getitem__(self, index: int) -> Any:
        self.loaded.append(index)
        return super().__getitem__(index)


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_bits(opened: Open) -> None:
    given = [opened(DataLoader(Noisy(), 32, shuffle=True, num_workers=workers)) for workers in (0, 1, 2)]
    first, *others = [[bits(stream.epoch(epoch, 0)) for epoch in (1, 2)] for stream in given]
    assert len(first[0]) == 8
    assert first[0] != first[1]
    assert others == [first, first]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_is_taken_up_at_the_very_batch(opened: Open, workers: int) -> None:
    def loader() -> DataLoader[Any]:
        return DataLoader(Noisy(), 32, shuffle=True, num_workers=workers, persistent_workers=workers > 0)

    stream = opened(loader())
    assert taken_up(stream, opened(loader()), 2, 5) == bits(stream.epoch(2, 0))[5:]
    assert stream.resume == "exact"
    assert stream.inexact_because() is None


def test_what_is_left_out_is_not_loaded(opened: Open) -> None:
    dataset = Counting()
    stream = opened(DataLoader(dataset, 16))
    dataset.loaded.clear()
    assert len(list(stream.epoch(3, 10))) == 5
    assert dataset.loaded == list(range(160, N))


def test_a_smaller_last_batch_is_dropped_where_the_loader_drops_it(opened: Open) -> None:
    data = TensorDataset(*digits())
    kept, dropped = opened(DataLoader(data, 100)), opened(DataLoader(data, 100, drop_last=True))
    assert [len(x) for x, _ in kept.epoch(1, 0)] == [100, 100, 40]
    assert [len(x) for x, _ in dropped.epoch(1, 0)] == [100, 100]
    assert (kept.steps_per_epoch, dropped.steps_per_epoch) == (3, 2)


def test_a_data_set_that_makes_whole_batches(opened: Open) -> None:
    x, y = digits()
    stream = opened(DataLoader([(x[i : i + 40], y[i : i + 40]) for i in range(0, N, 40)], batch_size=None))
    assert [len(x) for x, _ in stream.epoch(1, 0)] == [40] * 6


def test_every_epoch_sees_every_sample_once(opened: Open) -> None:
    stream = opened(DataLoader(TensorDataset(*digits(), torch.arange(N)), 32, shuffle=True), recipe="lightning")
    seen = [torch.cat([batch[2] for batch in stream.epoch(epoch, 0)]) for epoch in (1, 2)]
    assert not seen[0].equal(seen[1])
    assert [sorted(epoch.tolist()) for epoch in seen] == [list(range(N))] * 2


def test_nobodys_generator_is_moved(opened: Open) -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    for data in (Noisy(), TensorDataset(*digits())):
        list(opened(DataLoader(data, 60, shuffle=True)).epoch(1, 0))
    assert torch.get_rng_state().equal(before[0])
    assert random.getstate() == before[1]
    assert np.random.get_state()[1].tolist() == before[2]  # noqa: NPY002


def test_a_data_set_that_can_not_travel_is_read_here_and_said_to_be_inexact(opened: Open) -> None:
    stream = opened(DataLoader(Counting(), 60))
    assert len(list(stream.epoch(1, 0))) == 4
    assert "can't be sent to worker processes" in str(stream.inexact_because())


def test_a_generator_that_a_data_set_keeps_is_named(opened: Open) -> None:
    class Keeping(TensorDataset):
        def __init__(self) -> None:
            super().__init__(*digits())
            self.rng = np.random.default_rng(0)

    stream = opened(DataLoader(Subset(Keeping(), range(100)), 60))
    assert stream.inexact_because() == "Keeping draws from a generator of its own ('rng'), which nobody seeds"


def test_workers_need_a_data_set_that_can_travel(opened: Open) -> None:
    with pytest.raises(ConfigurationError, match="its data set can't be sent .*_thread.lock.*num_workers=0"):
        opened(DataLoader(Counting(), 60, num_workers=2))


def test_an_error_in_a_worker_is_told_in_one_line(opened: Open) -> None:
    class Broken(Noisy):
        def __getitem__(self, index: int) -> Any:
            msg = f"sample {index}\nis damaged"
            raise ValueError(msg)

    with pytest.raises(ValueError, match=r"^sample 0\nis damaged \(test_torch_map.py, line \d+, in __getitem__\)$"):
        opened(DataLoader(Broken(), 60))


def test_classes_of_a_notebook_travel(opened: Open) -> None:
    class Local(Noisy):
        def __getitem__(self, index: int) -> Any:
            return self.inputs[index], self.targets[index] * 0 + get_worker_info().num_workers

    stream = opened(DataLoader(Local(), 60, num_workers=2, collate_fn=lambda rows: tuple(zip(*rows, strict=True))))
    assert int(next(stream.epoch(1, 0))[1][0]) == 2


def test_a_worker_s_first_function_sees_the_persons_own_data_set(opened: Open) -> None:
    def begin(worker: int) -> None:
        get_worker_info().dataset.targets = torch.full((N,), 100 + worker)

    stream = opened(DataLoader(Noisy(), 60, num_workers=1, worker_init_fn=begin))
    assert set(next(stream.epoch(1, 0))[1].tolist()) == {100}


def test_pytorchs_other_samplers_follow_the_seed(opened: Open) -> None:
    def loader() -> DataLoader[Any]:
        return DataLoader(TensorDataset(*digits()), 32, sampler=WeightedRandomSampler(torch.ones(N), N))

    stream = opened(loader())
    rest = taken_up(stream, opened(loader()), 2, 3)
    assert rest == bits(stream.epoch(2, 0))[3:] != bits(stream.epoch(1, 0))[3:]
    assert stream.resume == "exact"
    assert bits(opened(loader(), seed=1).epoch(2, 0))[3:] != rest


@pytest.mark.parametrize("own", ["sampler", "batch_sampler"])
def test_a_persons_own_sampler_is_gone_through_again(opened: Open, own: str) -> None:
    def loader() -> DataLoader[Any]:
        data = TensorDataset(*digits())
        if own == "sampler":
            return DataLoader(data, 32, sampler=Backwards())
        return DataLoader(data, batch_sampler=BatchSampler(Backwards(), 32, drop_last=True))

    stream, again = opened(loader()), opened(loader())
    assert taken_up(stream, again, 1, 3) == bits(stream.epoch(1, 0))[3:]
    assert (again.resume, again.inexact_because()) == ("replay", None)
    assert again.steps_per_epoch == (8 if own == "sampler" else 7)


def test_a_sampler_that_changes_its_mind_is_found_out(opened: Open) -> None:
    loaders = [DataLoader(TensorDataset(*digits()), 32, sampler=Moody()) for _ in range(2)]
    stream, again = map(opened, loaders)
    taken_up(stream, again, 1, 3)
    assert again.inexact_because() == "the loader gave other batches when the epoch was read again"


def test_a_share_of_a_data_set_is_held_back_as_with_arrays(load: Load) -> None:
    dataset = load(TensorDataset(*digits()), batch_size=50)
    assert dataset.validation is not None
    train, validation = (sum(len(x) for x, _ in part.epoch(1, 0)) for part in (dataset.train, dataset.validation))
    assert (train, validation) == (192, 48)
    assert load(TensorDataset(*digits()), validation=False).validation is None


def test_a_pair_trains_and_validates(load: Load) -> None:
    data = TensorDataset(*digits())
    pair = DataLoader(Subset(data, range(200)), 50, shuffle=True), DataLoader(Subset(data, range(200, N)), 50)
    dataset = load(pair)
    assert dataset.validation is not None
    assert [len(x) for x, _ in dataset.validation.epoch(1, 0)] == [40]
    assert bits(dataset.validation.epoch(1, 0)) == bits(dataset.validation.epoch(1, 0))


def test_a_data_set_is_divided_as_it_is_asked_for() -> None:
    x, y = digits()
    subject = TensorDataset(x, y)
    held = []
    for fold in range(4):
        spec = RunSpec(model="mlp", data="x", validation={"folds": 4, "fold": fold})
        found = Foreign(owns_process=True).load(spec, {"data": subject})
        held.append(found.partition.validation)
        assert (len(found.partition.train), found.partition.how) == (180, f"part {fold + 1} of 4 held back")
        found.train.close()
    assert sorted(np.concatenate(held).tolist()) == list(range(240))
