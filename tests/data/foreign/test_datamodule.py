"""Data modules: set up once a trainer, with the same random numbers in each, and asked for one loader of a kind."""

from __future__ import annotations

import random
from typing import Any

import lightning
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.foreign.datamodule import opened

X = torch.arange(60.0).reshape(30, 2) / 60
Y = (X[:, 0] > 0.5).long()
SPEC = RunSpec(model=Part.user_object("own"), data=Part.user_object("own"), recipe="lightning", seed=3)


class Module(lightning.LightningModule):
    """Trains a little, and remembers what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 2)
        self.sums = []

    def training_step(self, batch: Any) -> torch.Tensor:
        self.sums.append(batch[0].sum().item())
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: Any) -> None:
        self.log("val_loss", nn.functional.cross_entropy(self.net(batch[0]), batch[1]))
        self.log("val_sum", batch[0].sum(), reduce_fx="sum", on_epoch=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Data(lightning.LightningDataModule):
    """Splits at random, as examples do."""

    def setup(self, stage: str) -> None:
        self.stage = stage
        self.train_set, self.val_set = random_split(TensorDataset(X, Y), [24, 6])

    def train_dataloader(self) -> Any:
        return DataLoader(self.train_set, batch_size=6, shuffle=True)

    def val_dataloader(self) -> Any:
        return DataLoader(self.val_set, batch_size=6)


def indices(data: Data) -> list[int]:
    return list(data.val_set.indices)


@pytest.mark.parametrize("alone", [True, False])
def test_what_it_draws_depends_on_the_seed_alone(alone) -> None:
    before, seen = torch.get_rng_state(), []
    for seed in (3, 3, 4):
        torch.rand(2)
        data, drawn = Data(), torch.get_rng_state()
        assert opened(data, SPEC.model_copy(update={"seed": seed}), alone=alone)[2] is None
        assert torch.equal(torch.get_rng_state(), drawn)
        seen.append(indices(data))
    torch.set_rng_state(before)
    assert seen[0] == seen[1] != seen[2]
    assert data.stage == "fit"


def test_what_draws_from_others_generators_is_said() -> None:
    class Shuffling(Data):
        def setup(self, stage: str) -> None:
            super().setup(stage)
            random.shuffle([1, 2, 3])

    state = random.getstate()
    assert "draws from generators that other cells share" in opened(Shuffling(), SPEC, alone=False)[2]
    random.setstate(state)
    assert opened(Shuffling(), SPEC, alone=True)[2] is None
    assert random.getstate() == state


def test_there_may_be_no_validation() -> None:
    class Only(Data):
        val_dataloader = lightning.LightningDataModule.val_dataloader

    assert opened(Only(), SPEC, alone=False)[1] is None
    assert opened(Data(), SPEC.model_copy(update={"validation": False}), alone=False)[1] is None
    made = lightning.LightningDataModule.from_datasets(TensorDataset(X, Y), TensorDataset(X, Y), batch_size=5)
    assert opened(made, SPEC, alone=False)[1] is not None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda data: [DataLoader(data.train_set)] * 2, "train_dataloader gave several loaders"),
        (lambda data: {"a": DataLoader(data.train_set)}, "train_dataloader gave several loaders"),
        (lambda _: [], "train_dataloader gave no loader"),
        (lambda _: X, "should give a loader, got Tensor"),
    ],
)
def test_it_gives_one_loader(given, message) -> None:
    with pytest.raises(ConfigurationError, match=message):
        opened(type("Own", (Data,), {"train_dataloader": given})(), SPEC, alone=False)


def test_hooks_of_transfer_need_a_module_of_lightnings() -> None:
    class Changing(Data):
        def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
            return batch

    spec = SPEC.model_copy(update={"recipe": Part(type="supervised")})
    with pytest.raises(ConfigurationError, match="on_after_batch_transfer is only called for a LightningModule"):
        opened(Changing(), spec, alone=False)


class Augmenting(Data):
    """Changes batches, counts them, and asks its trainer."""

    seen = 0

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        return [batch[0] * 2, batch[1]]

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        self.seen += 1
        return [batch[0] + self.seen if self.trainer.training else batch[0], batch[1]]

    def state_dict(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.seen = state_dict["seen"]


def test_a_run_takes_a_data_module_and_goes_on_with_it() -> None:
    settings = {"executor": "inline", "verbose": False, "threads": 1, "seed": 3}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Module()
    whole = tal.train(model=model, data=Augmenting(), epochs=3, **settings).wait()
    extended = tal.train(model=model, data=Augmenting(), epochs=2, **settings).wait()
    extended.resume(epochs=3)
    extended.wait()
    first = Data()
    opened(first, SPEC, alone=False)
    assert whole.metrics().val_sum.tolist() == pytest.approx([2 * X[indices(first)].sum().item()] * 3)
    assert extended.metrics().equals(whole.metrics())
    assert extended.last.record.digest == whole.last.record.digest
    assert (whole.record.exact, whole.record.resume, whole.step) == (True, "exact", 12)
