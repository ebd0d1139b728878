"""CIFAR's batches, which are pickles, read without running any code.

A pickle is a program. This one's words are few: dictionaries, lists, text, bytes, numbers, and NumPy arrays. Those last
are noted down as what they say of themselves, and made here once that was checked; any other word is refused.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_PLAIN = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "b1"}
_STATE = 5
"""What an array says of itself: version, shape, type, order, bytes."""


class _Type:
    """What a pickle says of a NumPy type."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        self.order = "="

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else "="
        self.order = order.decode("ascii", "replace") if isinstance(order, bytes) else str(order)

    def made(self) -> np.dtype[Any]:
        if self.name not in _PLAIN or self.order not in {"<", ">", "=", "|"}:
            msg = f"an array of {brief(self.name)}"
            raise pickle.UnpicklingError(msg)
        return np.dtype(("" if self.order == "|" else self.order) + self.name)


class _Noted:
    """What a pickle says of a NumPy array."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def made(self) -> Array:
        state = self.state
        if not isinstance(state, tuple) or len(state) != _STATE or not isinstance(state[2], _Type):
            msg = "an array without values"
            raise pickle.UnpicklingError(msg)
        _, shape, kind, is_fortran, values = state
        values = values.encode("latin-1") if isinstance(values, str) else values
        dtype = kind.made()
        is_shape = isinstance(shape, tuple) and all(type(length) is int and length >= 0 for length in shape)
        if not is_shape or not isinstance(values, bytes) or len(values) != math.prod(shape) * dtype.itemsize:
            msg = f"an array of shape {brief(shape)} with other values than that"
            raise pickle.UnpicklingError(msg)
        return np.frombuffer(values, dtype).reshape(shape, order="F" if is_fortran else "C")


def _from_buffer(values: Any, kind: Any, shape: Any, order: Any) -> _Noted:
    # How arrays are written since Python 3.8.
    noted = _Noted()
    noted.state = (1, shape, kind, order == "F", bytes(values) if isinstance(values, bytes | bytearray) else values)
    return noted


class _ArrayClass:
    """Stands where the class of arrays is named; nobody makes one of it."""


def _encoded(text: Any, encoding: Any) -> bytes:
    # How Python 3 writes bytes for Python 2.
    if not isinstance(text, str) or encoding not in {"latin1", "latin-1"}:
        msg = f"text in {brief(encoding)}"
        raise pickle.UnpicklingError(msg)
    return text.encode("latin-1")


_WORDS: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _Noted,
    ("numpy._core.multiarray", "_reconstruct"): _Noted,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "ndarray"): _ArrayClass,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encoded,
}


# The reader written in Python: that in C takes as much memory as a pickle tells it to.
_Plain: Any = pickle._Unpickler  # noqa: SLF001


class _Reader(_Plain):  # type: ignore[misc] # its own words are in no stub
    dispatch: ClassVar[dict[int, Any]] = dict(_Plain.dispatch)

    def load_build(self) -> None:
        """Hand a state to what is noted down, and to nothing else."""
        state = self.stack.pop()
        if not isinstance(self.stack[-1], _Noted | _Type):
            msg = "a state of something that has none"
            raise pickle.UnpicklingError(msg)
        self.stack[-1].__setstate__(state)

    def load_bytearray8(self) -> None:
        """Read bytes, no more than there are."""
        length = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(length)))

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def find_class(self, module: str, name: str) -> Any:
        """Give what a word stands for."""
        found = _WORDS.get((module, name))
        if found is None:
            msg = f"the word {brief(f'{module}.{name}')}"
            raise pickle.UnpicklingError(msg)
        return found

    def get_extension(self, code: int) -> Any:
        """Refuse words that are numbers."""
        msg = f"the word number {code}"
        raise pickle.UnpicklingError(msg)


def read_batch(data: bytes, what: str) -> dict[str, Any]:
    """Read a batch.

    Parameters
    ----------
    data : bytes
        The file.
    what : str
        What messages call it.

    Returns
    -------
    dict
        Arrays, lists and text by name.

    Raises
    ------
    ConfigurationError
        If it isn't such a batch, or holds anything else.
    """
    try:
        found = dict(_Reader(io.BytesIO(data), encoding="bytes").load())
        return {_text(key): value.made() if isinstance(value, _Noted) else value for key, value in found.items()}
    except (RecursionError, MemoryError, Exception) as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        msg = f"{what} isn't one of CIFAR's batches: it holds {said}; nothing of it was run."
        raise ConfigurationError(msg) from error


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
