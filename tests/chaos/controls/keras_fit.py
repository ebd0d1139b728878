"""Keras by itself: ``fit`` with ``BackupAndRestore``, as its documentation says it survives an interruption."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
from sklearn.datasets import load_digits

from tests.chaos.controls.report import Progress, finish
from tests.chaos.subjects.keras import EPOCHS, compiled


def main(folder: Path, save_freq: str) -> None:
    """Train in a folder, or go on there."""
    keras.utils.set_random_seed(7)
    images, labels = load_digits(return_X_y=True)
    model = compiled()
    progress = Progress(folder)
    told = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: progress.step())
    backup = keras.callbacks.BackupAndRestore(
        folder / "backup", save_freq="epoch" if save_freq == "epoch" else int(save_freq)
    )
    model.fit(
        images.astype("float32").reshape(-1, 8, 8, 1) / 16,
        labels,
        batch_size=16,
        epochs=EPOCHS,
        validation_split=0.2,
        verbose=0,
        callbacks=[backup, told],
    )
    finish(folder, [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
