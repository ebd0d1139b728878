"""Lightning by itself: its ``Trainer`` with ``ModelCheckpoint``, going on from the last checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as pl

from tests.chaos.controls.report import Progress, finish
from tests.chaos.subjects.images import loaders
from tests.chaos.subjects.lightning import EPOCHS, Classifier


class Told(pl.Callback):
    """Says how far the trainer is."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_train_batch_end(self, *_: Any) -> None:
        self.progress.step()


def main(folder: Path, every: str) -> None:
    """Train in a folder, or go on there."""
    pl.seed_everything(7, workers=True, verbose=False)
    keep = pl.callbacks.ModelCheckpoint(folder / "checkpoints", every_n_train_steps=int(every), save_last=True)
    trainer = pl.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        deterministic=True,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[keep, Told(Progress(folder))],
    )
    module = Classifier()
    trainer.fit(module, *loaders(0), ckpt_path="last")
    slots = trainer.optimizers[0].state.values()
    finish(
        folder,
        [value.detach().numpy() for value in module.state_dict().values()]
        + [slot[name].numpy() for slot in slots for name in sorted(slot)],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
