"""Where samples lie and how a batch is cut from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf
from tensorflow.python.client import device_lib

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.protocols import Batch, Samples
from dltrainer_jupyter.core.structures import leaves, mapped


class Placed(NamedTuple):
    """Samples as tensors, or structures of tensors."""

    inputs: Any
    targets: Any
    device: str
    """Where they lie, and batches are cut."""
    are_several: bool
    """Whether inputs or targets are structures."""


if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SHARE = 4
"""Samples lie on a GPU if they take at most one in so many bytes of its memory."""


def place(samples: Samples, device: str) -> Placed:
    """Bring samples to the device as a whole where they fit, else keep them on the host."""
    pair = samples.inputs, samples.targets
    needed = sum(array.nbytes for array in leaves(pair))
    where = device if _fits(needed, device) else "CPU:0"
    with tf.device(where):
        inputs, targets = mapped(pair, tf.constant)
    return Placed(inputs, targets, where, any(map(is_several, pair)))


def _fits(needed: int, device: str) -> bool:
    if device.startswith("CPU"):
        return True
    limits = (local.memory_limit for local in device_lib.list_local_devices() if local.name.endswith(device))
    return needed < next(limits, 0) // _SHARE


def cut(placed: Placed, order: npt.NDArray[np.int64], start: int, stop: int) -> Batch:
    """Cut a batch by one vectorised index, on the device where the samples are there."""
    # A slice of a host array costs nothing; one of a tensor costs as much as the cut itself.
    picked = order[start:stop]
    with tf.device(placed.device):
        if placed.are_several:
            inputs, targets = mapped(placed[:2], lambda tensor: tf.gather(tensor, picked))
            return Batch(inputs, targets, stop - start)
        return Batch(tf.gather(placed.inputs, picked), tf.gather(placed.targets, picked), stop - start)


def cut_one_by_one(placed: Placed, order: npt.NDArray[np.int64], start: int, stop: int) -> Batch:
    """Cut a batch sample by sample: the plain way that :func:`cut` must equal."""
    picked = order[start:stop].tolist()
    with tf.device(placed.device):
        inputs, targets = mapped(placed[:2], lambda tensor: tf.stack([tensor[index] for index in picked]))
    return Batch(inputs, targets, stop - start)


def as_batch(whole: Any, device: str) -> Batch:
    """Make tensors of a loader's batch: of a pair inputs and targets, of anything else inputs."""
    with tf.device(device):
        whole = tf.nest.map_structure(tf.convert_to_tensor, whole)
    if isinstance(whole, tuple | list) and len(whole) == 2:  # noqa: PLR2004 - inputs and targets
        inputs, targets = whole
    else:
        inputs, targets = whole, None
    return Batch(inputs, targets, size_of(whole), whole)


def size_of(whole: Any) -> int:
    """Count the samples of a batch: the length of the first array that has one."""
    return next((int(leaf.shape[0]) for leaf in tf.nest.flatten(whole) if leaf.shape.rank), 1)
