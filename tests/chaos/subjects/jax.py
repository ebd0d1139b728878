"""A Flax module on arrays in memory, with our optimizer, augmentation, accumulation and moving average."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flax import nnx

if TYPE_CHECKING:
    import jax

EPOCHS = 24


class Net(nnx.Module):
    """A small convolutional net."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.convolution = nnx.Conv(1, 8, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.dropout = nnx.Dropout(0.3, rngs=rngs)
        self.head = nnx.Linear(8 * 64, 10, rngs=rngs)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.norm(self.convolution(inputs.transpose(0, 2, 3, 1))))
        return self.head(self.dropout(hidden.reshape(len(inputs), -1)))


def settings() -> dict[str, Any]:
    """Give what to train."""
    return {
        "framework": "jax",
        "model": Net(nnx.Rngs(7)),
        "data": "digits",
        "optimizer": {"type": "adamw"},
        "scheduler": {"type": "cosine", "warmup_epochs": 1},
        "augmentation": [{"type": "crop", "padding": 1}],
        "ema": 0.99,
        "gradient_accumulation": 3,
        "gradient_clipping": 1.0,
        "metrics": ["accuracy", "f1"],
        "threads": None,  # the environment of the process alone can set it
    }
