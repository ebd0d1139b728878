"""Named raw arrays as safetensors files, and the digest that tells two states apart.

The library writes the arrays straight from their memory and without holding Python's lock, so a background
write costs a training thread neither time nor a second copy. It reports no checksum, so that is computed from
the same memory in the file's order: a disk that stored something else can't have its mistake vouched for.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, TensorSpec, deserialize, serialize_file

from dltrainer_jupyter.checkpoints.disk import PartRecord, sync_file
from dltrainer_jupyter.core.errors import CheckpointError, did_you_mean
from dltrainer_jupyter.core.protocols import NamedArrays, RawArray

_BITS_AND_LIBRARY_NAME = {
    "BOOL": (8, "bool"),
    "U8": (8, "uint8"),
    "I8": (8, "int8"),
    "U16": (16, "uint16"),
    "I16": (16, "int16"),
    "U32": (32, "uint32"),
    "I32": (32, "int32"),
    "U64": (64, "uint64"),
    "I64": (64, "int64"),
    "F16": (16, "float16"),
    "BF16": (16, "bfloat16"),
    "F32": (32, "float32"),
    "F64": (64, "float64"),
    "C64": (64, "complex64"),
    "F8_E4M3": (8, "float8_e4m3fn"),
    "F8_E4M3FNUZ": (8, "float8_e4m3fnuz"),
    "F8_E5M2": (8, "float8_e5m2"),
    "F8_E5M2FNUZ": (8, "float8_e5m2fnuz"),
    "F8_E8M0": (8, "float8_e8m0fnu"),
    "F4": (4, "float4_e2m1fn_x2"),
}
_LONGEST_HEADER = 100_000_000
"""The library reads no longer one, in bytes; it would write it, though."""
_RESERVED_NAME = "__metadata__"
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_NOTHING = np.zeros(1, np.uint8)
"""Somewhere for the pointer of an empty array to point."""

DTYPES = tuple(_BITS_AND_LIBRARY_NAME)
"""Names of the dtypes a checkpoint holds, as safetensors writes them."""


def digest(weights: NamedArrays, optimizer: NamedArrays) -> str:
    r"""Compute the digest of a state: equal if and only if every array is, bit for bit.

    Parameters
    ----------
    weights, optimizer : dict of str to RawArray
        The two groups; the order of their names doesn't matter.

    Returns
    -------
    str
        SHA-256 in hexadecimal, over the sorted arrays: group, name, dtype and shape as a line of JSON, then
        the bytes.

    Raises
    ------
    CheckpointError
        If an array's bytes don't fit its dtype and shape.

    Examples
    --------
    >>> one = RawArray("F32", (), b"\0\0\x80?")
    >>> digest({"net.w": one}, {}) == digest({"net.w": one}, {"net.w": one})
    False
    """
    checksum = hashlib.sha256()
    for group, arrays in (("optimizer", optimizer), ("weights", weights)):
        for name in sorted(arrays):
            array = arrays[name]
            flat = _flat(name, array)
            checksum.update(json.dumps([group, name, array.dtype, list(array.shape)]).encode("ascii") + b"\n")
            checksum.update(flat.data)
    return checksum.hexdigest()


def write_arrays(path: Path, arrays: NamedArrays) -> PartRecord:
    """Write a safetensors file and wait until it is on the disk.

    Parameters
    ----------
    path : pathlib.Path
        A new file.
    arrays : dict of str to RawArray
        May be empty. Nobody may change the bytes until the call returns.

    Raises
    ------
    CheckpointError
        If an array can't be written: an unknown dtype, bytes that don't fit the shape, a name that is no
        Unicode text.
    OSError
        If the disk is full or broken.
    """
    flat = {name: _flat(name, array) for name, array in arrays.items()}
    try:
        serialize_file({name: _spec(arrays[name], flat[name]) for name in arrays}, path)
    except SafetensorError as error:
        raise _as_os_error(error, path) from error
    sync_file(path)
    return _measure(path, arrays, flat)


def read_arrays(data: bytes) -> NamedArrays:
    """Read a safetensors file's content.

    Returns
    -------
    dict of str to RawArray
        Each array's ``data`` is a writable view of memory of its own, which nothing else refers to; how it
        is aligned is not promised, so clone it before computing with it.

    Raises
    ------
    CheckpointError
        If the content is no such file.
    """
    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]  # its stub has no types
    except SafetensorError as error:
        msg = f"expected safetensors, got something else ({error})"
        raise CheckpointError(msg) from error
    return {name: RawArray(entry["dtype"], tuple(entry["shape"]), memoryview(entry["data"])) for name, entry in found}


def _flat(name: str, array: RawArray) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Check an array and give its bytes without copying them."""
    if array.dtype not in _BITS_AND_LIBRARY_NAME:
        near = did_you_mean(array.dtype.upper(), DTYPES)
        msg = f"Array '{name}' has dtype '{array.dtype}'.{near} Known: {', '.join(DTYPES)}."
        raise CheckpointError(msg)
    if name == _RESERVED_NAME or not _is_text(name):
        msg = f"An array is named {name!r}, which a safetensors file can't hold; give it another name."
        raise CheckpointError(msg)
    try:
        flat = np.frombuffer(array.data, np.uint8) if memoryview(array.data).nbytes else _NOTHING[:0]
    except BufferError as error:
        msg = f"Array '{name}' is not contiguous; hand over a contiguous copy."
        raise CheckpointError(msg) from error
    bits, _ = _BITS_AND_LIBRARY_NAME[array.dtype]
    if any(size < 0 for size in array.shape) or bits * math.prod(array.shape) != 8 * flat.nbytes:
        msg = (
            f"Array '{name}' has dtype {array.dtype} and shape {array.shape}, which don't fit its {flat.nbytes} bytes."
        )
        raise CheckpointError(msg)
    return flat


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _spec(array: RawArray, flat: np.ndarray[Any, Any]) -> TensorSpec:
    bits, library_name = _BITS_AND_LIBRARY_NAME[array.dtype]
    shape = array.shape
    if bits < 8:  # noqa: PLR2004 - of a byte
        # The library wants the shape in bytes here and turns it back into one in elements.
        per_byte = 8 // bits
        if not shape or shape[-1] % per_byte:
            msg = f"An array of dtype {array.dtype} has shape {shape}; its last axis must fill whole bytes."
            raise CheckpointError(msg)
        shape = (*shape[:-1], shape[-1] // per_byte)
    pointer = (flat if flat.size else _NOTHING).ctypes.data
    return TensorSpec(dtype=library_name, shape=shape, data_ptr=pointer, data_len=flat.nbytes)


def _as_os_error(error: SafetensorError, path: Path) -> OSError | CheckpointError:
    """Give back the operating system's error, of which the library passes on the text only."""
    found = _OS_ERROR.search(str(error))
    if found is None:
        return CheckpointError(f"{path.name} could not be written: {error}.")
    if sys.platform == "win32":
        return OSError(0, str(error), str(path), int(found[1]))
    return OSError(int(found[1]), os.strerror(int(found[1])), str(path))


def _measure(path: Path, arrays: NamedArrays, flat: dict[str, np.ndarray[Any, Any]]) -> PartRecord:
    """Compare the file with what was to be written, and compute the checksum of the latter."""
    front, entries = _header(path)
    if entries.keys() != arrays.keys():
        msg = f"{path.name} came out with the arrays {sorted(entries)}, expected {sorted(arrays)}."
        raise CheckpointError(msg)
    checksum = hashlib.sha256(front)
    position = 0
    for name in sorted(entries, key=lambda name: entries[name]["data_offsets"]):
        end = position + flat[name].nbytes
        if entries[name] != _entry(arrays[name], position, end):
            msg = f"{path.name} came out with array '{name}' as {entries[name]}, expected {arrays[name][:2]}."
            raise CheckpointError(msg)
        checksum.update(flat[name].data)
        position = end
    size = len(front) + position
    found = path.stat().st_size
    if found != size:
        msg = f"{path.name} came out with {found} bytes, expected {size}."
        raise CheckpointError(msg)
    return PartRecord(size, checksum.hexdigest())


def _header(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Read what stands before the arrays: its bytes, and the entries by name."""
    with path.open("rb") as file:
        prefix = file.read(8)
        length = int.from_bytes(prefix, "little")
        if length > _LONGEST_HEADER:
            msg = f"{path.name} needs a header of {length} bytes; at most {_LONGEST_HEADER} can be read again."
            raise CheckpointError(msg)
        header = file.read(length)
    try:
        return prefix + header, json.loads(header)
    except ValueError as error:
        msg = f"{path.name} came out with a damaged header ({error})."
        raise CheckpointError(msg) from error


def _entry(array: RawArray, start: int, end: int) -> dict[str, Any]:
    return {"dtype": array.dtype, "shape": list(array.shape), "data_offsets": [start, end]}
