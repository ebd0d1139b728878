"""Raw arrays from NumPy's, and of another precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import RawArray

_NAMES = {
    "f8": "F64",
    "f4": "F32",
    "f2": "F16",
    "c8": "C64",
    "i8": "I64",
    "i4": "I32",
    "i2": "I16",
    "i1": "I8",
    "u8": "U64",
    "u4": "U32",
    "u2": "U16",
    "u1": "U8",
    "b1": "BOOL",
}
_KINDS = {name: np.dtype(f"<{kind}") for kind, name in _NAMES.items()}
_FLOATS = {"F64", "F32", "F16", "BF16"}
_INTEGERS = {"I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8"}
_HALF_WORD = 16


def from_numpy(array: npt.NDArray[Any], what: str) -> RawArray:
    """Copy an array of numbers.

    Parameters
    ----------
    array : numpy.ndarray
        Of any shape.
    what : str
        What messages call it: ``"weights: 'bias' in x.npz"``.

    Raises
    ------
    ConfigurationError
        If it is of a kind that no model has, such as text.
    """
    kind = array.dtype.str[1:]
    if kind not in _NAMES:
        msg = f"{what} holds {array.dtype}; expected numbers."
        raise ConfigurationError(msg)
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    # Without axes an array would be given one.
    return RawArray(_NAMES[kind], array.shape, plain.tobytes())


def to_numpy(raw: RawArray) -> npt.NDArray[Any] | None:
    """Give an array of NumPy's with the same values; None if NumPy has no such type. BF16 becomes F32."""
    if raw.dtype == "BF16":
        wide = np.frombuffer(raw.data, "<u2").astype("<u4") << _HALF_WORD
        return wide.view("<f4").reshape(raw.shape)
    if raw.dtype not in _KINDS:
        return None
    return np.frombuffer(raw.data, _KINDS[raw.dtype]).reshape(raw.shape)


def cast(raw: RawArray, dtype: str) -> RawArray | None:
    """Give an array another precision; None if that would make it another kind of number, or its values don't fit.

    Examples
    --------
    >>> half = RawArray("BF16", (1,), bytes([0x80, 0x3F]))
    >>> np.frombuffer(cast(half, "F32").data, "<f4").tolist()
    [1.0]
    """
    if raw.dtype == dtype:
        return raw
    alike = any({raw.dtype, dtype} <= kinds for kinds in (_FLOATS, _INTEGERS))
    values = to_numpy(raw) if alike and dtype in _KINDS else None
    if values is None:
        return None
    with np.errstate(over="ignore"):
        made = values.astype(_KINDS[dtype])
    if dtype in _INTEGERS and not np.array_equal(made, values):
        return None
    return RawArray(dtype, raw.shape, made.tobytes())
