"""What steps gave, brought to the host in one transfer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf


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


def fetch_batches(values: Sequence[tf.Tensor]) -> npt.NDArray[Any]:
    """Bring batches to the host, joined along the first axis; numbers of 16 bits become ones of 32."""
    joined = tf.concat(list(values), axis=0)
    return np.array(tf.cast(joined, tf.float32) if joined.dtype in (tf.bfloat16, tf.float16) else joined)
