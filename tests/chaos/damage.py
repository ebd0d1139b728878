"""Checkpoints cut short, with a bit turned over, or written to a disk that fails: each is noticed, none is believed."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from safetensors import SafetensorError

from dltrainer_jupyter.checkpoints import arrays as array_files
from dltrainer_jupyter.checkpoints import disk
from dltrainer_jupyter.checkpoints.format import Request, Written
from dltrainer_jupyter.checkpoints.manifest import MANIFEST, OPTIMIZER, STATE, WEIGHTS
from dltrainer_jupyter.checkpoints.reader import load, newest_valid
from dltrainer_jupyter.checkpoints.writer import CheckpointWriter
from dltrainer_jupyter.core.errors import CheckpointError, DLTrainerError
from tests.chaos.killing import Result

FILES = (WEIGHTS, OPTIMIZER, STATE, MANIFEST)


class Damage:
    """Damages copies of a real run's checkpoints.

    Parameters
    ----------
    newest, older : pathlib.Path
        Two whole checkpoints of a run. They are only read.
    folder : pathlib.Path
        Where copies are made.
    """

    def __init__(self, newest: Path, older: Path, folder: Path) -> None:
        self._newest = newest
        self._older = older
        self._folder = folder
        state, manifest = load(newest)
        self._request = Request(
            state, manifest.step, manifest.epoch, frozenset({"last"}), manifest.metrics, manifest.signature, {}
        )

    def truncation(self, seed: int) -> Result:
        """Cut a file of the newest checkpoint short."""
        chance = random.Random(f"truncation {seed}")

        def cut(data: bytes) -> bytes:
            return data[: chance.randrange(len(data))]

        return self._spoil("truncation", seed, chance.choice(FILES), cut)

    def bit_flip(self, seed: int) -> Result:
        """Turn one bit over, anywhere in the newest checkpoint; each byte is as likely as any other."""
        chance = random.Random(f"bit flip {seed}")
        sizes = [(self._newest / name).stat().st_size for name in FILES]
        # Every second one in a small file, where each byte means something to the reader itself.
        name = chance.choices(FILES, sizes)[0] if seed % 2 else chance.choice((STATE, MANIFEST))

        def flip(data: bytes) -> bytes:
            at = chance.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]

        return self._spoil("bit flip", seed, name, flip)

    def _spoil(self, case: str, seed: int, name: str, change: Callable[[bytes], bytes]) -> Result:
        began = time.perf_counter()
        copy = self._folder / f"{self._newest.name}-{case.replace(' ', '-')}-{seed}"
        shutil.copytree(self._newest, copy)
        before = (copy / name).read_bytes()
        (copy / name).write_bytes(change(before))
        told = self._believed([copy, self._older], expected=self._older)
        shutil.rmtree(copy)
        where = [f"{name}: {line}" for line in told]
        return Result(case, str(seed), 0, not told, time.perf_counter() - began, where)

    def write_error(self, seed: int) -> Result:
        """Let the disk fail under the real writer, in one of many ways."""
        began = time.perf_counter()
        chance = random.Random(f"write error {seed}")
        name, failing = FAILURES[seed % len(FAILURES)]
        folder = self._folder / f"write-error-{seed}"
        older = folder / self._older.name
        shutil.copytree(self._older, older)
        committed: list[Written] = []
        refused: list[Exception] = []
        writer = CheckpointWriter(folder, committed.append, lambda _, error: refused.append(error), background=False)
        with failing(chance), writer:
            ticket = writer.submit(self._request)
        told = []
        if bool(refused) == bool(committed):
            told.append(f"reported {len(refused)} errors and committed {len(committed)} checkpoints")
        if refused and not isinstance(ticket.outcome.exception(), OSError | DLTrainerError):
            told.append("whoever waits was not told")
        rubbish = [path.name for path in folder.iterdir() if path != older and path not in [w.path for w in committed]]
        if rubbish:
            told.append(f"left behind: {rubbish}")
        # What was committed although the disk failed must be whole, or be recognized as damaged.
        whole = [written.path for written in committed if name not in LYING]
        told += self._believed([*[written.path for written in committed], older], expected=whole[0] if whole else older)
        shutil.rmtree(folder)
        return Result(
            "write error", str(seed), 0, not told, time.perf_counter() - began, [f"{name}: {t}" for t in told]
        )

    @staticmethod
    def _believed(newest_first: list[Path], *, expected: Path) -> list[str]:
        """See that whatever is newer than the expected checkpoint is passed over, and that this is said."""
        passed_over: list[Path] = []
        found = newest_valid(newest_first, lambda path, _: passed_over.append(path))
        told = [] if found == expected else [f"went back to {found}, expected {expected}"]
        for path in newest_first[: newest_first.index(expected)]:
            if path not in passed_over:
                told.append(f"{path.name} was passed over in silence")
            with contextlib.suppress(CheckpointError):
                load(path)
                told.append(f"{path.name} was loaded")
        load(expected)
        return told


# --- disks that fail ------------------------------------------------------------------------------------

Failing = Callable[[random.Random], contextlib.AbstractContextManager[Any]]


def _os_with(**replaced: Any) -> contextlib.AbstractContextManager[Any]:
    """Give the module that writes files an operating system of its own; cleaning up uses the real one."""
    return mock.patch.object(disk, "os", SimpleNamespace(**{**vars(os), **replaced}))


def _raising(name: str, number: int) -> Failing:
    """Let a call of the operating system fail, the first time or the second."""

    def failing(chance: random.Random) -> contextlib.AbstractContextManager[Any]:
        real, left = getattr(os, name), [chance.randrange(2)]

        def call(*arguments: Any) -> Any:
            if left[0] == 0:
                raise OSError(number, os.strerror(number))
            left[0] -= 1
            return real(*arguments)

        return _os_with(**{name: call})

    return failing


def _full_after_some_bytes(chance: random.Random) -> contextlib.AbstractContextManager[Any]:
    """Take a part of the small files, then no more."""
    left = [chance.randrange(2000)]

    def write(descriptor: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = os.write(descriptor, data[: left[0]])
        left[0] -= taken
        return taken

    return _os_with(write=write)


def _taking_little(chance: random.Random) -> contextlib.AbstractContextManager[Any]:
    """Take only a part of the bytes at a time, which is no error."""
    return _os_with(write=lambda to, data: os.write(to, data[: 1 + chance.randrange(len(data))]))


def _saying_nothing_of_it(chance: random.Random) -> contextlib.AbstractContextManager[Any]:
    """Claim to have taken all of a small file, and keep a part of it."""
    kept = chance.random()

    def write(descriptor: int, data: memoryview) -> int:
        os.write(descriptor, data[: int(kept * len(data))])
        return len(data)

    return _os_with(write=write)


def _refusing_a_name(_: random.Random) -> contextlib.AbstractContextManager[Any]:
    """Let the last rename fail."""
    return mock.patch.object(Path, "rename", side_effect=OSError(errno.EIO, os.strerror(errno.EIO)))


@contextlib.contextmanager
def _losing_a_page(chance: random.Random) -> Iterator[None]:
    """Lose a page of an array file after it was written."""
    real = array_files.serialize_file

    def serialize(tensors: Any, path: Path) -> None:
        real(tensors, path)
        size = path.stat().st_size
        at = chance.randrange(max(1, size - 64))
        with path.open("r+b") as file:
            file.seek(at)
            page = file.read(64)
            file.seek(at)
            file.write(bytes(byte ^ 0xFF for byte in page))

    with mock.patch.object(array_files, "serialize_file", serialize):
        yield


def _library_raising(number: int) -> Failing:
    """Let the library that writes arrays fail in the middle of a file, in its own words."""

    @contextlib.contextmanager
    def failing(chance: random.Random) -> Iterator[None]:
        real = array_files.serialize_file

        def serialize(tensors: Any, path: Path) -> None:
            real(tensors, path)
            os.truncate(path, chance.randrange(path.stat().st_size))
            msg = f"Error while serializing: I/O error: {os.strerror(number)} (os error {number})"
            raise SafetensorError(msg)

        with mock.patch.object(array_files, "serialize_file", serialize):
            yield

    return failing


@contextlib.contextmanager
def _no_file_larger(chance: random.Random) -> Iterator[None]:
    """Let the kernel itself refuse to let a file grow: a short write, then an error, in any library."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (chance.randrange(1, 4000), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


FAILURES: tuple[tuple[str, Failing], ...] = (
    ("write: ENOSPC", _raising("write", errno.ENOSPC)),
    ("write: EIO", _raising("write", errno.EIO)),
    ("write: ENOSPC after a short write", _full_after_some_bytes),
    ("write: short", _taking_little),
    ("write: silently short", _saying_nothing_of_it),
    ("arrays: ENOSPC", _library_raising(errno.ENOSPC)),
    ("arrays: EIO", _library_raising(errno.EIO)),
    ("arrays: a page lost", _losing_a_page),
    ("any file: EFBIG by the kernel", _no_file_larger),
    ("fsync: EIO", _raising("fsync", errno.EIO)),
    ("fsync: ENOSPC", _raising("fsync", errno.ENOSPC)),
    ("open: ENOSPC", _raising("open", errno.ENOSPC)),
    ("rename: EIO", _refusing_a_name),
)
"""How a disk fails. Writes of small files go through :mod:`os`, arrays are written by a library."""
LYING = {"write: silently short", "arrays: a page lost"}
"""Where the disk says that all is well; only the reader can notice."""
