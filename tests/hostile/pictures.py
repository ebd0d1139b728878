"""Pictures that are none, or far larger than they look; folders of them with links and pipes."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

from PIL import Image

from tests.hostile.archives import png
from tests.hostile.artefact import HUGE, Place, hostile
from tests.hostile.verbs import predicted, trained_on

train = trained_on("image_folder", image_size=8)
PROBABLY = "expected an image of at most 64,000,000 pixels"
DAMAGED = "damaged or incomplete|expected an image"


def folder(place: Place, data: bytes | None = None, name: str = "0.png") -> Path:
    """Write a folder of two classes; a picture of the first is hostile."""
    for kind in ("cat", "dog"):
        (place.folder / "data" / kind).mkdir(parents=True)
        for number in range(1, 4):
            (place.folder / "data" / kind / f"{number}.png").write_bytes(png())
    if data is not None:
        (place.folder / "data" / "cat" / name).write_bytes(data)
    return place.folder / "data"


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a chunk of PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *more: bytes, data: bytes = b"") -> bytes:
    """Write a PNG file by hand."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + b"".join(more)
        + chunk(b"IDAT", data or zlib.compress(bytes(64)))
        + chunk(b"IEND", b"")
    )


@hostile("image folder: a PNG of ten gigapixels", train, PROBABLY)
def _(place: Place) -> Path:
    return folder(place, png_of(100_000, 100_000))


@hostile("image folder: a PNG of the largest sides there are", train, f"{PROBABLY}|{DAMAGED}")
def _(place: Place) -> Path:
    return folder(place, png_of(2**31 - 1, 2**31 - 1))


@hostile("image folder: a PNG whose text becomes a gigabyte", train, DAMAGED)
def _(place: Place) -> Path:
    text = b"a\0\0" + zlib.compress(bytes(1 << 30), 9)
    return folder(place, png_of(8, 8, chunk(b"zTXt", text)))


@hostile("image folder: a PNG whose colour profile becomes a gigabyte", train, DAMAGED)
def _(place: Place) -> Path:
    return folder(place, png_of(8, 8, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 30), 9))))


@hostile("image folder: a JPEG that was cut off", train, DAMAGED)
def _(place: Place) -> Path:
    written = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(written, "JPEG")
    return folder(place, written.getvalue()[:900], "0.jpg")


@hostile("image folder: an SVG called PNG, with a file of the system in it", train, "expected an image")
def _(place: Place) -> Path:
    text = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>'
    return folder(place, text.encode())


@hostile("image folder: PostScript that writes a file, called PNG", train, "expected an image")
def _(place: Place) -> Path:
    text = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n({place.canary}) (w) file closefile\nshowpage\n"
    return folder(place, text.encode())


@hostile("image folder: Python behind the beginning of a PNG", train, DAMAGED)
def _(place: Place) -> Path:
    return folder(place, b"\x89PNG\r\n\x1a\n" + f"\n{place.code}\n".encode())


@hostile("image folder: a BMP of negative sides", train, f"{DAMAGED}|{PROBABLY}")
def _(place: Place) -> Path:
    head = struct.pack("<2sIHHI", b"BM", 100, 0, 0, 54) + struct.pack(
        "<IiiHHIIiiII", 40, -9, -9, 1, 24, 0, 0, 0, 0, 0, 0
    )
    return folder(place, head, "0.bmp")


@hostile("image folder: a BMP of four gigapixels", train, PROBABLY)
def _(place: Place) -> Path:
    sides = 65_536, 65_536
    head = struct.pack("<2sIHHI", b"BM", 100, 0, 0, 54) + struct.pack(
        "<IiiHHIIiiII", 40, *sides, 1, 24, 0, 0, 0, 0, 0, 0
    )
    return folder(place, head, "0.bmp")


@hostile("image folder: a TIFF with a tag of four gigabytes", train, DAMAGED)
def _(place: Place) -> Path:
    tags = [
        (256, 3, 1, 8),
        (257, 3, 1, 8),
        (259, 3, 1, 1),
        (273, 4, 2**30, 8),
        (279, 4, 2**30, 8),
        (270, 2, 2**32 - 1, 8),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 8)
    return folder(place, data, "0.tif")


@hostile("image folder: a WebP that says more than it holds", train, DAMAGED)
def _(place: Place) -> Path:
    written = io.BytesIO()
    Image.new("RGB", (64, 64)).save(written, "WEBP", lossless=True)
    data = bytearray(written.getvalue()[:40])
    data[4:8] = struct.pack("<I", 2**32 - 2)
    return folder(place, bytes(data), "0.webp")


@hostile("image folder: a pipe that nobody writes to", train, "can't be read|ordinary file")
def _(place: Place) -> Path:
    root = folder(place)
    os.mkfifo(root / "cat" / "0.png")
    return root


@hostile("image folder: a picture that is a link to a file of the system", train, "1 link leads out of")
def _(place: Place) -> Path:
    root = folder(place)
    (root / "cat" / "0.png").symlink_to("/etc/passwd")
    return root


@hostile("image folder: a class that is a link to a folder of the system", train, "1 link leads out of")
def _(place: Place) -> Path:
    root = folder(place)
    (root / "etc").symlink_to("/etc")
    return root


@hostile("image folder: a picture without an end", train, "1 link leads out of")
def _(place: Place) -> Path:
    root = folder(place)
    (root / "cat" / "0.png").symlink_to("/dev/zero")
    return root


@hostile("image folder: a folder that is linked into itself", train, "expected at least two folders")
def _(place: Place) -> Path:
    root = place.folder / "data"
    (root / "cat").mkdir(parents=True)
    (root / "cat" / "again").symlink_to(root, target_is_directory=True)
    return root


@hostile("image folder: a file of four terabytes called PNG", train, "expected an image|at most")
def _(place: Place) -> Path:
    root = folder(place, b"\0")
    os.truncate(root / "cat" / "0.png", HUGE)
    return root


def gif(frames: int) -> bytes:
    """Write a GIF of one pixel that moves."""
    frame = b"!\xf9\x04\0\0\0\0\0," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + frame * frames + b";"


@hostile("predict: a GIF of a million pictures", predicted, "first of .*frames|pictures")
def _(place: Place) -> Path:
    (place.folder / "x.gif").write_bytes(gif(1_000_000))
    return place.folder / "x.gif"


@hostile("predict: a PNG of ten gigapixels", predicted, PROBABLY)
def _(place: Place) -> Path:
    (place.folder / "x.png").write_bytes(png_of(100_000, 100_000))
    return place.folder / "x.png"


@hostile("predict: a picture that is a program", predicted, "expected an image")
def _(place: Place) -> Path:
    (place.folder / "x.png").write_text(f"#!/bin/sh\n{place.command}\n")
    (place.folder / "x.png").chmod(0o700)
    return place.folder / "x.png"


@hostile("predict: a pipe that nobody writes to", predicted, "can't be read|ordinary file")
def _(place: Place) -> Path:
    os.mkfifo(place.folder / "x.png")
    return place.folder / "x.png"


@hostile("predict: a file of four terabytes", predicted, "expected a file of at most")
def _(place: Place) -> Path:
    (place.folder / "x.png").write_bytes(png())
    os.truncate(place.folder / "x.png", HUGE)
    return place.folder / "x.png"
