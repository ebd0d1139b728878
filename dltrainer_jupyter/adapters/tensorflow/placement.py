"""Where samples lie and how a batch is cut from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf
from tensorflow.python.client import device_lib

from dltrainer_jupyter.core.protocols import Batch, Samples


class Placed(NamedTuple):
    """Samples as tensors."""

    inputs: tf.Tensor
    targets: tf.Tensor
    device: str
    """Where they lie, and batches are cut."""


if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SHARE = 4
"""Samples lie on a GPU if they take at most one in so many bytes of its memory."""


def place(samples: Samples, device: str) -> Placed:
    """Bring samples to the device as a whole where they fit, else keep them on the host."""
    needed = samples.inputs.nbytes + samples.targets.nbytes
    where = device if _fits(needed, device) else "CPU:0"
    with tf.device(where):
        return Placed(tf.constant(samples.inputs), tf.constant(samples.targets), where)


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
        return Batch(tf.gather(placed.inputs, picked), tf.gather(placed.targets, picked), stop - start)


def cut_one_by_one(placed: Placed, order: npt.NDArray[np.int64], start: int, stop: int) -> Batch:
    """Cut a batch sample by sample: the plain way that :func:`cut` must equal."""
    picked = order[start:stop].tolist()
    with tf.device(placed.device):
        inputs = tf.stack([placed.inputs[index] for index in picked])
        targets = tf.stack([placed.targets[index] for index in picked])
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
