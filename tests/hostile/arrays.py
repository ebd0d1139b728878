"""Arrays in files that say more than they hold, or lead elsewhere: NPZ, NPY, HDF5, IDX."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.hostile.artefact import Place, hostile
from tests.hostile.verbs import predicted, trained_on

Y = np.arange(4) % 2


def npy(array: Any) -> bytes:
    """Write an array as NumPy does."""
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


def header(text: str, version: int = 1) -> bytes:
    """Write what an array says of itself, whatever that is."""
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode()


def npz(place: Place, x: bytes, name: str = "x.npy", **how: Any) -> Path:
    """Write an archive whose inputs are these bytes."""
    path = place.folder / "x.npz"
    with zipfile.ZipFile(path, "w", **how) as archive:
        archive.writestr(name, x)
        archive.writestr("y.npy", npy(Y))
    return path


def said(shape: str, kind: str = "<f8") -> str:
    """Give a header with a shape."""
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}\n"


@hostile("npz: a shape of a petabyte", trained_on("npz"), "says that it has .* bytes of values, but holds")
def _(place: Place) -> Path:
    return npz(place, header(said("(4, 10**12)".replace("10**12", str(10**12)))) + b"1234")


@hostile("npz: a shape whose product runs over", trained_on("npz"), "bytes of values|damaged")
def _(place: Place) -> Path:
    return npz(place, header(said(f"({2**32}, {2**32}, 2)")) + b"1234")


@hostile("npz: negative axes", trained_on("npz"), "damaged|can't be")
def _(place: Place) -> Path:
    return npz(place, header(said("(-4, -2)")) + b"1" * 64)


@hostile("npz: a header that is code", trained_on("npz"), "damaged")
def _(place: Place) -> Path:
    return npz(place, header(f"__import__('os').system({place.command!r})\n"))


@hostile("npz: a header of two gigabytes", trained_on("npz"), "damaged|can't be read")
def _(place: Place) -> Path:
    return npz(place, b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{'descr'")


@hostile("npz: a header of a hundred thousand brackets", trained_on("npz"), "damaged|can't be read")
def _(place: Place) -> Path:
    return npz(place, header("(" * 60_000))


@hostile("npz: zeros that become a gigabyte", trained_on("npz"), "times larger when it is unpacked")
def _(place: Place) -> Path:
    path, size = place.folder / "x.npz", 1 << 30
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            member.write(header(said(f"(4, {size // 4})", "|u1")))
            for _ in range(size >> 24):
                member.write(bytes(1 << 24))
        archive.writestr("y.npy", npy(Y))
    return path


@hostile("npz: a member called ../x", trained_on("npz"), "no array 'x'")
def _(place: Place) -> Path:
    return npz(place, npy(np.zeros((4, 2))), "../../ran-canary.npy")


@hostile("npz: a member that says less than it holds", trained_on("npz"), "damaged|can't be read|holds")
def _(place: Place) -> Path:
    size = 1 << 28
    whole = npz(place, header(said(f"(4, {size // 4})", "|u1")) + bytes(size), compression=zipfile.ZIP_DEFLATED)
    data = bytearray(whole.read_bytes())
    actual = struct.pack("<I", size + len(header(said(f"(4, {size // 4})", "|u1"))))
    for at in _all(bytes(data), actual):
        data[at : at + 4] = struct.pack("<I", 200)
    whole.write_bytes(data)
    return whole


@hostile("npz: an array of records with objects in it", trained_on("npz"), "holds Python objects|damaged|numbers")
def _(place: Place) -> Path:
    return npz(place, header("{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (4,)}\n"))


@hostile("hdf5: a link to another file", trained_on("hdf5"), "'x' in x.h5 is a link")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "other.h5", "w") as other:
        other["x"] = np.zeros((4, 2))
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"], file["x"] = Y, h5py.ExternalLink("other.h5", "x")
    return place.folder / "x.h5"


@hostile("hdf5: a soft link to itself", trained_on("hdf5"), "'x' in x.h5 is a link")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"], file["x"] = Y, h5py.SoftLink("/x")
    return place.folder / "x.h5"


@hostile("hdf5: a group that holds itself", trained_on("hdf5"), "no array 'x'")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        group = file.create_group("a")
        for number in range(3):
            group[f"again{number}"] = group
        file["y"] = Y
    return place.folder / "x.h5"


@hostile("hdf5: values in a file of the system", trained_on("hdf5"), "takes its values from other files")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"] = Y
        file.create_dataset("x", (4, 2), "u1", external=[("/etc/passwd", 0, 8)])
    return place.folder / "x.h5"


@hostile("hdf5: a virtual set of other files", trained_on("hdf5"), "takes its values from other files")
def _(place: Place) -> Path:
    layout = h5py.VirtualLayout((4, 2), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4, 2))
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"] = Y
        file.create_virtual_dataset("x", layout)
    return place.folder / "x.h5"


@hostile("hdf5: a shape of an exabyte without a value", trained_on("hdf5"), "times larger")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"] = Y
        file.create_dataset("x", (4, 10**17), "f8", chunks=(1, 1024))
    return place.folder / "x.h5"


@hostile("hdf5: a filter that makes gigabytes of zeros", trained_on("hdf5"), "times larger")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"] = Y
        x = file.create_dataset("x", (1024, 1 << 22), "u1", chunks=(1, 1 << 22), compression="gzip")
        packed = zlib.compress(bytes(1 << 22), 9)
        for row in range(1024):
            x.id.write_direct_chunk((row, 0), packed)
    return place.folder / "x.h5"


@hostile("hdf5: rows of any length", trained_on("hdf5"), "expected numbers or text")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"] = Y
        x = file.create_dataset("x", (4,), h5py.vlen_dtype(np.float64))
        x[0] = np.zeros(9)
    return place.folder / "x.h5"


@hostile("hdf5: references to objects", trained_on("hdf5"), "expected numbers or text")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["y"] = Y
        x = file.create_dataset("x", (4,), h5py.ref_dtype)
        x[0] = file["y"].ref
    return place.folder / "x.h5"


@hostile("hdf5: text that is no text", trained_on("hdf5"), "can't be read as HDF5")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["x"] = np.zeros((4, 2))
        file.create_dataset("y", data=[b"\xff\xfe", b"a", b"b", b"c"], dtype=h5py.string_dtype())
    return place.folder / "x.h5"


@hostile("hdf5: a file cut in the middle of its tree", trained_on("hdf5"), "can't be read as HDF5")
def _(place: Place) -> Path:
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["x"], file["y"] = np.zeros((400, 20)), np.zeros(400)
    whole = (place.folder / "x.h5").read_bytes()
    (place.folder / "x.h5").write_bytes(whole[: len(whole) // 2])
    return place.folder / "x.h5"


def idx(place: Place, inputs: bytes) -> dict[str, str]:
    """Write inputs and plain targets."""
    (place.folder / "x").write_bytes(inputs)
    (place.folder / "y").write_bytes(bytes([0, 0, 8, 1]) + struct.pack(">I", 4) + b"\0\1\0\1")
    return {"path": str(place.folder / "x"), "targets": str(place.folder / "y")}


@hostile("idx: pictures of exabytes", trained_on("idx"), "says that it holds .* but has")
def _(place: Place) -> dict[str, str]:
    return idx(place, bytes([0, 0, 8, 3]) + struct.pack(">3I", *[2**32 - 1] * 3) + b"1234")


@hostile("idx: a shape of 255 axes", trained_on("idx"), "says that it holds|cut off|can't be|axes")
def _(place: Place) -> dict[str, str]:
    return idx(place, bytes([0, 0, 8, 255]) + struct.pack(">255I", 4, *[1] * 254) + b"1234")


@hostile("idx: zeros packed a thousandfold", trained_on("idx"), "takes about .* of memory|says that it holds")
def _(place: Place) -> dict[str, str]:
    size = 400 << 20
    head = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 28, 28)
    return idx(place, gzip.compress(head + bytes(size), 9))


@hostile("idx: an empty axis beside huge ones", trained_on("idx"), "every sample needs a target")
def _(place: Place) -> dict[str, str]:
    return idx(place, bytes([0, 0, 8, 3]) + struct.pack(">3I", 0, 2**31, 2**31))


@hostile("predict: a shape of a petabyte", predicted, "its header tells of")
def _(place: Place) -> Path:
    (place.folder / "x.npy").write_bytes(header(said(f"(4, {10**12})")) + b"1234")
    return place.folder / "x.npy"


@hostile("predict: an archive that becomes two gigabytes", predicted, "expected an array of at most")
def _(place: Place) -> Path:
    path = place.folder / "x.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        file.write(header(said(f"(4, {1 << 29})", "|u1")))
        for _ in range(128):
            file.write(bytes(1 << 24))
    return path


def _all(data: bytes, part: bytes) -> list[int]:
    found, at = [], data.find(part)
    while at >= 0:
        found.append(at)
        at = data.find(part, at + 1)
    return found
