"""A folder at an fsspec URL: a mounted drive, S3, or whatever else fsspec has a file system for.

Names within it are relative, with slashes. A file is whole under its name or not there.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from dltrainer_jupyter.checkpoints.disk import make_folder, sync_file, sync_folder, write_file
from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, MissingPackageError
from dltrainer_jupyter.core.places import is_remote

_CHUNK = 1 << 20
_EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Protocols whose package is an extra of ours."""


class PlaceError(DLTrainerError):
    """A place can't be reached."""


class NotThereError(PlaceError):
    """A place can be reached, and lacks what was looked for."""


def check_url(url: str) -> None:
    """Raise if no file system for a URL is installed; whether it can be reached is another question.

    Raises
    ------
    ConfigurationError
        If nobody knows such a URL.
    MissingPackageError
        If a package has to be installed first.
    """
    if not is_remote(url):
        return
    import fsspec

    protocol = urlsplit(url).scheme
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        cure = f'pip install "dltrainer-jupyter[{_EXTRAS[protocol]}]"' if protocol in _EXTRAS else str(error)
        msg = f"{protocol}:// needs a package that isn't installed: {cure}"
        raise MissingPackageError(msg) from error
    except ValueError as error:
        msg = f"Expected a folder or a URL such as s3://BUCKET/FOLDER, got '{url}': {error}."
        raise ConfigurationError(msg) from error


class Place:
    """A folder at a URL. Every method raises :class:`PlaceError` if it can't be reached.

    Parameters
    ----------
    url : str
        A folder of this machine, or any URL that fsspec understands.
    progress : callable, optional
        Told now and then that bytes move.
    """

    def __init__(self, url: str, progress: Callable[[], None] = lambda: None) -> None:
        check_url(url)
        self.url = url.rstrip("/")
        self._progress = progress
        # Built at the first use: a drive that isn't there raises then, as an error of the place.
        self._opened: tuple[Any, str] | None = None

    def __str__(self) -> str:
        """Give the URL."""
        return self.url

    def put(self, source: Path, name: str) -> None:
        """Copy a file of this machine to a name that is new, or holds the same."""
        with self._reaching(name) as (files, path):
            if files is None:
                self._copy_here(source, Path(path))
                return
            files.put_file(str(source), path, callback=_callback(self._progress))
            size, found = source.stat().st_size, int(files.info(path)["size"])
            if found != size:
                msg = f"{self}/{name} has {found} bytes there, expected {size}; it will be copied again."
                raise PlaceError(msg)

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with self._reaching(name) as (files, path):
            if files is not None:
                files.pipe_file(path, data)
                return
            target = Path(path)
            self._make_folder(target.parent)
            temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
            try:
                write_file(temporary, data)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(target.parent)

    def read(self, name: str, most: int) -> bytes:
        """Read a small file.

        Parameters
        ----------
        name : str
            Which.
        most : int
            More bytes are refused before any is read.
        """
        with self._reaching(name) as (files, path):
            size = Path(path).stat().st_size if files is None else int(files.info(path)["size"])
            if size > most:
                msg = f"{self}/{name} has {size} bytes, expected at most {most}."
                raise PlaceError(msg)
            return Path(path).read_bytes() if files is None else bytes(files.cat_file(path))

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to a new one of this machine, readable by its owner alone; whoever asks checks its content."""
        with self._reaching(name) as (files, path):
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            if files is None:
                shutil.copyfile(path, target)
            else:
                files.get_file(path, str(target), callback=_callback(self._progress))
            sync_file(target)

    def names(self, folder: str = "") -> list[str]:
        """List what lies directly in a folder, sorted; nothing if there is none."""
        with self._reaching(folder) as (files, path):
            if files is None:
                found = [entry.name for entry in Path(path).iterdir()] if self._is_there(Path(path)) else []
            else:
                files.invalidate_cache()
                try:
                    found = [str(entry).rstrip("/") for entry in files.ls(path, detail=False)]
                except FileNotFoundError:
                    found = []
                found = [entry for entry in found if entry != path.rstrip("/")]
            return sorted({PurePosixPath(entry).name for entry in found} - {""})

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens if there is nothing."""
        with self._reaching(name) as (files, path):
            try:
                if files is not None:
                    files.rm(path, recursive=True)
                elif Path(path).is_dir():
                    shutil.rmtree(path)
                else:
                    Path(path).unlink()
            except FileNotFoundError:
                return

    def _copy_here(self, source: Path, target: Path) -> None:
        self._make_folder(target.parent)
        temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
                while chunk := reading.read(_CHUNK):
                    writing.write(chunk)
                    self._progress()
                writing.flush()
                os.fsync(writing.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder, but never the one the drive is mounted in: what isn't mounted must not fill this disk."""
        self._is_there(folder)
        make_folder(folder)

    def _is_there(self, folder: Path) -> bool:
        above = Path(self._where()[1]).parent
        if not above.is_dir():
            msg = f"{self} can't be reached: the folder {above} isn't there; is the drive mounted?"
            raise PlaceError(msg)
        return folder.is_dir()

    def _where(self) -> tuple[Any, str]:
        if self._opened is None:
            if is_remote(self.url):
                import fsspec

                self._opened = fsspec.url_to_fs(self.url, use_listings_cache=False)
            else:
                self._opened = None, str(Path(self.url.removeprefix("file://")).expanduser().resolve())
        return self._opened

    @contextmanager
    def _reaching(self, name: str) -> Iterator[tuple[Any, str]]:
        """Give the file system (None for this machine's own) and the path of a name."""
        try:
            files, root = self._where()
            yield files, f"{root}/{name}" if name else root
        except DLTrainerError:
            raise
        except FileNotFoundError as error:
            msg = f"{self}/{name} isn't there"
            raise NotThereError(msg) from error
        except Exception as error:
            # Each file system raises errors of its own: of HTTP clients, of S3's, or of the operating system.
            why = " ".join(str(error).split()) or type(error).__name__
            msg = f"{self} can't be reached: {why}"
            raise PlaceError(msg) from error


def _callback(progress: Callable[[], None]) -> Any:
    from fsspec.callbacks import Callback

    class Ticking(Callback):  # type: ignore[misc]
        """Tells that bytes move."""

        def call(self, hook_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002 - fsspec's signature
            progress()

    return Ticking()
