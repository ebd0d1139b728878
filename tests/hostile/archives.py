"""Archives of class folders whose members lead out of them, or become far too much."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from tests.hostile.artefact import CANARY, Place, hostile
from tests.hostile.verbs import trained_on

OUTSIDE = "would lie outside of its folder"
NO_FILE = "is a link or a device"
folder_of_pictures = trained_on("image_folder")


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    """Write a small picture."""
    written = io.BytesIO()
    Image.new("L", size, 9).save(written, "PNG")
    return written.getvalue()


HARMLESS = tuple((f"{name}/{number}.png", png()) for name in ("cat", "dog") for number in range(4))


def zipped(place: Place, *more: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write a zip file of classes and more."""
    path = place.folder / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (*HARMLESS, *more):
            archive.writestr(name, data)
    return path


def tarred(place: Place, *more: tarfile.TarInfo, mode: str = "w") -> Path:
    """Write a tar file of classes and more."""
    path = place.folder / f"pictures.tar{'.gz' if mode.endswith('gz') else ''}"
    with tarfile.open(path, mode) as archive:
        for name, data in HARMLESS:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info, io.BytesIO(bytes(min(info.size, 1 << 20))) if info.isreg() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    """Make a member of a tar file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def naively(open_: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Unpack by names, as many programs do."""

    def unpack(path: Any) -> None:
        target = Path(path).parent / "deep" / "deeper"
        target.mkdir(parents=True)
        with open_(path) as archive:
            names = archive.getnames() if isinstance(archive, tarfile.TarFile) else archive.namelist()
            for name in names:
                place = os.path.join(target, name)  # noqa: PTH118 - an absolute name takes the place of all before it
                os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
                with open(place, "wb") as file:  # noqa: PTH123
                    file.write(b"")

    return unpack


def trusting(path: Any) -> None:
    """Unpack a tar file as Python did for long."""
    target = Path(path).parent / "deep" / "deeper"
    target.mkdir(parents=True)
    with tarfile.open(path) as archive:
        archive.extractall(target, filter="fully_trusted")  # noqa: S202 - that is the point


unzip, untar = naively(zipfile.ZipFile), naively(tarfile.open)


@hostile("zip: a member that climbs out", folder_of_pictures, OUTSIDE, naive=unzip)
def _(place: Place) -> Path:
    return zipped(place, (f"cat/../../../{CANARY}", b""))


@hostile("zip: an absolute path", folder_of_pictures, OUTSIDE, naive=unzip)
def _(place: Place) -> Path:
    return zipped(place, (str(place.canary), b""))


@hostile("zip: a path of Windows with a drive", folder_of_pictures, OUTSIDE)
def _(place: Place) -> Path:
    return zipped(place, (_info(f"C:{CANARY}"), b""))


@hostile("zip: a path of Windows that climbs out", folder_of_pictures, OUTSIDE)
def _(place: Place) -> Path:
    return zipped(place, (_info(f"cat\\..\\..\\{CANARY}"), b""))


@hostile("zip: a folder that climbs out", folder_of_pictures, OUTSIDE)
def _(place: Place) -> Path:
    return zipped(place, (f"../../../{CANARY}/", b""))


@hostile("zip: a link, and a file through it", folder_of_pictures, NO_FILE)
def _(place: Place) -> Path:
    link = zipfile.ZipInfo("cat/out")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zipped(place, (link, str(place.folder.parent).encode()), (f"cat/out/{CANARY}", b""))


@hostile("zip: one name twice", folder_of_pictures, "two files of the name")
def _(place: Place) -> Path:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zipped(place, ("cat/0.png", b"another"))


@hostile("zip: a file in whose place a folder is", folder_of_pictures, "two files of the name|can't be unpacked|both")
def _(place: Place) -> Path:
    return zipped(place, ("cat/0.png/x.png", png()))


@hostile("zip: zeros that become four terabytes", folder_of_pictures, "becomes more than")
def _(place: Place) -> Path:
    # One packed member under a thousand entries of the directory, as overlapping files are made.
    path = zipped(place)
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = bytearray(data[at : data.index(b"PK\x01\x02", at + 4)])
    entry[24:28] = struct.pack("<I", 2**32 - 2)
    names = [f"{number:05}.png".encode() for number in range(1000)]
    directory = b"".join(bytes(entry[:46]) + name for name in names)
    assert len(entry) - 46 == len(names[0])
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", len(names), len(names))
    tail[12:20] = struct.pack("<II", len(directory), at)
    path.write_bytes(data[:at] + directory + tail)
    return path


@hostile(
    "zip: a member that becomes more than it says", folder_of_pictures, "becomes larger than it says|can't be unpacked"
)
def _(place: Place) -> Path:
    size = 256 << 20
    path = place.folder / "pictures.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in HARMLESS:
            archive.writestr(name, data)
        archive.writestr("dog/x.png", bytes(size))
    data = path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000))
    path.write_bytes(data)
    return path


@hostile("zip: a member behind a password", folder_of_pictures, "can't be unpacked")
def _(place: Place) -> Path:
    path = zipped(place)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    data[6] |= 1
    path.write_bytes(data)
    return path


@hostile("zip: a directory that was cut off", folder_of_pictures, "can't be unpacked|data")
def _(place: Place) -> Path:
    path = zipped(place)
    path.write_bytes(path.read_bytes()[:-30])
    return path


@hostile("tar: a member that climbs out", folder_of_pictures, OUTSIDE, naive=trusting)
def _(place: Place) -> Path:
    return tarred(place, member(f"cat/../../../{CANARY}"))


@hostile("tar: an absolute path", folder_of_pictures, OUTSIDE, naive=trusting)
def _(place: Place) -> Path:
    return tarred(place, member(str(place.canary)))


@hostile("tar: a link, and a file through it", folder_of_pictures, NO_FILE, naive=trusting)
def _(place: Place) -> Path:
    out = str(place.folder.parent)
    return tarred(place, member("cat/out", tarfile.SYMTYPE, out), member(f"cat/out/{CANARY}"))


@hostile("tar: a hard link to a file of the system", folder_of_pictures, NO_FILE)
def _(place: Place) -> Path:
    return tarred(place, member("cat/9.png", tarfile.LNKTYPE, "/etc/passwd"))


@hostile("tar: a device", folder_of_pictures, NO_FILE)
def _(place: Place) -> Path:
    info = member("cat/9.png", tarfile.CHRTYPE)
    info.devmajor, info.devminor = 1, 5
    return tarred(place, info)


@hostile("tar: a pipe that nobody writes to", folder_of_pictures, NO_FILE)
def _(place: Place) -> Path:
    return tarred(place, member("cat/9.png", tarfile.FIFOTYPE))


@hostile("tar: a long name that climbs out", folder_of_pictures, OUTSIDE, naive=trusting)
def _(place: Place) -> Path:
    info = member("cat/9.png")
    info.pax_headers = {"path": f"cat/../../../{CANARY}"}
    return tarred(place, info)


@hostile("tar: a terabyte of holes", folder_of_pictures, "becomes more than")
def _(place: Place) -> Path:
    info = member("dog/9.png", size=0)
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(2**40)}
    info.pax_headers |= {"GNU.sparse.numblocks": "0", "GNU.sparse.map": "0,0"}
    return tarred(place, info)


@hostile("tar: a member of a petabyte that isn't there", folder_of_pictures, "becomes more than")
def _(place: Place) -> Path:
    path = tarred(place, member("dog/9.png"))
    data = bytearray(path.read_bytes())
    at = data.index(b"dog/9.png")
    block = data[at : at + 512]
    block[124:136] = b"\x80" + (2**50).to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    data[at : at + 512] = block
    path.write_bytes(data)
    return path


@hostile("tar.gz: zeros packed a thousandfold", folder_of_pictures, "becomes more than")
def _(place: Place) -> Path:
    import gzip

    head = tarred(place).read_bytes()[:-1024].rstrip(b"\0")
    head += bytes(-len(head) % 512)
    path = place.folder / "bomb.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head)
        file.write(member("dog/9.png", size=2 << 30).tobuf())
        for _ in range(32):
            file.write(bytes(1 << 20))
    return path


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name
    return info
