"""Tensors to raw arrays and back, every dtype, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import RawArray

_NAMES = {
    tf.float64: "F64",
    tf.float32: "F32",
    tf.float16: "F16",
    tf.bfloat16: "BF16",
    tf.dtypes.experimental.float8_e4m3fn: "F8_E4M3",
    tf.dtypes.experimental.float8_e5m2: "F8_E5M2",
    tf.complex64: "C64",
    tf.int64: "I64",
    tf.int32: "I32",
    tf.int16: "I16",
    tf.int8: "I8",
    tf.uint64: "U64",
    tf.uint32: "U32",
    tf.uint16: "U16",
    tf.uint8: "U8",
    tf.bool: "BOOL",
}
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}


def to_raw(value: Any, name: str) -> RawArray:
    """Copy a tensor or a variable; later writes to it don't change the copy.

    Parameters
    ----------
    value : tensorflow.Tensor or tensorflow.Variable
        On any device.
    name : str
        What it is, for the message.

    Raises
    ------
    CheckpointError
        If a file can't hold it.
    """
    dtype = tf.as_dtype(value.dtype)
    if dtype not in _NAMES:
        msg = (
            f"'{name}' is a {dtype.name} tensor, which a checkpoint can't hold; it holds tensors of "
            f"{', '.join(known.name for known in _NAMES)}."
        )
        raise CheckpointError(msg)
    # np.ascontiguousarray would make one dimension of none.
    copy = np.array(value.numpy(), copy=True, order="C")
    return RawArray(_NAMES[dtype], copy.shape, copy.reshape(-1).view(np.uint8).data)


def dtype_of(raw: RawArray) -> tf.DType:
    """Give a raw array's dtype.

    Raises
    ------
    CheckpointError
        If TensorFlow has no such dtype.
    """
    if raw.dtype not in _DTYPES:
        msg = f"The checkpoint holds an array of dtype {raw.dtype}, which TensorFlow {tf.__version__} doesn't know."
        raise CheckpointError(msg)
    return _DTYPES[raw.dtype]


def from_raw(raw: RawArray) -> npt.NDArray[Any]:
    """Make an array that owns its memory, of NumPy's or TensorFlow's own dtype."""
    flat = np.frombuffer(bytearray(raw.data), dtype=dtype_of(raw).as_numpy_dtype)
    return flat.reshape(raw.shape)


def on_host(tensor: Any) -> npt.NDArray[Any]:
    """Give a tensor's values as numbers that NumPy counts with; half precision of some kinds is none of its own."""
    array = np.asarray(tensor.numpy())
    return array if array.dtype.kind == "f" else array.astype(np.float32)
