"""A folder at a URL: of a mounted drive, on S3, or wherever else fsspec has a file system for.

Names within it are relative, with slashes. A file is whole under its name or not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from dltrainer_jupyter.checkpoints.file_systems import MountedFolder, RemoteFolder
from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, MissingPackageError
from dltrainer_jupyter.core.places import is_remote, local_folder

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

    Examples
    --------
    >>> Place("s3://bucket/runs").names()  # doctest: +SKIP
    ['4f1c9a30d2be']
    """

    def __init__(self, url: str, progress: Callable[[], None] = lambda: None) -> None:
        check_url(url)
        self.url = url.rstrip("/")
        self._progress = progress
        self._found: MountedFolder | RemoteFolder | None = None

    def __str__(self) -> str:
        """Give the URL."""
        return self.url

    def put(self, source: Path, name: str) -> None:
        """Copy a file of this machine to a name that is new, or holds the same."""
        with self._reaching(name) as folder:
            folder.put(source, name, self._progress)

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with self._reaching(name) as folder:
            folder.write(name, data)

    def read(self, name: str, most: int) -> bytes:
        """Read a small file.

        Parameters
        ----------
        name : str
            Which.
        most : int
            A file of more bytes is refused before any is read.

        Raises
        ------
        NotThereError
            If there is none.
        """
        with self._reaching(name) as folder:
            size = folder.size(name)
            if size > most:
                msg = f"{self}/{name} has {size} bytes, expected at most {most}."
                raise PlaceError(msg)
            return folder.read(name)

    def size(self, name: str) -> int:
        """Give the bytes of a file.

        Raises
        ------
        NotThereError
            If there is none.
        """
        with self._reaching(name) as folder:
            return folder.size(name)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to a new one of this machine, readable by its owner alone; whoever asks checks its content.

        Raises
        ------
        NotThereError
            If there is none.
        """
        with self._reaching(name) as folder:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            folder.fetch(name, target, self._progress)

    def names(self, folder: str = "") -> list[str]:
        """List what lies directly in a folder, sorted; nothing if there is no such folder."""
        with self._reaching(folder) as found:
            return sorted(set(found.names(folder)))

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens if there is nothing."""
        with self._reaching(name) as folder:
            folder.remove(name)

    @contextmanager
    def _reaching(self, name: str) -> Iterator[MountedFolder | RemoteFolder]:
        try:
            if self._found is None:
                remote = is_remote(self.url)
                self._found = RemoteFolder(self.url) if remote else MountedFolder(local_folder(self.url).absolute())
            yield self._found
        except PlaceError:
            raise
        except FileNotFoundError as error:
            msg = f"{self}/{name} isn't there."
            raise NotThereError(msg) from error
        except Exception as error:
            # Each file system raises errors of its own: of an HTTP client, of S3's, of the operating system.
            why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            msg = f"{self} can't be reached: {why}."
            raise PlaceError(msg) from error
