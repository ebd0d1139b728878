"""PyTorch's loaders over iterable data sets, and torchdata's that know their state."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader

from dltrainer_jupyter.checkpoints import encoding
from tests.data.foreign.comparing import bits, taken_up
from tests.data.foreign.conftest import Load, Open
from tests.data.foreign.material import Backwards, InOrder, Remembering, digits

# torchdata calls what PyTorch 2.13 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:'set_vital' is deprecated")


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_is_read_again_and_compared(opened: Open, workers: int) -> None:
    stream, again = (opened(DataLoader(InOrder(), 40, num_workers=workers)) for _ in range(2))
    rest = taken_up(stream, again, 2, 3)
    assert rest == bits(stream.epoch(2, 0))[3:]
    assert rest[0] not in bits(stream.epoch(1, 0))
    assert (again.resume, again.inexact_because()) == ("replay", None)


def test_a_data_set_becomes_a_loader_with_the_runs_batch_size(load: Load) -> None:
    dataset = load(InOrder(), batch_size=100)
    assert dataset.validation is None
    assert [len(x) for x, _ in dataset.train.epoch(1, 0)] == [100, 100, 40]


class Changing(InOrder):
    """Another data set each time it is made."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.inputs = self.inputs + shift


def test_a_data_set_that_has_changed_is_found_out(opened: Open) -> None:
    again = opened(DataLoader(Changing(1.0), 40))
    taken_up(opened(DataLoader(Changing(0.0), 40)), again, 1, 3)
    assert again.inexact_because() == "the loader gave other batches when the epoch was read again"


def test_a_data_set_that_has_changed_is_found_out_between_epochs(opened: Open) -> None:
    stream, again = opened(DataLoader(Changing(0.0), 40)), opened(DataLoader(Changing(1.0), 40))
    list(stream.epoch(1, 0))
    again.load_state(stream.state())
    next(again.epoch(2, 0))
    assert again.inexact_because() is not None


@pytest.mark.parametrize("workers", [0, 2])
def test_a_state_takes_the_loader_to_the_very_batch(opened: Open, workers: int) -> None:
    def loader() -> Any:
        return StatefulDataLoader(Remembering(), 40, num_workers=workers)

    stream, again = opened(loader()), opened(loader())
    undisturbed = bits(stream.epoch(2, 0))
    batches = stream.epoch(2, 0)
    for _ in range(3):
        next(batches)
    again.load_state(encoding.loads(encoding.dumps(stream.state())))
    assert bits(again.epoch(2, 3)) == undisturbed[3:]
    assert (again.resume, again.inexact_because()) == ("exact", None)


@pytest.mark.parametrize("kind", ["replay", "sampler", "stateful"])
def test_a_state_that_was_loaded_is_given_again_before_anything_is_read(opened: Open, kind: str) -> None:
    """A checkpoint may be asked for between a resume and the first step."""

    def loader() -> Any:
        if kind == "sampler":
            return DataLoader(torch.utils.data.TensorDataset(*digits()), 40, sampler=Backwards())
        return DataLoader(InOrder(), 40) if kind == "replay" else StatefulDataLoader(Remembering(), 40)

    stream, again, third = opened(loader()), opened(loader()), opened(loader())
    rest = taken_up(stream, again, 2, 3)
    loaded = opened(loader())
    loaded.load_state(stream.state())
    third.load_state(loaded.state())
    assert bits(third.epoch(2, 3)) == rest
    assert third.inexact_because() is None


class Strange(Remembering):
    """Has a state that no checkpoint keeps."""

    def state_dict(self) -> dict[str, Any]:
        return {"at": self.at, "tensor": torch.Generator().device}


def test_a_state_that_no_checkpoint_keeps_is_not_claimed(opened: Open) -> None:
    stream, again = (opened(StatefulDataLoader(Strange(), 40)) for _ in range(2))
    assert taken_up(stream, again, 1, 3) == bits(stream.epoch(1, 0))[3:]
    assert again.resume == "replay"
    assert again.inexact_because() == "the loader's state holds device, which no checkpoint keeps"


def test_indexed_samples_need_no_state(opened: Open) -> None:
    data = torch.utils.data.TensorDataset(*digits())
    given = [opened(kind(data, 40, shuffle=True)) for kind in (DataLoader, StatefulDataLoader)]
    assert bits(given[0].epoch(1, 0)) == bits(given[1].epoch(1, 0))
    assert given[1].resume == "exact"
