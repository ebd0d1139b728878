"""The event files of one run: a new one is begun each time the run is opened.

Readers take a run's files in the order of their names, so these are numbered. What earlier files hold though it comes
again is cut out of them before anything is written: TensorBoard's own sign for that, which makes readers forget what
they have read from some step on, works for the summaries of TensorFlow 1 only. A page that is open meanwhile shows each
point once all the same, since to TensorBoard's data server what it reads later counts; without that server, which
``--load_fast=false`` does, the page has to be started again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata
from tensorboard.summary.writer.record_writer import RecordWriter

from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.trackers.tensorboard import held

_ENDING = ".end"
_BUFFER = 1 << 20


class Log:
    """What is written into a run's folder.

    Parameters
    ----------
    folder : pathlib.Path
        The run's; it is there.
    began : datetime.datetime
        When the run was started; part of the files' names.
    sent : Mark
        What the folder holds past it comes again.

    Raises
    ------
    OSError
        From here as from any method, if a file can't be read or written.
    """

    def __init__(self, folder: Path, began: datetime, sent: Mark) -> None:
        self._folder = folder
        self._stem = f"events.out.tfevents.{int(began.timestamp()):010d}."
        self._number = max((int(path.name.split(".")[4]) for path in self._own()), default=0)
        self._file: BinaryIO | None = None
        self._records: RecordWriter | None = None
        self.held = held.look(self._own(), sent)
        """What was there already."""
        for path in self.held.past:
            self._replace(path, held.staying(path, sent))

    def add(self, events: Iterable[Any]) -> None:
        """Write events; they have arrived after the next :meth:`sync`."""
        for event in events:
            records = self._records or self._begin()
            records.write(event.SerializeToString())

    def sync(self) -> None:
        """Wait until all that was written is on the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def go_on(self) -> None:
        """Take back that the run has ended."""
        for path in self._endings():
            path.unlink(missing_ok=True)

    def finish(self, events: list[Any]) -> None:
        """Write what is true only while the run doesn't go on, in a file of its own.

        Readers believe the first end they find, so an older one is taken away.
        """
        older = self._endings()
        self.close()
        if events:
            self._begin(_ENDING)
            self.add(events)
            self.sync()
            self.close()
        for path in older:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file; what is written next comes into another."""
        file, self._file, self._records = self._file, None, None
        if file is not None:
            file.close()

    def _begin(self, suffix: str = "") -> RecordWriter:
        self._number += 1
        path = self._folder / f"{self._stem}{self._number:06d}.dltrainer{suffix}"
        self._file = path.open("xb", buffering=_BUFFER)
        self._records = begun = RecordWriter(self._file)
        version = Event(
            wall_time=time.time(), file_version="brain.Event:2", source_metadata=SourceMetadata(writer="dltrainer")
        )
        begun.write(version.SerializeToString())
        self.sync()
        _sync_folder(self._folder)
        return begun

    def _replace(self, path: Path, records: Iterable[bytes]) -> None:
        """Put other records into a file; it is whole at any time."""
        made = self._folder / "cut.partial"
        with made.open("wb", buffering=_BUFFER) as file:
            file.writelines(records)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
        _sync_folder(self._folder)

    def _own(self) -> list[Path]:
        return sorted(self._folder.glob("events.out.tfevents.*.*.dltrainer*"))

    def _endings(self) -> list[Path]:
        return [path for path in self._own() if path.name.endswith(_ENDING)]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
