"""How Keras models read sequences. Imports Keras; imported only while a net is built."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.sequences import SequenceInput

_PACKAGE = "dltrainer"


@keras.saving.register_keras_serializable(_PACKAGE)
class Known(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Take every token that isn't known for the one unknown.

    Parameters
    ----------
    count : int
        How many are known; that is the unknown one's number.
    **settings : object
        As every layer takes them.
    """

    def __init__(self, count: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.count = count

    def call(self, tokens: Any) -> Any:
        """Take them."""
        known = ops.logical_and(tokens >= 0, tokens < self.count)
        return ops.where(known, tokens, self.count)

    def compute_output_shape(self, shape: Any) -> Any:
        """Give the shape of what it makes."""
        return shape

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {**super().get_config(), "count": self.count}


@keras.saving.register_keras_serializable(_PACKAGE)
class Lengths(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Say how long sequences are that are filled up at their end, shape (n, 1).

    Parameters
    ----------
    padding : int
        The token that fills them up.
    more : int, default 0
        Steps that are put in front.
    **settings : object
        As every layer takes them.
    """

    def __init__(self, padding: int, more: int = 0, **settings: Any) -> None:
        super().__init__(**settings)
        self.padding, self.more = padding, more

    def call(self, tokens: Any) -> Any:
        """Count."""
        places = ops.arange(1, tokens.shape[1] + 1, dtype="int32")
        last = ops.max(places * ops.cast(tokens != self.padding, "int32"), axis=1, keepdims=True)
        # One step is left of a sequence that is nothing else.
        return ops.maximum(last, 1) + self.more

    def compute_output_spec(self, tokens: Any) -> Any:
        """Say what it makes."""
        return keras.KerasTensor((tokens.shape[0], 1), dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {**super().get_config(), "padding": self.padding, "more": self.more}


@keras.saving.register_keras_serializable(_PACKAGE)
class Turned(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Turn sequences round; what fills them up stays behind."""

    def call(self, steps: Any, lengths: Any = None) -> Any:
        """Turn them."""
        if lengths is None:
            return ops.flip(steps, axis=1)
        places = ops.arange(steps.shape[1], dtype="int32")
        order = ops.where(places < lengths, lengths - 1 - places, places)
        return ops.take_along_axis(steps, order[..., None], axis=1)

    def compute_output_shape(self, steps_shape: Any, lengths_shape: Any = None) -> Any:  # noqa: ARG002 - as it is called
        """Give the shape of what it makes."""
        return steps_shape

    def flops_per_sample(self, _takes: object, _gives: object) -> int:
        """Count its operations: it only moves values."""
        return 0


@keras.saving.register_keras_serializable(_PACKAGE)
class Pooled(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Make one of all steps: shape (n, width) of (n, steps, width).

    Parameters
    ----------
    kind : {"first", "last", "mean", "max"}
        How.
    **settings : object
        As every layer takes them.
    """

    def __init__(self, kind: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.kind = kind

    def call(self, steps: Any, lengths: Any = None) -> Any:
        """Make it."""
        if self.kind == "first":
            return steps[:, 0]
        if lengths is None:
            if self.kind == "last":
                return steps[:, -1]
            return ops.mean(steps, axis=1) if self.kind == "mean" else ops.max(steps, axis=1)
        if self.kind == "last":
            return ops.squeeze(ops.take_along_axis(steps, (lengths - 1)[..., None], axis=1), axis=1)
        counts = (ops.arange(steps.shape[1], dtype="int32") < lengths)[..., None]
        if self.kind == "mean":
            return ops.sum(ops.where(counts, steps, 0.0), axis=1) / ops.cast(lengths, steps.dtype)
        return ops.max(ops.where(counts, steps, float("-inf")), axis=1)

    def compute_output_shape(self, steps_shape: Any, lengths_shape: Any = None) -> Any:  # noqa: ARG002 - as it is called
        """Give the shape of what it makes."""
        return steps_shape[0], steps_shape[2]

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {**super().get_config(), "kind": self.kind}


def reading(signature: Signature, read: SequenceInput, width: int, more: int = 0) -> tuple[Any, Any, Any]:
    """Make what reads samples.

    Parameters
    ----------
    signature : Signature
        Of the data.
    read : SequenceInput
        How samples are read.
    width : int
        Values that stand for a token.
    more : int, default 0
        Steps that are put in front later.

    Returns
    -------
    inputs, steps, lengths : keras.KerasTensor
        Of shapes (n, ...), (n, steps, features), (n, 1); the last is None where no sequence is filled up.
    """
    if not read.tokens:
        inputs, *others = named.entry(signature)
        steps = inputs
        for layer in others:
            steps = layer(steps)
        if read.rows:
            steps = layers.Permute((2, 1, 3), name="rows")(steps)
            steps = layers.Reshape((read.steps, read.features), name="steps")(steps)
        return inputs, steps, None
    tokens = keras.Input(signature.input_shape, dtype="int64", name="input")
    lengths = None if read.padding is None else Lengths(read.padding, more, name="lengths")(tokens)
    start = keras.initializers.RandomNormal(stddev=1.0)
    embedding = layers.Embedding(read.tokens + 1, width, embeddings_initializer=start, name="tokens.embedding")
    return tokens, embedding(Known(read.tokens, name="tokens.known")(tokens)), lengths


def with_lengths(layer: keras.Layer, steps: Any, lengths: Any) -> Any:
    """Call a layer that may be told how long sequences are."""
    return layer(steps) if lengths is None else layer(steps, lengths)
