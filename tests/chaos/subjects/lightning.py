"""A ``LightningModule`` of its own mind: its optimizer, its schedule, its logs, and the user's own loader."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch
from torch.nn import functional

from tests.chaos.subjects.images import loaders
from tests.chaos.subjects.pytorch import net

EPOCHS = 12


class Classifier(pl.LightningModule):
    """Classifies digits; counts what it saw, so that it has a state besides its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.net = net()
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        inputs, targets = batch
        self.seen += len(inputs)
        # A weight that rises with the steps made, as people anneal a part of their loss.
        loss = functional.cross_entropy(self.net(inputs), targets) * (1 + 1e-4 * self.global_step)
        self.log("train_loss", loss, on_step=True, on_epoch=True, prog_bar=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        inputs, targets = batch
        outputs = self.net(inputs)
        self.log("val_loss", functional.cross_entropy(outputs, targets))
        self.log("val_accuracy", (outputs.argmax(-1) == targets).float().mean())

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=88 * EPOCHS)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def settings() -> dict[str, Any]:
    """Give what to train."""
    train, validation = loaders(0)
    return {"model": Classifier(), "data": train, "validation": validation}
