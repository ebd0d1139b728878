"""What layers are made of on Keras. Imports Keras; imported only while a net is built.

Images are (n, height, width, channels) and sequences (n, time, features).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import keras
from keras import layers, ops

from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.blocks import Activation
from dltrainer_jupyter.models.keras_sequences import Known
from dltrainer_jupyter.models.layers.flow import Flow
from dltrainer_jupyter.models.layers.windows import Window

if TYPE_CHECKING:
    from dltrainer_jupyter.models.layers.base import KerasCall

_PACKAGE = "dltrainer"
_LAST = "channels_last"


def after(*calls: Any) -> KerasCall:
    """Call layers one after another."""

    def called(given: keras.KerasTensor) -> keras.KerasTensor:
        for call in calls:
            given = call(given)
        return given

    return called


def activated(layer: Any, name: str, activation: Activation | None) -> KerasCall:
    """Put an activation behind a layer, if there is one."""
    return after(layer) if activation is None else after(layer, named.activation(f"{name}.activation", activation))


def dense(name: str, features: int, units: int, *, bias: bool) -> keras.Layer:
    """Make a fully connected layer that starts as PyTorch's does."""
    start = _start(features)
    return layers.Dense(units, use_bias=bias, kernel_initializer=start, bias_initializer=start, name=name)


def conv(name: str, flow: Flow, features: int, window: Window, *, bias: bool) -> KerasCall:
    """Make a convolution that starts as PyTorch's does, with zeros where PyTorch puts them."""
    image = flow.form == "image"
    start = _start(flow.features * window.size ** (2 if image else 1))
    settings = {
        "use_bias": bias,
        "padding": "valid",
        "data_format": _LAST,
        "kernel_initializer": start,
        "bias_initializer": start,
        "name": name,
    }
    layer = (layers.Conv2D if image else layers.Conv1D)(features, window.size, window.stride, **settings)
    if not window.zeros:
        return after(layer)
    made = layers.ZeroPadding2D if image else layers.ZeroPadding1D
    return after(made(window.zeros, data_format=_LAST, name=f"{name}.padding"), layer)


def pool(name: str, flow: Flow, kind: Literal["max", "average"], window: Window) -> KerasCall:
    """Make a layer that pools neighbours."""
    image, largest = flow.form == "image", kind == "max"
    of_images = layers.MaxPooling2D if largest else layers.AveragePooling2D
    of_steps = layers.MaxPooling1D if largest else layers.AveragePooling1D
    return after((of_images if image else of_steps)(window.size, window.stride, data_format=_LAST, name=name))


def global_pool(name: str, flow: Flow, kind: Literal["max", "average"]) -> KerasCall:
    """Make a layer that pools all places."""
    image, largest = flow.form == "image", kind == "max"
    of_images = layers.GlobalMaxPooling2D if largest else layers.GlobalAveragePooling2D
    of_steps = layers.GlobalMaxPooling1D if largest else layers.GlobalAveragePooling1D
    return after((of_images if image else of_steps)(data_format=_LAST, name=name))


def norm(name: str, kind: Literal["batch", "layer", "group"], groups: int) -> KerasCall:
    """Make a normalisation with PyTorch's numbers."""
    if kind == "batch":
        return after(named.batch_norm(name))
    if kind == "group":
        return after(layers.GroupNormalization(groups, epsilon=1e-5, name=name))
    return after(layers.LayerNormalization(epsilon=1e-5, name=name))


def reshape(name: str, flow: Flow, shape: tuple[int, ...]) -> KerasCall:
    """Bring samples into another shape; values are counted channel by channel."""
    calls = [layers.Permute((3, 1, 2), name=f"{name}.channels_first")] if flow.form == "image" else []
    calls.append(layers.Reshape(shape, name=name))
    if len(shape) == 3:  # noqa: PLR2004 - an image
        calls.append(layers.Permute((2, 3, 1), name=f"{name}.channels_last"))
    return after(*calls)


def embedding(name: str, count: int, width: int) -> KerasCall:
    """Make values for each token, and for the one unknown, the last."""
    start = keras.initializers.RandomNormal(stddev=1.0)
    known = Known(count, name=f"{name}.known")
    return after(known, layers.Embedding(count + 1, width, embeddings_initializer=start, name=name))


def recurrent(
    name: str, kind: Literal["lstm", "gru"], units: int, *, every_step: bool, bidirectional: bool
) -> KerasCall:
    """Make a layer that reads a sequence, with PyTorch's equations."""
    start = _start(units)
    settings = {
        "return_sequences": every_step,
        "kernel_initializer": start,
        "recurrent_initializer": start,
        "bias_initializer": start,
        **({"unit_forget_bias": False} if kind == "lstm" else {"reset_after": True}),
    }
    made = layers.LSTM if kind == "lstm" else layers.GRU
    if not bidirectional:
        return after(made(units, **settings, name=name))
    ways = [made(units, **settings, name=f"{name}.{way}", go_backwards=way == "back") for way in ("onward", "back")]
    return after(layers.Bidirectional(ways[0], backward_layer=ways[1], name=name))


def self_attention(name: str, features: int, heads: int) -> KerasCall:
    """Make attention of a sequence to itself."""
    layer = layers.MultiHeadAttention(heads, features // heads, name=name)
    return lambda steps: layer(steps, steps)


@keras.saving.register_keras_serializable(_PACKAGE)
class Position(layers.Layer):  # type: ignore[misc] # Keras has no types
    """Adds what is learnt for each place of a sequence."""

    def build(self, shape: Any) -> None:
        """Make the values."""
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.values = self.add_weight(shape=tuple(shape[1:]), initializer=start, name="values")

    def call(self, steps: Any) -> Any:
        """Add them."""
        return ops.add(steps, self.values)

    def compute_output_shape(self, shape: Any) -> Any:
        """Give the shape of what it makes."""
        return shape


def _start(fan_in: int) -> keras.initializers.Initializer:
    bound = fan_in**-0.5
    return keras.initializers.RandomUniform(-bound, bound)
