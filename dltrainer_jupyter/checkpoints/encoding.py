"""Python values as JSON that gives back the same values: tuples, integer keys, NaN, bytes, NumPy arrays.

JSON's own types stand for themselves. Everything else is an object with a single key that begins with ``$``:

=================== ==============================================================================
``$float``          ``"nan"``, ``"inf"`` or ``"-inf"``
``$int``            hexadecimal, for integers of more than 64 bits
``$bytes``          Base64
``$tuple``          a list of the items
``$set``            a list of the items, sorted so that equal sets give equal text
``$frozenset``      likewise
``$dict``           a list of pairs: for keys that are no text, or that begin with ``$``
``$counter``        a list of pairs
``$array``          ``{"dtype": …, "shape": […], "data": Base64}``, in C order
``$scalar``         ``{"dtype": …, "data": Base64}``, a NumPy number
``$str``            a NumPy string
=================== ==============================================================================

Types are matched exactly: a subclass (a named tuple, an enum, an ``OrderedDict``) would come back as something
else, so it is refused, by its place in the structure.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from dltrainer_jupyter.core.errors import CheckpointError

_DEEPEST = 50
_WIDEST_INTEGER = 64
_ARRAY_KINDS = "biufcSUMm"
"""Kinds of NumPy dtype whose bytes are their value; objects and structures are not among them."""
_SCALAR_KINDS = "biufcMm"


def dumps(value: Any, where: str = "meta") -> bytes:
    """Write a value as JSON text.

    Parameters
    ----------
    value : object
        None, bool, int, float, str, bytes, list, tuple, dict, set, frozenset, Counter, NumPy arrays and
        scalars, nested up to 50 deep. An array comes back in C order, whatever its strides were.
    where : str, default "meta"
        Name of the value, for messages.

    Returns
    -------
    bytes
        ASCII; the same for equal values with the same order of keys.

    Raises
    ------
    CheckpointError
        If something else is in it; the message says what and where.

    Examples
    --------
    >>> dumps({"cursor": (3, 17), "best": float("-inf")})
    b'{"cursor":{"$tuple":[3,17]},"best":{"$float":"-inf"}}'
    >>> loads(_)
    {'cursor': (3, 17), 'best': -inf}
    """
    return _text(encode(value, where)).encode("ascii")


def loads(text: bytes, where: str = "meta") -> Any:
    """Read back what :func:`dumps` wrote.

    Raises
    ------
    CheckpointError
        If the text is no JSON, or holds a tag nobody writes.
    """
    try:
        plain = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        msg = f"{where}: expected JSON, got something else ({error})."
        raise CheckpointError(msg) from error
    return decode(plain, where)


def encode(value: Any, where: str = "meta") -> Any:
    """Turn a value into what JSON knows; see :func:`dumps`."""
    return _encode(value, where, 0)


def decode(plain: Any, where: str = "meta") -> Any:
    """Turn what :func:`encode` gave back into the value; see :func:`loads`."""
    return _decode(plain, where, 0)


def _text(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


# --- writing -----------------------------------------------------------------------------------------------


def _encode(value: Any, where: str, depth: int) -> Any:
    if depth > _DEEPEST:
        msg = f"{where} is nested more than {_DEEPEST} deep, or contains itself; a checkpoint can't hold that."
        raise CheckpointError(msg)
    if value is None or type(value) in (bool, str):
        return value
    if isinstance(value, np.generic):
        return _encode_scalar(value, where)
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        _refuse(value, where)
    return encoder(value, where, depth + 1)


def _refuse(value: Any, where: str) -> NoReturn:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    msg = (
        f"{where} is a {kind}, which a checkpoint can't hold. It holds None, numbers, text, bytes, lists, tuples, "
        "dictionaries, sets, Counters and NumPy arrays, each of exactly that type; convert it to one of these."
    )
    raise CheckpointError(msg)


def _encode_int(value: int, _where: str, _depth: int) -> Any:
    # Python refuses to print integers of more than 4,300 digits in decimal, never in hexadecimal.
    return value if value.bit_length() <= _WIDEST_INTEGER else {"$int": hex(value)}


def _encode_float(value: float, _where: str, _depth: int) -> Any:
    return value if math.isfinite(value) else {"$float": str(value)}


def _encode_bytes(value: bytes, _where: str, _depth: int) -> Any:
    return {"$bytes": _base64(value)}


def _encode_list(value: list[Any], where: str, depth: int) -> Any:
    return [_encode(item, f"{where}[{index}]", depth) for index, item in enumerate(value)]


def _encode_tuple(value: tuple[Any, ...], where: str, depth: int) -> Any:
    return {"$tuple": _encode_list(list(value), where, depth)}


def _encode_set(value: set[Any] | frozenset[Any], where: str, depth: int) -> Any:
    items = [_encode(item, f"{where}{{{item!r}}}", depth) for item in value]
    return {f"${type(value).__name__}": sorted(items, key=_text)}


def _encode_dict(value: dict[Any, Any], where: str, depth: int) -> Any:
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: _encode(item, f"{where}.{key}", depth) for key, item in value.items()}
    return {"$dict": _encode_pairs(value, where, depth)}


def _encode_counter(value: Counter[Any], where: str, depth: int) -> Any:
    return {"$counter": _encode_pairs(value, where, depth)}


def _encode_pairs(value: dict[Any, Any], where: str, depth: int) -> list[Any]:
    return [
        [_encode(key, f"the key {key!r} of {where}", depth), _encode(item, f"{where}[{key!r}]", depth)]
        for key, item in value.items()
    ]


def _encode_array(value: np.ndarray[Any, Any], where: str, _depth: int) -> Any:
    if value.dtype.kind not in _ARRAY_KINDS:
        msg = (
            f"{where} is a NumPy array of dtype {value.dtype}, which a checkpoint can't hold. "
            "It holds numbers, booleans, text, bytes and dates; convert the array to one of these."
        )
        raise CheckpointError(msg)
    return {"$array": {"dtype": value.dtype.str, "shape": list(value.shape), "data": _base64(value.tobytes())}}


def _encode_scalar(value: np.generic, where: str) -> Any:
    if type(value) is np.str_:
        return {"$str": str(value)}
    if value.dtype.kind not in _SCALAR_KINDS:
        _refuse(value, where)
    return {"$scalar": {"dtype": value.dtype.str, "data": _base64(value.tobytes())}}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_ENCODERS: dict[type, Callable[[Any, str, int], Any]] = {
    int: _encode_int,
    float: _encode_float,
    bytes: _encode_bytes,
    list: _encode_list,
    tuple: _encode_tuple,
    set: _encode_set,
    frozenset: _encode_set,
    dict: _encode_dict,
    Counter: _encode_counter,
    np.ndarray: _encode_array,
}


# --- reading -----------------------------------------------------------------------------------------------


def _decode(plain: Any, where: str, depth: int) -> Any:
    # One level of the value takes up to three of the text: the tag's object, its list, and a pair in that.
    if depth > 3 * (_DEEPEST + 1):
        msg = f"{where} is nested more than {_DEEPEST} deep; no checkpoint of ours is."
        raise CheckpointError(msg)
    if isinstance(plain, list):
        return [_decode(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(plain)]
    if not isinstance(plain, dict):
        return plain
    tag = next(iter(plain), "")
    if not tag.startswith("$"):
        return {key: _decode(item, f"{where}.{key}", depth + 1) for key, item in plain.items()}
    decoder = _DECODERS.get(tag)
    if decoder is None or len(plain) != 1:
        msg = f"{where} carries the unknown tag '{tag}'. Known: {', '.join(sorted(_DECODERS))}."
        raise CheckpointError(msg)
    try:
        return decoder(plain[tag], where, depth + 1)
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        msg = f"{where}: what the tag '{tag}' carries can't be read ({type(error).__name__}: {error})."
        raise CheckpointError(msg) from error


def _decode_items(plain: Any, where: str, depth: int) -> list[Any]:
    if not isinstance(plain, list):
        msg = f"expected a list, got a {type(plain).__name__}"
        raise TypeError(msg)
    return [_decode(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(plain)]


def _decode_pairs(plain: Any, where: str, depth: int) -> dict[Any, Any]:
    return dict(_decode_items(plain, where, depth))


def _decode_float(plain: Any) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[plain]


def _bytes(plain: Any) -> bytes:
    return base64.b64decode(plain, validate=True)


def _dtype(name: Any, kinds: str) -> np.dtype[Any]:
    dtype = np.dtype(str(name))
    if dtype.kind not in kinds:
        msg = f"dtype {dtype} is not among those a checkpoint holds"
        raise ValueError(msg)
    return dtype


def _decode_array(plain: Any) -> np.ndarray[Any, Any]:
    dtype, data, shape = _dtype(plain["dtype"], _ARRAY_KINDS), _bytes(plain["data"]), tuple(plain["shape"])
    if any(type(size) is not int or size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != len(data):
        msg = f"expected the bytes of shape {shape} and dtype {dtype}, got {len(data)} bytes"
        raise ValueError(msg)
    # Through a bytearray, so that the array owns memory it may write to.
    return np.frombuffer(bytearray(data), dtype).reshape(shape) if data else np.zeros(shape, dtype)


def _decode_scalar(plain: Any) -> Any:
    dtype, data = _dtype(plain["dtype"], _SCALAR_KINDS), _bytes(plain["data"])
    if len(data) != dtype.itemsize:
        msg = f"expected {dtype.itemsize} bytes, got {len(data)}"
        raise ValueError(msg)
    return np.frombuffer(data, dtype)[0]


_DECODERS: dict[str, Callable[[Any, str, int], Any]] = {
    "$float": lambda plain, _where, _depth: _decode_float(plain),
    "$int": lambda plain, _where, _depth: int(plain, 16),
    "$bytes": lambda plain, _where, _depth: _bytes(plain),
    "$tuple": lambda plain, where, depth: tuple(_decode_items(plain, where, depth)),
    "$set": lambda plain, where, depth: set(_decode_items(plain, where, depth)),
    "$frozenset": lambda plain, where, depth: frozenset(_decode_items(plain, where, depth)),
    "$dict": _decode_pairs,
    "$counter": lambda plain, where, depth: Counter(_decode_pairs(plain, where, depth)),
    "$array": lambda plain, _where, _depth: _decode_array(plain),
    "$scalar": lambda plain, _where, _depth: _decode_scalar(plain),
    "$str": lambda plain, _where, _depth: np.str_(plain),
}
