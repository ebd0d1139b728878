"""Whole files that are really on the disk, and folders that survive a power cut.

New files and folders are readable by their owner only. Windows knows neither owner-only modes nor a flush
of a folder; there the order of things is the same and the guarantee is weaker.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20
_NO_FOLDER_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
"""What network file systems answer that don't know how to flush a folder."""


@dataclass(frozen=True)
class PartRecord:
    """What a file must look like."""

    size: int
    """In bytes."""
    sha256: str
    """In lower-case hexadecimal."""


def write_file(path: Path, data: bytes) -> PartRecord:
    """Write a new file and wait until it is on the disk; size and SHA-256 are of what was handed over.

    Raises
    ------
    OSError
        If the disk is full or broken; what was written of the file stays behind.
    """
    checksum = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        for start in range(0, len(data), _CHUNK):
            chunk = memoryview(data)[start : start + _CHUNK]
            checksum.update(chunk)
            _write_all(descriptor, chunk)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return PartRecord(len(data), checksum.hexdigest())


def _write_all(descriptor: int, data: memoryview) -> None:
    # A full disk may take a part of it and report the error only when asked again.
    while data:
        taken = os.write(descriptor, data)
        if taken == 0:
            raise OSError(errno.EIO, "the disk takes no more bytes and gives no reason")
        data = data[taken:]


def sync_file(path: Path) -> None:
    """Wait until a file somebody else wrote is on the disk."""
    with path.open("rb+") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, each sure to outlive a power cut."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def open_regular(path: Path) -> io.BufferedReader:
    """Open a plain file for reading.

    Raises
    ------
    OSError
        If it can't be read, or is no plain file: a link may lead anywhere, a pipe would block.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(errno.EINVAL, "expected a plain file, got a link, folder or device", str(path))
    return path.open("rb")


def remove_folder(path: Path) -> None:
    """Remove a folder with what is in it, or the link that stands in its place, never what a link leads to.

    Nothing happens if there is nothing.
    """
    try:
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)
    except FileNotFoundError:
        return
