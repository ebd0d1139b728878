"""What a file may ask for: refused before anything is allocated."""

from __future__ import annotations

from dltrainer_jupyter.core.containers import memory_limit
from dltrainer_jupyter.core.errors import ConfigurationError

_SHARE = 0.7
"""Of the memory that is free; the rest is everybody else's."""
_COPIES = 3
"""How often data lies in memory at most while it is divided and prepared."""
_OF_A_ROW = 40
"""Bytes that a row on the disk takes in memory at least: its target, and its place in the order and in the parts."""
_BOMB = 500
"""Times a file may grow when it is unpacked, if what it becomes is large."""
_LARGE = 256 * 2**20


def free_memory() -> int:
    """Give the bytes that can be had, a container's limit included; files that are only cached make room."""
    import psutil

    free = int(psutil.virtual_memory().available)
    limit = memory_limit()
    return free if limit is None else min(free, max(limit.total_bytes - limit.used_bytes(), 0))


def fits(size: int) -> bool:
    """Tell whether data can be divided and prepared in the memory that is free.

    Parameters
    ----------
    size : int
        Bytes of the arrays.
    """
    return size * _COPIES <= int(free_memory() * _SHARE)


def refuse_too_large(size: int, what: str, cure: str) -> None:
    """Raise if data don't fit into memory.

    Parameters
    ----------
    size : int
        Bytes of the arrays.
    what : str
        Whose: ``"data.path: big.csv"``.
    cure : str
        What can be done, as a half-sentence.

    Raises
    ------
    ConfigurationError
        Says how much would be needed and how much there is.
    """
    if not fits(size):
        msg = f"{what} {too_large(size)}; {cure}."
        raise ConfigurationError(msg)


def too_large(size: int) -> str:
    """Say how much memory data take, and how much is free.

    Parameters
    ----------
    size : int
        Bytes of the arrays.
    """
    needs, has = in_words(size * _COPIES), in_words(int(free_memory() * _SHARE))
    return f"takes about {needs} of memory while it is prepared, and {has} are free"


def refuse_too_many_rows(rows: int, size: int, what: str) -> None:
    """Raise if what has to lie in memory of rows on the disk doesn't fit there.

    Parameters
    ----------
    rows : int
        How many.
    size : int
        Bytes of their targets.
    what : str
        Whose: ``"data.path: big.csv"``.

    Raises
    ------
    ConfigurationError
        As :func:`refuse_too_large`.
    """
    refuse_too_large(max(size, _OF_A_ROW * rows), what, "take a part of the rows")


def refuse_bomb(packed: int, unpacked: int, what: str) -> None:
    """Raise if a file becomes suspiciously much larger when it is unpacked.

    Parameters
    ----------
    packed, unpacked : int
        Bytes.
    what : str
        Which: ``"data.path: x.npz"``.

    Raises
    ------
    ConfigurationError
        Says by how much.
    """
    if unpacked > _LARGE and unpacked > _BOMB * max(packed, 1):
        msg = (
            f"{what} becomes {unpacked // max(packed, 1):,} times larger when it is unpacked ({in_words(unpacked)}), "
            "as files do that are made to fill memory; if it is yours, save it without compression."
        )
        raise ConfigurationError(msg)


def in_words(size: float) -> str:
    """Write a number of bytes for people.

    Examples
    --------
    >>> in_words(300), in_words(5 * 2**20), in_words(2**40)
    ('300 bytes', '5.0 MB', '1,024.0 GB')
    """
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size:,.0f} bytes"
