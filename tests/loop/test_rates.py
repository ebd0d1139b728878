"""Who sets the learning rate, and what stays of that after a resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.tal import Run

X = torch.arange(48.0).reshape(24, 2) / 48
Y = (X[:, 0] > 0.5).long()


class Halving(lightning.LightningModule):
    """Halves its rate by hand after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 2)
        nn.init.zeros_(self.net.weight)
        nn.init.zeros_(self.net.bias)

    def training_step(self, batch: Any) -> torch.Tensor:
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def on_train_epoch_end(self) -> None:
        for group in self.optimizers().param_groups:
            group["lr"] *= 0.5

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def rate(run: Run) -> float:
    saved, _ = load(Path(run.last.record.path))
    return float(saved.meta["adapter"]["optimizers"]["optimizer"]["groups"][0]["lr"])


@pytest.mark.parametrize(("settings", "begins"), [({}, 0.1), ({"learning_rate": 0.2}, 0.2)])
def test_a_rate_set_by_hand_stays_over_epochs_and_resumes(settings: dict[str, float], begins: float) -> None:
    settings |= {"data": (X, Y), "batch_size": 8, "executor": "inline", "verbose": False, "validation": False}
    whole = tal.train(model=Halving(), epochs=4, **settings).wait()
    resumed = tal.train(model=Halving(), epochs=1, **settings).wait()
    for epochs in (2, 4):
        resumed.resume(epochs=epochs)
        resumed.wait()
    assert rate(resumed) == rate(whole) == begins / 16
    assert resumed.last.record.digest == whole.last.record.digest
    assert resumed.metrics().equals(whole.metrics())
