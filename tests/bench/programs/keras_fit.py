"""Keras' own ``model.fit``."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

TITLE = "model.fit"
NEEDS = ("tensorflow", "keras")


def compiled(subject: ModuleType) -> keras.Model:
    """Make a subject's model, compiled with Adam and accuracy."""
    import keras

    model = subject.keras()
    model.compile(
        optimizer=keras.optimizers.Adam(subject.RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    inputs, targets = subject.arrays()
    compiled(subject).fit(inputs, targets, batch_size=subject.BATCH, epochs=epochs, verbose=0)
