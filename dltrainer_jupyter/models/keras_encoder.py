"""Attention in Keras, layer by layer as in PyTorch. Imports Keras; imported only while a net is built."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.encoder import EPSILON, Encoder, bound, waves
from dltrainer_jupyter.models.keras_sequences import with_lengths


def linear(name: str, inputs: int, outputs: int, matrices: int = 1) -> keras.Layer:
    """Make a fully connected layer as transformers begin; several at once are drawn as each by itself is."""
    limit = bound(inputs, outputs)
    start = keras.initializers.RandomUniform(-limit, limit)
    return layers.Dense(matrices * outputs, kernel_initializer=start, name=name)


def norm(name: str) -> keras.Layer:
    """Make a normalisation of each step."""
    return layers.LayerNormalization(epsilon=EPSILON, name=name)


@keras.saving.register_keras_serializable("dltrainer")
class DotProduct(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Each step's mean of all steps' values, weighted by how well its query goes with their keys.

    Parameters
    ----------
    heads : int
        That share the values of a step.
    **settings : object
        As every layer takes them.
    """

    def __init__(self, heads: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.heads = heads

    def call(self, shared: Any, lengths: Any = None) -> Any:
        """Compute.

        Parameters
        ----------
        shared : tensor, shape (n, steps, 3 * width)
            Queries, keys and values of all heads.
        lengths : tensor of int, shape (n, 1), optional
            How many steps of each sequence may be looked at.
        """
        steps, width = shared.shape[1], shared.shape[2] // 3
        query, key, value = (
            ops.reshape(part, (-1, steps, self.heads, width // self.heads)) for part in ops.split(shared, 3, axis=2)
        )
        mask = None if lengths is None else (ops.arange(steps, dtype="int32") < lengths)[:, None, None]
        found = ops.dot_product_attention(query, key, value, mask=mask)
        return ops.reshape(found, (-1, steps, width))

    def compute_output_shape(self, shared_shape: Any, lengths_shape: Any = None) -> Any:  # noqa: ARG002 - as it is called
        """Give the shape of what it makes."""
        return (*shared_shape[:2], shared_shape[2] // 3)

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {**super().get_config(), "heads": self.heads}

    def flops_per_sample(self, takes: Any, _gives: object) -> int:
        """Count its operations: scores, and the sums they weigh."""
        steps, width = takes
        return int(4 * width // 3 * steps * steps)


@keras.saving.register_keras_serializable("dltrainer")
class Positions(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Add to each step what tells where it stands.

    Parameters
    ----------
    start : {"sinusoidal", "normal"}
        What is added at first.
    learned : bool, default True
        Whether that is trained.
    **settings : object
        As every layer takes them.
    """

    def __init__(self, start: str, learned: bool = True, **settings: Any) -> None:  # noqa: FBT001, FBT002 - by name
        super().__init__(**settings)
        self.start, self.learned = start, learned

    def build(self, shape: Any) -> None:
        """Make what is added."""
        steps, width = shape[1:]
        if self.start == "sinusoidal":
            start: Any = lambda _shape, dtype=None: ops.convert_to_tensor([waves(steps, width)], dtype)  # noqa: E731
        else:
            start = keras.initializers.RandomNormal(stddev=0.02)
        self.embedding = self.add_weight(
            shape=(1, steps, width), initializer=start, trainable=self.learned, name="embedding"
        )

    def call(self, steps: Any) -> Any:
        """Add it."""
        return steps + self.embedding

    def compute_output_shape(self, shape: Any) -> Any:
        """Give the shape of what it makes."""
        return shape

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {**super().get_config(), "start": self.start, "learned": self.learned}


@keras.saving.register_keras_serializable("dltrainer")
class ClassToken(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Put a step in front that has nothing to say of its own, and gathers what the others say."""

    def build(self, shape: Any) -> None:
        """Make it."""
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="zeros", name="token")

    def call(self, steps: Any) -> Any:
        """Put it in front."""
        token = ops.repeat(ops.cast(self.token, steps.dtype), ops.shape(steps)[0], axis=0)
        return ops.concatenate([token, steps], axis=1)

    def compute_output_shape(self, shape: Any) -> Any:
        """Give the shape of what it makes."""
        return shape[0], None if shape[1] is None else shape[1] + 1, shape[2]


def blocks(plan: Encoder, steps: Any, lengths: Any = None) -> Any:
    """Apply the blocks of an encoder.

    Parameters
    ----------
    plan : Encoder
        What it is made of.
    steps : keras.KerasTensor, shape (n, steps, width)
        What they look at.
    lengths : keras.KerasTensor of int, shape (n, 1), optional
        How many steps of each sequence may be looked at.
    """
    for number in range(plan.depth):
        name = f"blocks.{number}"
        shared = linear(f"{name}.attn.qkv", plan.width, plan.width, 3)(norm(f"{name}.norm1")(steps))
        dot_product = DotProduct(plan.heads, name=f"{name}.attn.dot_product")
        seen = with_lengths(dot_product, shared, lengths)
        seen = linear(f"{name}.attn.proj", plan.width, plan.width)(seen)
        steps = layers.Add(name=f"{name}.add1")([steps, _dropped(f"{name}.dropout", seen, plan)])
        found = linear(f"{name}.mlp.fc1", plan.width, plan.hidden)(norm(f"{name}.norm2")(steps))
        found = named.activation(f"{name}.mlp.activation", plan.activation)(found)
        found = _dropped(f"{name}.mlp.drop1", found, plan)
        found = linear(f"{name}.mlp.fc2", plan.hidden, plan.width)(found)
        steps = layers.Add(name=f"{name}.add2")([steps, _dropped(f"{name}.mlp.drop2", found, plan)])
    return steps


def _dropped(name: str, values: Any, plan: Encoder) -> Any:
    return layers.Dropout(plan.dropout, name=name)(values) if plan.dropout else values
