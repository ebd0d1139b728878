"""Text of a file as it is read: not more of it than fits, and no line that never ends."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.bounds import free_memory, refuse_bomb

LONGEST_LINE = 2**24
_SHARE = 4
"""Of the memory that is free, what a piece may take at most: Python needs several times its bytes."""


class Bounded(io.RawIOBase):
    """Bytes of a file, perhaps unpacked, as they are read.

    Parameters
    ----------
    packed : binary file
        As it lies on the disk.
    unpacked : binary file
        What is read: the same, or what unpacks it.
    path : pathlib.Path
        Its path.
    in_pieces : bool
        Whether it is read piece by piece, each of which has to fit into memory; else the whole has to.
    """

    def __init__(self, packed: Any, unpacked: Any, path: Path, *, in_pieces: bool) -> None:
        self._packed, self._file, self._name = packed, unpacked, path.name
        self._size, self._in_pieces = path.stat().st_size, in_pieces
        self._left = self._most = free_memory() // (_SHARE if in_pieces else 1)
        self._line = self._read = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def packed_read(self) -> int:
        """Tell how many bytes of the file were read."""
        return int(self._packed.tell())

    def begin_piece(self) -> None:
        """Take note that what was read so far is no longer needed."""
        self._left = self._most

    def readinto(self, buffer: Any) -> int:
        """Read some.

        Raises
        ------
        ConfigurationError
            If it is more than fits, a line is too long, or it becomes suspiciously much when it is unpacked.
        """
        piece = self._file.read(len(buffer))
        self._left -= len(piece)
        self._read += len(piece)
        ends = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        self._line = self._line + len(piece) if ends < 0 else len(piece) - ends - 1
        if self._line > LONGEST_LINE:
            msg = f"data.path: {self._name} isn't a table of text: a line has more than {LONGEST_LINE:,} bytes."
            raise ConfigurationError(msg)
        if self._left < 0:
            msg = f"data.path: {self._name} doesn't fit into memory; take a part of it."
            raise ConfigurationError(msg)
        if self._in_pieces:
            refuse_bomb(self._size, self._read, f"data.path: {self._name}")
        buffer[: len(piece)] = piece
        return len(piece)
