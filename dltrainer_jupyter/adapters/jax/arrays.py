"""JAX's arrays to raw ones and back, every dtype, bit for bit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import RawArray

_NAMES = {
    jnp.dtype("float64"): "F64",
    jnp.dtype("float32"): "F32",
    jnp.dtype("float16"): "F16",
    jnp.dtype(jnp.bfloat16): "BF16",
    jnp.dtype(jnp.float8_e4m3fn): "F8_E4M3",
    jnp.dtype(jnp.float8_e5m2): "F8_E5M2",
    jnp.dtype("complex64"): "C64",
    jnp.dtype("int64"): "I64",
    jnp.dtype("int32"): "I32",
    jnp.dtype("int16"): "I16",
    jnp.dtype("int8"): "I8",
    jnp.dtype("uint64"): "U64",
    jnp.dtype("uint32"): "U32",
    jnp.dtype("uint16"): "U16",
    jnp.dtype("uint8"): "U8",
    jnp.dtype("bool"): "BOOL",
}
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}


def is_key(array: Any) -> bool:
    """Tell whether an array holds typed random keys, whose bits hide behind an opaque dtype."""
    return bool(jnp.issubdtype(array.dtype, jax.dtypes.prng_key))


def bare(array: jax.Array) -> jax.Array:
    """Give an array of plain numbers: of typed random keys their bits."""
    return jax.random.key_data(array) if is_key(array) else array


def to_raw(array: jax.Array, name: str) -> RawArray:
    """Copy an array; later steps, which write into the memory of earlier ones, don't change the copy.

    Parameters
    ----------
    array : jax.Array
        On any device; typed random keys as well.
    name : str
        What it is, for the message.

    Raises
    ------
    CheckpointError
        If a file can't hold it.
    """
    host = np.asarray(bare(array))
    if host.dtype not in _NAMES:
        held = ", ".join(str(dtype) for dtype in _NAMES)
        msg = f"'{name}' is an array of {host.dtype}, which a checkpoint can't hold; it holds {held}."
        raise CheckpointError(msg)
    return RawArray(_NAMES[host.dtype], host.shape, host.tobytes())


def describe_raw(raw: RawArray) -> str:
    """Say shape and dtype of a raw array as :func:`describe` does."""
    return f"{tuple(raw.shape)} {_DTYPES.get(raw.dtype, raw.dtype)}"


def describe(array: Any) -> str:
    """Say shape and dtype of an array; of typed random keys those of their bits."""
    plain = jax.eval_shape(bare, array)
    return f"{plain.shape} {plain.dtype}"


def from_raw(raw: RawArray) -> npt.NDArray[Any]:
    """Give an array on the host, of memory of its own."""
    return np.frombuffer(bytearray(raw.data), _DTYPES[raw.dtype]).reshape(raw.shape)


def numbered(values: Any) -> Any:
    """Give host values in a dtype that NumPy knows, and adds up well in: 16 bits as float32."""
    array = np.asarray(values)
    return array.astype(np.float32) if array.dtype in (jnp.bfloat16, jnp.float16) else array


@jax.jit
def _copied(tree: Any) -> Any:
    return jax.tree.map(jnp.copy, tree)


def owned(tree: Any, device: jax.Device) -> Any:
    """Copy arrays into memory of their own on a device, which a step may write into.

    Numbers become arrays, and none is weakly typed: the bits of a step would depend on whether its state was computed
    or loaded.
    """
    strong = jax.tree.map(
        lambda leaf: leaf if isinstance(leaf, jax.Array) and is_key(leaf) else jnp.asarray(leaf), tree
    )
    return _copied(strongly_typed(jax.device_put(strong, device)))


def strongly_typed(tree: Any) -> Any:
    """Give every array its own dtype for good; while a step is traced this costs nothing."""
    return jax.tree.map(lambda leaf: leaf if is_key(leaf) else jax.lax.convert_element_type(leaf, leaf.dtype), tree)
