"""What steps gave, brought to the host in one transfer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf


class Joined(NamedTuple):
    """Outputs or targets of several steps; other than TensorFlow's own tensors they tell how large they are."""

    held: tf.Tensor
    """Shape (samples, ...), in the order of the steps."""

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return int(self.held.shape.num_elements() * self.held.dtype.size)


def fetch_losses(values: Sequence[tf.Tensor]) -> npt.NDArray[np.float32]:
    """Bring losses to the host.

    Parameters
    ----------
    values : sequence of tensorflow.Tensor, shape () or (steps,)
        Of single steps, or of several.
    """
    if any(value.shape.rank for value in values):
        joined = tf.concat([tf.reshape(value, [-1]) for value in values], axis=0)
    else:
        joined = tf.stack(list(values))
    return np.array(tf.cast(joined, tf.float32))


def fetch_batches(values: Sequence[tf.Tensor | Joined]) -> npt.NDArray[Any]:
    """Bring batches to the host, joined along the first axis; numbers of 16 bits become ones of 32."""
    joined = tf.concat([value.held if isinstance(value, Joined) else value for value in values], axis=0)
    return np.array(tf.cast(joined, tf.float32) if joined.dtype in (tf.bfloat16, tf.float16) else joined)
