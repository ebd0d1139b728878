"""Where on an image a Flax module looked: a layer's output is disturbed by zeros, and the class's score by them."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from dltrainer_jupyter.adapters.shared.gradcam import BATCH, Given, chosen, image_size, maps

if TYPE_CHECKING:
    import numpy.typing as npt

_CONVOLUTIONS = (nnx.Conv, nnx.ConvTranspose)

_Note = Callable[[Any, Any], Any]


def heatmaps(
    make: Callable[[], nnx.Module], inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Compute Grad-CAM.

    Parameters
    ----------
    make : callable
        Gives a module of its own in evaluation mode, each time.
    inputs : numpy.ndarray, shape (n, *input_shape)
        Preprocessed images.
    targets : numpy.ndarray of int64, shape (n,)
        The class to explain, for each.

    Raises
    ------
    ConfigurationError
        If no layer's outputs lie like an image.
    """
    parts = [_of_batch(make, inputs[at : at + BATCH], targets[at : at + BATCH]) for at in range(0, len(inputs), BATCH)]
    return np.concatenate(parts)


def _of_batch(
    make: Callable[[], nnx.Module], inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    calls: list[Given] = []
    dtypes: list[Any] = []

    def note(module: Any, output: Any) -> Any:
        if isinstance(output, jax.Array):
            calls.append(Given(tuple(output.shape), isinstance(module, _CONVOLUTIONS)))
            dtypes.append(output.dtype)
        return output

    batch = jnp.asarray(inputs)
    jax.eval_shape(lambda given: _computed(make(), given, note), batch)
    at = chosen(calls, inputs.shape, type(make()).__name__)

    def score(disturbance: jax.Array) -> tuple[jax.Array, jax.Array]:
        kept: list[jax.Array] = []
        count = [0]

        def disturb(_module: Any, output: Any) -> Any:
            if not isinstance(output, jax.Array):
                return output
            count[0] += 1
            if count[0] != at + 1:
                return output
            kept.append(output)
            return output + disturbance

        outputs = _computed(make(), batch, disturb)
        return _score(outputs, jnp.asarray(targets)), kept[0]

    gradients, activations = jax.jit(jax.grad(score, has_aux=True))(jnp.zeros(calls[at].shape, dtypes[at]))
    shown = [np.asarray(array, np.float32) for array in (activations, gradients)]
    return maps(shown[0], shown[1], image_size(inputs.shape[1:]))


def _score(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Add up what speaks for each sample's class; one logit alone speaks for the second of two."""
    flat = outputs.reshape(len(outputs), -1)
    if flat.shape[1] == 1:
        return (flat[:, 0] * (2 * targets - 1)).sum()
    return jnp.take_along_axis(flat, targets[:, None], axis=1).sum()


_note: ContextVar[_Note | None] = ContextVar("who is given what layers give", default=None)


def _computed(module: Any, batch: jax.Array, note: _Note) -> jax.Array:
    for _, part in [*nnx.iter_modules(module)]:
        if part is not module and callable(part):
            object.__setattr__(part, "__class__", _telling(type(part)))
    with _told(note):
        outputs: jax.Array = module(batch)
        return outputs


@contextmanager
def _told(note: _Note) -> Iterator[None]:
    token = _note.set(note)
    try:
        yield
    finally:
        _note.reset(token)


@functools.cache
def _telling(kind: Any) -> type[Any]:
    """Make a class like another one, whose outputs go through somebody's hands."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        output, note = kind.__call__(self, *args, **kwargs), _note.get()
        return output if note is None else note(self, output)

    made: type[Any] = types.new_class(kind.__name__, (kind,), {}, lambda body: body.update(__call__=call))
    made.__module__ = kind.__module__
    return made
