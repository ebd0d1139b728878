"""W&B's own files read back: what of a run is there already.

A file is a sequence of blocks of 32 KiB as in LevelDB's log; a record that doesn't fit into the rest of a block goes on
in the next. What a program that died wrote last may be cut off, and ends the reading.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BEGINNING = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
_BLOCK = 32 * 1024
_PART = struct.Struct("<IHB")
_WHOLE, _FIRST, _LAST = 1, 2, 4
_COUNTED = {"_step", "_runtime"}
"""Columns that W&B makes itself."""
STEP = "step"
"""Our own axis: the global step, a column of each row."""
EVENT = "event/number"
"""The column of an event's number."""


def logs(folder: Path, key: str) -> list[Path]:
    """Find the files of a run, oldest first: each time it was opened it got one of its own."""
    return sorted(
        folder.glob(f"wandb/*run-*-{key}*/run-{key}.wandb"), key=lambda path: path.parent.name.split("run-")[-1]
    )


def parts(path: Path, position: int = 0) -> Iterator[tuple[bytes, int]]:
    """Read records from a position on, each with the position behind it."""
    with path.open("rb") as file:
        file.seek(position)
        data = file.read()
    at = 0
    if position == 0:
        if data[: len(_BEGINNING)] != _BEGINNING:
            return
        at = len(_BEGINNING)
    gathered: list[bytes] = []
    while True:
        left = _BLOCK - (position + at) % _BLOCK
        if left < _PART.size:
            at += left
        if at + _PART.size > len(data):
            return
        checksum, length, kind = _PART.unpack_from(data, at)
        found = data[at + _PART.size : at + _PART.size + length]
        if len(found) < length or checksum != zlib.crc32(found, zlib.crc32(bytes([kind]))):
            return
        at += _PART.size + length
        gathered = [found] if kind in (_WHOLE, _FIRST) else [*gathered, found]
        if kind in (_WHOLE, _LAST):
            yield b"".join(gathered), position + at


def records(path: Path, position: int = 0) -> Iterator[tuple[Any, int]]:
    """Read W&B's records from a position on, each with the position behind it."""
    from wandb.proto import wandb_internal_pb2

    messages: Any = wandb_internal_pb2  # made when it is imported, so no type checker knows what it holds
    for data, behind in parts(path, position):
        record = messages.Record()
        record.ParseFromString(data)
        yield record, behind


def columns(row: Any) -> dict[str, Any]:
    """Give the columns of a row of history, JSON values by name; pictures and histograms are dictionaries."""
    found: dict[str, Any] = {}
    for item in row.item:
        name, *inner = item.nested_key or [item.key]
        value = json.loads(item.value_json)
        if inner:
            found.setdefault(name, {})[".".join(inner)] = value
        else:
            found[name] = value
    return found


def missing(files: list[Path], first: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give rows from a number on, with their numbers: what was written here and hasn't arrived at the server."""
    for file in files:
        for record, _ in records(file):
            if record.WhichOneof("record_type") == "history" and _number(record.history) >= first:
                row = columns(record.history)
                yield _number(record.history), {name: row[name] for name in row if name not in _COUNTED}


def description(artifact: Any) -> str:
    """Give what an artifact is known by: its name, what is in it, and what it is called besides."""
    return "\n".join([artifact.name, artifact.digest, *sorted(artifact.aliases)])


@dataclass
class Copy:
    """What is there of a run."""

    rows: int = 0
    """The number the next row gets."""
    points: set[tuple[str, int]] = field(default_factory=set)
    """Names and steps past those that were asked for."""
    events: set[int] = field(default_factory=set)
    artifacts: set[str] = field(default_factory=set)

    def take(self, record: Any, after: int) -> None:
        """Note what a record holds.

        Parameters
        ----------
        record : wandb.proto.wandb_internal_pb2.Record
            One of W&B's.
        after : int
            Points up to this step needn't be remembered.
        """
        kind = record.WhichOneof("record_type")
        if kind == "artifact":
            self.artifacts.add(description(record.artifact))
        if kind != "history":
            return
        row = columns(record.history)
        self.rows = max(self.rows, _number(record.history) + 1)
        if EVENT in row:
            self.events.add(int(row[EVENT]))
        elif row.get(STEP, 0) > after:
            self.points.update((name, int(row[STEP])) for name in row)


class Tail:
    """The end of a file that is being written: shows what has arrived in it.

    Parameters
    ----------
    path : pathlib.Path
        The file, which needn't be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.copy = Copy()
        self._position = 0

    def read(self) -> bool:
        """Take in what has come; tell whether anything has."""
        before = self._position
        if self.path.exists():
            for record, behind in records(self.path, self._position):
                self._position = behind
                kind = record.WhichOneof("record_type")
                if kind == "history":
                    self.copy.rows = max(self.copy.rows, _number(record.history) + 1)
                elif kind == "artifact":
                    self.copy.artifacts.add(description(record.artifact))
        return self._position > before


def _number(row: Any) -> int:
    if row.HasField("step"):
        return int(row.step.num)
    return next((int(item.value_json) for item in row.item if "_step" in (item.key, *item.nested_key)), 0)
