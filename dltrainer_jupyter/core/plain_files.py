"""Files that somebody else has put there: opened without waiting, and read within a bound."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from dltrainer_jupyter.core.errors import ConfigurationError


def opened(path: str | Path) -> BinaryIO:
    """Open an ordinary file for reading.

    Parameters
    ----------
    path : path
        Links are followed.

    Raises
    ------
    OSError
        If it can't be read, or is a pipe, which may never be written to, or a device, which may never end.
    """
    # Only so is a pipe opened that nobody writes to; to an ordinary file it means nothing.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "expected an ordinary file", str(path))


def read(path: str | Path, most: int, what: str) -> bytes:
    """Read a file that has to be small.

    Parameters
    ----------
    path : path
        Which.
    most : int
        Bytes that it may have.
    what : str
        What messages call it.

    Raises
    ------
    ConfigurationError
        If it has more.
    OSError
        As :func:`opened`.
    """
    with opened(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        size = Path(path).stat().st_size
        msg = f"{what}: expected a file of at most {most:,} bytes, got {max(size, most + 1):,}."
        raise ConfigurationError(msg)
    return data
