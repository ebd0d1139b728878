"""What a run's event files hold already."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.text.metadata import PLUGIN_NAME as TEXTS

from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.trackers.tensorboard.summaries import ABOUT, is_past

_HEAD, _FOOT = 12, 4
"""Bytes before a record (its length, and a checksum of that) and behind it (a checksum of it)."""


@dataclass
class Held:
    """What was found that says how to go on."""

    past: list[Path] = field(default_factory=list)
    """Files with something that comes again."""
    tags: set[str] = field(default_factory=set)
    """Of what belongs to the run as a whole."""
    texts: dict[str, str] = field(default_factory=dict)
    """The newest of each such text, by tag."""
    files: set[tuple[str, str]] = field(default_factory=set)
    """Tags and marks of attached files."""
    graph: bool = False


def look(files: list[Path], sent: Mark) -> Held:
    """Read what files hold, in the order in which readers do."""
    held = Held()
    for file in files:
        again = False
        for event, _ in events(file):
            if event.HasField("graph_def"):
                held.graph = True
            elif is_past(event, sent):
                again = True
            else:
                _note(event, held)
        if again:
            held.past.append(file)
    return held


def staying(file: Path, sent: Mark) -> Iterator[bytes]:
    """Give the records of a file that don't come again, as they are."""
    return (record for event, record in events(file) if not is_past(event, sent))


def events(file: Path) -> Iterator[tuple[Any, bytes]]:
    """Read a file's events and their records, up to its end or to where it was cut off: readers come no further either.

    The checksum of a record's content isn't looked at, which would take most of the time: what hadn't reached the disk
    when the machine died was never said to have arrived.
    """
    with file.open("rb") as stream:
        while len(head := stream.read(_HEAD)) == _HEAD:
            length, checksum = struct.unpack("<QI", head)
            if masked_crc32c(head[:8]) != checksum:
                return
            record = stream.read(length + _FOOT)
            if len(record) < length + _FOOT:
                return
            try:
                event = Event.FromString(record[:length])
            except DecodeError:
                return
            yield event, head + record


def _note(event: Any, held: Held) -> None:
    for value in event.summary.value:
        if value.node_name == ABOUT:
            held.tags.add(value.tag)
            if value.metadata.plugin_data.plugin_name == TEXTS:
                held.texts[value.tag] = value.tensor.string_val[0].decode()
        elif value.node_name.startswith("file "):
            held.files.add((value.tag, value.node_name))
