"""Files from anywhere: a path of this machine, or a URL that is fetched into a cache."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, brief, did_you_mean, first_line
from dltrainer_jupyter.core.places import is_remote, local_folder, without_secrets
from dltrainer_jupyter.core.variables import CACHE_GB, MOST_CACHE_GB
from dltrainer_jupyter.data.files.bounds import in_words
from dltrainer_jupyter.data.files.downloading import (
    DownloadError,
    NoSpaceError,
    Progress,
    no_space,
    opened,
    refuse_full,
    sync,
)

_PIECE = 2**20
_STALE = 24 * 3600.0
_USED = ".used"
"""Says by its time when a file was last asked for; the file's own time stays that of its bytes."""
_EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Protocols whose package is an extra of ours."""


def home() -> Path:
    """Give the folder of everything that is kept, as far as those know it who train."""
    import platformdirs

    given = os.environ.get("DLTRAINER_HOME")
    return (
        Path(given).expanduser().resolve() if given else Path(platformdirs.user_data_dir("dltrainer", appauthor=False))
    )


def cache_folder(name: str) -> Path:
    """Give a folder of the cache; whatever is in it can be had again."""
    return home() / "cache" / name


def local_file(place: str, key: str = "data.path", *, say: bool = True) -> Path:
    """Give a file of this machine: itself, or the copy of one that lies elsewhere.

    Parameters
    ----------
    place : str
        A path, or any URL that fsspec understands: ``s3://BUCKET/FILE``, ``https://…``. Credentials come from the
        environment. What was fetched stays in ``DLTRAINER_HOME/cache`` until its tag (ETag), time or size changes
        there, or ``DLTRAINER_CACHE_GB`` (50) are exceeded.
    key : str, default "data.path"
        What messages call it.
    say : bool, default True
        Say how far a download is.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ConfigurationError
        If there is no such file, it can't be reached, or there is no room for it.

    Examples
    --------
    >>> local_file("/no/such.csv")
    Traceback (most recent call last):
        ...
    dltrainer_jupyter.core.errors.ConfigurationError: data.path: there is no file /no/such.csv.
    """
    if is_remote(place):
        return _fetched(_checked(place, key), key, say=say)
    path = local_path(place, key)
    if path.is_dir():
        msg = f"{key}: expected a file, got the folder {path}."
        raise ConfigurationError(msg)
    if not path.is_file():
        msg = f"{key}: expected an ordinary file, got a pipe or a device: {path}."
        raise ConfigurationError(msg)
    return path


def local_path(place: str, key: str = "data.path") -> Path:
    """Give a file or folder of this machine that is there.

    Raises
    ------
    ConfigurationError
        If it isn't; the message suggests the nearest name.
    """
    path = local_folder(_checked(place, key)).expanduser().absolute()
    try:
        is_there = path.exists()
    except OSError as error:  # a name that is too long, or a folder one may not look into
        msg = f"{key}: {brief(str(path))} can't be opened: {error.strerror}."
        raise ConfigurationError(msg) from error
    if not is_there:
        near = ""
        with suppress(OSError):
            near = did_you_mean(path.name, [it.name for it in path.parent.iterdir()][:10_000])
        msg = f"{key}: there is no file {path}.{near}"
        raise ConfigurationError(msg)
    return path


def _checked(place: str, key: str) -> str:
    try:
        return without_secrets(place)
    except ValueError as error:
        msg = f"{key}: {error}."
        raise ConfigurationError(msg) from None


def _fetched(url: str, key: str, *, say: bool) -> Path:
    """Give the copy of a file, fetched anew if what lies there has changed."""
    try:
        name, marks, size, file = _described(url)
        folder = cache_folder("files") / hashlib.sha256(json.dumps([url, *marks, size]).encode()).hexdigest()[:32]
        path = folder / name
        with file:
            # Of another version by its size alone nothing would be noticed.
            if path.is_file() and marks and (size is None or path.stat().st_size == size):
                (folder / _USED).touch()
                return path
            _take(_pieces(file), path, size, say=say)
    except NoSpaceError:
        raise
    except DownloadError as error:
        msg = f"{key}: {url} can't be fetched: {error}."
        raise ConfigurationError(msg) from error
    tidy(cache_folder("files"), keep=folder)
    return path


def _described(url: str) -> tuple[str, list[str], int | None, Any]:
    """Give the name of a file, what tells it from other versions beside its size, its size, and itself, opened."""
    name = Path(unquote(urlsplit(url).path)).name
    name = "".join(it if it.isalnum() or it in "._-" else "_" for it in name).lstrip(".")[:100] or "file"
    if url.startswith(("http://", "https://")):
        answer = opened(url, {})
        length = answer.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else None
        marks = [answer.headers.get(it) for it in ("ETag", "Last-Modified")]
        return name, [str(it) for it in marks if it is not None], size, answer
    files, path = _file_system(url)
    info = _asking(url, lambda: files.info(path))
    if info.get("type") == "directory":
        msg = "it is a folder"
        raise DownloadError(msg)
    marks = [info.get(it) for it in ("ETag", "etag", "md5Hash", "LastModified", "mtime", "updated", "created")]
    opening = _asking(url, lambda: files.open(path, "rb", block_size=8 * _PIECE))
    return name, [str(it) for it in marks if it is not None], info.get("size"), opening


def _file_system(url: str) -> tuple[Any, str]:
    import fsspec

    protocol = urlsplit(url).scheme
    try:
        return fsspec.url_to_fs(url)  # type: ignore[no-any-return]
    except ImportError as error:
        cure = f'pip install "dltrainer-jupyter[{_EXTRAS[protocol]}]"' if protocol in _EXTRAS else str(error)
        msg = f"{protocol}:// needs a package that isn't installed: {cure}"
        raise MissingPackageError(msg) from error
    except ValueError as error:
        msg = f"no kind of place is called {protocol}://"
        raise DownloadError(msg) from error


def _asking(url: str, call: Any) -> Any:
    try:
        return call()
    except FileNotFoundError as error:
        msg = "there is no such file"
        raise DownloadError(msg) from error
    except Exception as error:  # what a client of somebody else's raises is its own affair
        msg = f"{urlsplit(url).scheme}:// says {type(error).__name__}, {first_line(error)}"
        raise DownloadError(msg) from error


def _pieces(file: Any) -> Iterator[bytes]:
    while True:
        try:
            piece = file.read(_PIECE)
        except Exception as error:  # the same
            msg = f"the connection broke: {type(error).__name__}, {first_line(error)}"
            raise DownloadError(msg) from error
        if not piece:
            return
        yield piece


def _take(pieces: Iterator[bytes], path: Path, size: int | None, *, say: bool) -> None:
    """Write a file beside its place, and put it there once it is whole."""
    most = int(most_bytes())
    if size is not None and size > most:
        msg = f"it has {in_words(size)}, and the cache holds {in_words(most)} (DLTRAINER_CACHE_GB)"
        raise DownloadError(msg)
    refuse_full(path.parent.parent, size or 0, path.name)
    part = path.parent.parent / f".{secrets.token_hex(8)}.part"
    teller, have = Progress(path.name, size, 0, say=say), 0
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            for piece in pieces:
                file.write(piece)
                have += len(piece)
                if have > most:
                    msg = f"it has more than the {in_words(most)} that the cache holds (DLTRAINER_CACHE_GB)"
                    raise DownloadError(msg)
                teller.at(have)
        if size is not None and have != size:
            msg = f"it was cut off after {have:,} of {size:,} bytes"
            raise DownloadError(msg)
        sync(part)
        private.make_folder(path.parent)
        part.replace(path)
    except OSError as error:
        raise no_space(part.parent, path.name, error) from error
    finally:
        part.unlink(missing_ok=True)


def most_bytes() -> float:
    """Give how many bytes of fetched files are kept: ``DLTRAINER_CACHE_GB``.

    Raises
    ------
    ConfigurationError
        If that is no positive number.
    """
    given = os.environ.get(CACHE_GB.name, "")
    try:
        size = float(given) if given else MOST_CACHE_GB
    except ValueError:
        size = -1.0
    if not 0 < size < 2**40:
        msg = f"DLTRAINER_CACHE_GB: expected a positive number of gigabytes, got {brief(given)}."
        raise ConfigurationError(msg)
    return size * 2**30


def tidy(folder: Path, keep: Path) -> None:
    """Remove what was used longest ago from a cache of folders, until the rest fits; others may do so meanwhile."""
    entries = []
    for entry in folder.iterdir():
        with suppress(OSError):
            if entry.name.startswith("."):
                if time.time() - entry.stat().st_mtime > _STALE:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            elif entry != keep:
                files = [it.stat() for it in entry.rglob("*") if it.is_file()]
                used = max((it.st_mtime for it in files), default=0.0)
                entries.append((used, sum(it.st_size for it in files), entry))
    left = most_bytes() - sum(it.stat().st_size for it in keep.rglob("*") if it.is_file())
    for _, size, entry in sorted(entries, reverse=True):
        left -= size
        if left < 0:
            shutil.rmtree(entry, ignore_errors=True)
