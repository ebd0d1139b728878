"""Where samples lie and how a batch is cut from them."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Samples
from dltrainer_jupyter.core.structures import leaves, mapped


class Placed(NamedTuple):
    """Samples as arrays, or structures of arrays: on the device, or, where they don't fit, on the host."""

    inputs: Any
    targets: Any

    @property
    def on_device(self) -> bool:
        """Whether they lie there."""
        return isinstance(self.inputs if isinstance(self.inputs, jax.Array) else next(leaves(self.inputs)), jax.Array)


def place(samples: Samples, device: jax.Device) -> Placed:
    """Bring samples to the device as a whole where they fit into half its free memory, else keep them on the host."""
    inputs = mapped(samples.inputs, lambda array: narrowed(array, "inputs"))
    targets = mapped(samples.targets, lambda array: narrowed(array, "targets"))
    statistics = device.memory_stats() if device.platform != "cpu" else None
    free = statistics["bytes_limit"] - statistics["bytes_in_use"] if statistics else None
    if free is not None and sum(array.nbytes for array in leaves((inputs, targets))) >= free // 2:
        return Placed(inputs, targets)
    return Placed(jax.device_put(inputs, device), jax.device_put(targets, device))


def to_order(indices: npt.NDArray[np.int64], placed: Placed) -> Any:
    """Bring an order to where the samples are."""
    if placed.on_device:
        return jax.device_put(narrowed(indices, "order"), next(leaves(placed.inputs)).sharding)
    return indices


def cut(placed: Placed, order: Any, start: int, stop: int, device: jax.Device) -> Batch:
    """Cut a batch by one vectorised index, on the device where the samples are there."""
    if placed.on_device:
        inputs, targets = gathered(placed, order, start, size=stop - start)
        return Batch(inputs, targets, stop - start)
    picked = order[start:stop]
    inputs, targets = mapped(tuple(placed), lambda array: jax.device_put(array[picked], device))
    return Batch(inputs, targets, stop - start)


@partial(jax.jit, static_argnames="size")
def gathered(placed: Placed, order: jax.Array, start: jax.Array, *, size: int) -> tuple[Any, Any]:
    """Cut a batch of samples that lie on the device; compiled once a size, since where it starts is data."""
    picked = jax.lax.dynamic_slice(order, (start,), (size,))
    inputs, targets = jax.tree.map(lambda array: jnp.take(array, picked, axis=0), tuple(placed))
    return inputs, targets


def cut_one_by_one(placed: Placed, order: Any, start: int, stop: int, device: jax.Device) -> Batch:
    """Cut a batch sample by sample: the plain way that :func:`cut` must equal."""
    picked = np.asarray(order)[start:stop].tolist()

    def stacked(array: Any) -> Any:
        return jax.device_put(np.stack([np.asarray(array[index]) for index in picked]), device)

    inputs, targets = mapped(tuple(placed), stacked)
    return Batch(inputs, targets, stop - start)


def to_device(whole: Any, device: jax.Device) -> Batch:
    """Bring a batch of a loader's to the device: of a pair inputs and targets, of anything else all is inputs."""
    whole = jax.tree.map(lambda leaf: jax.device_put(_host(leaf), device), whole)
    pair = isinstance(whole, tuple | list) and len(whole) == 2  # noqa: PLR2004 - a pair
    inputs, targets = whole if pair else (whole, None)
    first = next((leaf for leaf in jax.tree.leaves(whole) if leaf.ndim), None)
    return Batch(inputs, targets, 1 if first is None else len(first), whole)


def _host(leaf: Any) -> Any:
    return leaf if isinstance(leaf, jax.Array) else narrowed(np.asarray(leaf), "data")


def narrowed(array: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """Give an array in the dtype JAX computes with: 32 bits, unless told otherwise (``jax_enable_x64``).

    Raises
    ------
    ConfigurationError
        If whole numbers don't fit.
    """
    dtype = jax.dtypes.canonicalize_dtype(array.dtype)
    if dtype == array.dtype:
        return array
    if array.dtype.kind in "iu" and array.size:
        limits, low, high = np.iinfo(dtype), array.min(), array.max()
        if low < limits.min or high > limits.max:
            msg = f"data: {what} reach from {low} to {high}, and JAX counts in {dtype}; set jax_enable_x64, or rescale."
            raise ConfigurationError(msg)
    return array.astype(dtype)
