"""Lightning's Trainer."""

from __future__ import annotations

import logging
import tempfile
import warnings
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lightning.pytorch as pl
    import torch

TITLE = "Lightning Trainer"
NEEDS = ("lightning",)


def module(subject: ModuleType) -> pl.LightningModule:
    """Wrap a subject's net as people do, with its loss logged."""
    import lightning.pytorch as pl
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import adam

    class Classifier(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = subject.pytorch()

        def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
            inputs, targets = batch
            loss = cross_entropy(self.net(inputs), targets)
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return adam(subject, self)

    return Classifier()


def train(subject: ModuleType, epochs: int) -> None:
    """Train, with the logger and the checkpoints that are there by default."""
    import lightning.pytorch as pl

    from tests.bench.programs.tensors import loader

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            devices=1,
            default_root_dir=folder,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module(subject), loader(subject))
