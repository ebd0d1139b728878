"""Where on an image a Keras model looked: its layers tell what they give, for one pass."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.gradcam import BATCH, Given, chosen, image_size, maps

if TYPE_CHECKING:
    import numpy.typing as npt

_CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
_FIRST = "channels_first"

_Note = Callable[[Any, Any], None]


def heatmaps(
    model: keras.Model,
    show: Callable[[Any], Any],
    inputs: npt.NDArray[Any],
    targets: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """Compute Grad-CAM of a built model.

    Parameters
    ----------
    model : keras.Model
        Nobody else may use it meanwhile.
    show : callable
        Makes logits of what it gives.
    inputs : numpy.ndarray, shape (n, *input_shape)
        Preprocessed images.
    targets : numpy.ndarray of int64, shape (n,)
        The class to explain, for each.

    Raises
    ------
    ConfigurationError
        If no layer's outputs lie like an image.
    """
    parts = [
        _of_batch(model, show, inputs[at : at + BATCH], targets[at : at + BATCH]) for at in range(0, len(inputs), BATCH)
    ]
    return np.concatenate(parts)


def _of_batch(
    model: keras.Model, show: Callable[[Any], Any], inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    given: list[tuple[Given, Any, bool]] = []

    def note(layer: Any, output: Any) -> None:
        if tf.is_tensor(output) and output.dtype.is_floating and output.shape.rank is not None:
            layout = getattr(layer, "data_format", None) or keras.config.image_data_format()
            is_convolution = isinstance(layer, _CONVOLUTIONS)
            given.append((Given(tuple(output.shape), is_convolution), output, layout == _FIRST))

    batch = tf.constant(inputs)
    with tf.GradientTape() as tape, _told(model, note):
        if batch.dtype.is_floating:
            tape.watch(batch)
        score = _score(show(model(batch, training=False)), tf.constant(targets))
    calls = [call for call, _, _ in given]
    at = chosen(calls, inputs.shape, type(model).__name__)
    # What follows a convolution in its shape lies as that does.
    layouts = [first for call, _, first in given[: at + 1] if call.is_convolution] or [given[at][2]]
    activations = given[at][1]
    gradients = tape.gradient(score, activations, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    shown = [tf.cast(tensor, tf.float32).numpy() for tensor in (activations, gradients)]
    if layouts[-1]:
        shown = [array.transpose(0, 2, 3, 1) for array in shown]
    return maps(shown[0], shown[1], image_size(inputs.shape[1:]))


@contextmanager
def _told(model: keras.Model, note: _Note) -> Iterator[None]:
    """Be told of what each layer gives, on its instances alone."""
    with ExitStack() as stack:
        for layer in model._flatten_layers(include_self=False):  # noqa: SLF001 - nothing public reaches nested ones
            object.__setattr__(layer, "call", _telling(layer, layer.call, note))
            stack.callback(object.__delattr__, layer, "call")
        yield


def _telling(layer: Any, call: Callable[..., Any], note: _Note) -> Callable[..., Any]:
    @functools.wraps(call)
    def told(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        note(layer, output)
        return output

    return told


def _score(outputs: Any, targets: Any) -> Any:
    """Add up what speaks for each sample's class; one logit alone speaks for the second of two."""
    flat = tf.reshape(outputs, (tf.shape(outputs)[0], -1))
    if flat.shape[1] == 1:
        return tf.reduce_sum(flat[:, 0] * tf.cast(2 * targets - 1, flat.dtype))
    return tf.reduce_sum(tf.gather(flat, targets, axis=1, batch_dims=1))
