"""Samples with two inputs and two targets, and nets for them on each framework."""

from __future__ import annotations

from typing import Any

import numpy as np

N = 75
_RNG = np.random.default_rng(7)
IMAGE = _RNG.random((N, 1, 4, 4)).astype(np.float32)
META = _RNG.normal(3, 5, (N, 3)).astype(np.float32)
DIGIT = np.arange(N) % 4
ODD = np.where(META[:, 0] > 3, "yes", "no")
INPUTS = {"image": IMAGE, "meta": META}
TARGETS = {"digit": DIGIT, "odd": ODD}
FRAMEWORKS = ("pytorch", "jax", "tensorflow")


def net(framework: str, *, named: bool = True) -> Any:
    """Give a function that makes a net of an image and a row, with outputs ``digit`` (4 classes) and ``odd`` (2)."""
    return {"pytorch": _pytorch, "jax": _jax, "tensorflow": _keras}[framework](named)


def _pytorch(named: bool) -> Any:
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image, self.meta, self.drop = nn.Linear(16, 8), nn.Linear(3, 8), nn.Dropout(0.2)
            self.digit, self.odd = nn.Linear(8, 4), nn.Linear(8, 2)

        def forward(self, image, meta):
            hidden = self.drop(torch.tanh(self.image(image.flatten(1)) + self.meta(meta)))
            digit, odd = self.digit(hidden), self.odd(hidden)
            return {"digit": digit, "odd": odd} if named else (digit, odd)

    return Net


def _jax(named: bool) -> Any:
    from flax import nnx

    class Net(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.image, self.meta = nnx.Linear(16, 8, rngs=rngs), nnx.Linear(3, 8, rngs=rngs)
            self.drop = nnx.Dropout(0.2, rngs=rngs)
            self.digit, self.odd = nnx.Linear(8, 4, rngs=rngs), nnx.Linear(8, 2, rngs=rngs)

        def __call__(self, image, meta):
            hidden = self.drop(nnx.tanh(self.image(image.reshape(len(image), -1)) + self.meta(meta)))
            digit, odd = self.digit(hidden), self.odd(hidden)
            return {"digit": digit, "odd": odd} if named else (digit, odd)

    return Net(nnx.Rngs(0))


def _keras(named: bool) -> Any:
    def make() -> Any:
        import keras

        image, meta = keras.Input((1, 4, 4), name="image"), keras.Input((3,), name="meta")
        parts = keras.layers.Dense(8)(keras.layers.Flatten()(image)), keras.layers.Dense(8)(meta)
        hidden = keras.layers.Dropout(0.2)(keras.layers.Activation("tanh")(keras.layers.Add()(parts)))
        digit, odd = keras.layers.Dense(4)(hidden), keras.layers.Dense(2)(hidden)
        if named:
            return keras.Model({"image": image, "meta": meta}, {"digit": digit, "odd": odd})
        return keras.Model([image, meta], [digit, odd])

    return make
