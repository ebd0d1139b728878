"""What a file may ask for: refused before anything is allocated."""

from __future__ import annotations

from pathlib import Path

from dltrainer_jupyter.core.errors import ConfigurationError

_SHARE = 0.7
"""Of the memory that is free; the rest is everybody else's."""
_COPIES = 3
"""How often data lies in memory at most while it is divided and prepared."""
_BOMB = 500
"""Times a file may grow when it is unpacked, if what it becomes is large."""
_LARGE = 256 * 2**20


def free_memory() -> int:
    """Give the bytes that can be had, a container's limit included."""
    import psutil

    free = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        most, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such group, or one without a limit
        return free
    return min(free, max(most - used, 0))


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
    needed, free = size * _COPIES, int(free_memory() * _SHARE)
    if needed > free:
        needs, has = in_words(needed), in_words(free)
        msg = f"{what} takes about {needs} of memory while it is prepared, and {has} are free; {cure}."
        raise ConfigurationError(msg)


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
