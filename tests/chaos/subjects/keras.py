"""A compiled ``keras.Model`` as it is: layers that augment, dropout, an optimizer with a schedule and an average."""

from __future__ import annotations

from typing import Any

import keras
from sklearn.datasets import load_digits

EPOCHS = 12
_BATCHES = 90


def settings() -> dict[str, Any]:
    """Give what to train."""
    images, labels = load_digits(return_X_y=True)
    return {
        "model": compiled(),
        "data": (images.astype("float32").reshape(-1, 8, 8, 1) / 16, labels.astype("int64")),
    }


def compiled() -> keras.Model:
    """Make the same model each time."""
    layers = keras.layers
    start = keras.initializers.GlorotUniform
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.RandomTranslation(0.1, 0.1, seed=1),
            layers.Conv2D(8, 3, kernel_initializer=start(seed=2), use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.3, seed=3),
            layers.Dense(10, kernel_initializer=start(seed=4)),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * _BATCHES // 3)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            rate, use_ema=True, ema_momentum=0.95, clipnorm=1.0, gradient_accumulation_steps=3
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
