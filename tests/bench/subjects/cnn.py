"""Two convolutions on images of 28 by 28, where the arithmetic is what costs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import keras as keras_package
    import torch
    from flax import nnx

BATCH = 64
RATE = 1e-3
_SAMPLES, _SIDE, _CLASSES = 12_800, 28, 10
_CHANNELS = (16, 32)
_FEATURES = _CHANNELS[1] * (_SIDE // 4) ** 2


@cache
def arrays() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Make images, shape (n, 1, 28, 28), and their classes."""
    rng = np.random.default_rng(7)
    images = rng.standard_normal((_SAMPLES, 1, _SIDE, _SIDE), dtype=np.float32)
    return images, rng.integers(0, _CLASSES, _SAMPLES)


def pytorch() -> torch.nn.Module:
    """Make the net for PyTorch."""
    from torch import nn

    first, second = _CHANNELS
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(_FEATURES, _CLASSES),
    )


def keras() -> keras_package.Model:
    """Make the net for Keras, not compiled yet."""
    from keras import Input, Sequential, layers

    first, second = _CHANNELS
    return Sequential(
        [
            Input((1, _SIDE, _SIDE)),
            layers.Reshape((_SIDE, _SIDE, 1)),
            layers.Conv2D(first, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(second, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(_CLASSES),
        ]
    )


def jax() -> nnx.Module:
    """Make the net for JAX."""
    from functools import partial

    from flax import nnx

    first, second = _CHANNELS
    rngs = nnx.Rngs(7)
    pool = partial(nnx.max_pool, window_shape=(2, 2), strides=(2, 2))
    return nnx.Sequential(
        _channels_last,
        nnx.Conv(1, first, (3, 3), rngs=rngs),
        nnx.relu,
        pool,
        nnx.Conv(first, second, (3, 3), rngs=rngs),
        nnx.relu,
        pool,
        _flat,
        nnx.Linear(_FEATURES, _CLASSES, rngs=rngs),
    )


def _channels_last(images):
    return images.transpose(0, 2, 3, 1)


def _flat(images):
    return images.reshape(len(images), -1)
