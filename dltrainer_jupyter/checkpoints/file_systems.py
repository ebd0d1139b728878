"""What a :class:`~dltrainer_jupyter.checkpoints.place.Place` stands on: a folder of this machine, or one by fsspec.

Both have the same methods, take names relative to their folder, and raise whatever their file system raises.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from dltrainer_jupyter.checkpoints.disk import make_folder, sync_file, sync_folder
from dltrainer_jupyter.core import plain_files

_CHUNK = 1 << 20


class MountedFolder:
    """A folder of this machine, perhaps on a mounted drive.

    Only the folder itself is made, never one above it: what isn't mounted must not fill this machine's own disk.
    """

    def __init__(self, path: Path) -> None:
        self._root = path

    def put(self, source: Path, name: str, progress: Callable[[], None]) -> None:
        """Copy a file to here."""
        with source.open("rb") as reading, self._whole(name) as writing:
            while chunk := reading.read(_CHUNK):
                writing.write(chunk)
                progress()

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        with self._whole(name) as writing:
            writing.write(data)

    @contextmanager
    def _whole(self, name: str) -> Iterator[BinaryIO]:
        """Write a file that is readable by its owner alone, and gets its name when it is on the disk."""
        self.check()
        target = self._root / name
        make_folder(target.parent)
        temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as writing:
                yield writing
                writing.flush()
                _sync(descriptor)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)

    def size(self, name: str) -> int:
        """Give the bytes of a file."""
        return (self._root / name).stat().st_size

    def read(self, name: str) -> bytes:
        """Read a file."""
        with plain_files.opened(self._root / name) as file:
            return file.read()

    def fetch(self, name: str, target: Path, progress: Callable[[], None]) -> None:
        """Copy a file from here."""
        with plain_files.opened(self._root / name) as reading, target.open("wb") as writing:
            while chunk := reading.read(_CHUNK):
                writing.write(chunk)
                progress()
        sync_file(target)

    def names(self, folder: str) -> list[str]:
        """List what lies directly in a folder."""
        self.check()
        path = self._root / folder
        return [entry.name for entry in path.iterdir()] if path.is_dir() else []

    def remove(self, name: str) -> None:
        """Remove a file or folder."""
        path = self._root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise if the drive isn't there."""
        if not self._root.parent.is_dir():
            msg = f"the folder {self._root.parent} isn't there; is the drive mounted?"
            raise OSError(msg)


def _sync(descriptor: int) -> None:
    """Wait until a file is on the disk, if the drive knows how to tell."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


class RemoteFolder:
    """A folder at a URL, by fsspec."""

    def __init__(self, url: str) -> None:
        import fsspec

        # What others write is seen at once.
        files, self._root = fsspec.url_to_fs(url, use_listings_cache=False)
        self._files: Any = files

    def put(self, source: Path, name: str, progress: Callable[[], None]) -> None:
        """Copy a file to there, and see that all of it has arrived."""
        self._files.put_file(str(source), self._path(name), callback=_ticking(progress))
        size, found = source.stat().st_size, self.size(name)
        if found != size:
            msg = f"{name} has {found} bytes there, expected {size}"
            raise OSError(msg)

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        self._files.pipe_file(self._path(name), data)

    def size(self, name: str) -> int:
        """Give the bytes of a file."""
        return int(self._files.info(self._path(name))["size"])

    def read(self, name: str) -> bytes:
        """Read a file."""
        return bytes(self._files.cat_file(self._path(name)))

    def fetch(self, name: str, target: Path, progress: Callable[[], None]) -> None:
        """Copy a file from there."""
        self._files.get_file(self._path(name), str(target), callback=_ticking(progress))
        sync_file(target)

    def names(self, folder: str) -> list[str]:
        """List what lies directly in a folder."""
        path = self._path(folder)
        self._files.invalidate_cache()
        try:
            found = [str(entry).rstrip("/") for entry in self._files.ls(path, detail=False)]
        except FileNotFoundError:
            return []
        # Some list the folder itself, where it was made as an object of its own.
        return [PurePosixPath(entry).name for entry in found if entry.strip("/") != path.strip("/")]

    def remove(self, name: str) -> None:
        """Remove a file or folder."""
        try:
            self._files.rm(self._path(name), recursive=True)
        except FileNotFoundError:
            return

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}" if name else self._root


def _ticking(progress: Callable[[], None]) -> Any:
    from fsspec.callbacks import Callback

    class Ticking(Callback):  # type: ignore[misc]
        """Tells that bytes move."""

        def call(self, hook_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002 - fsspec's signature
            progress()

    return Ticking()
