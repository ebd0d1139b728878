"""Fetch a file over HTTP: from the first mirror that has it, going on where it was cut off, whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.bounds import in_words

_PIECE = 2**20
_TIMEOUT = 30.0
_SPARE = 64 * 2**20
"""Bytes that stay free on a disk."""
_SAID_EVERY = 32 * 2**20
_SAID_AT_MOST = 50
"""Times, of something whose size is known."""
_PARTIAL = 206
_SATISFIED = 416


class DownloadError(ConfigurationError):
    """A file can't be fetched; the message says why, in one line."""


class NoSpaceError(DownloadError):
    """The disk has no room for it, whichever mirror it comes from."""


@dataclass(frozen=True)
class Published:
    """A file that its authors published once and for all."""

    name: str
    size: int
    """Bytes."""
    sha256: str

    def is_whole(self, path: Path) -> bool:
        """Tell whether a file is the one that was published."""
        return path.is_file() and path.stat().st_size == self.size and _digest(path) == self.sha256


def download(published: Published, mirrors: Sequence[str], folder: Path, *, say: bool = True) -> Path:
    """Fetch a published file into a folder, if it isn't there.

    Parameters
    ----------
    published : Published
        Which.
    mirrors : sequence of str
        Addresses of folders that have it, asked in this order.
    folder : pathlib.Path
        Where it is kept.
    say : bool, default True
        Say on the standard error stream how far it is.

    Returns
    -------
    pathlib.Path
        The file, whose checksum is right.

    Raises
    ------
    DownloadError
        If no mirror gives it, or all give another file; the message names the folder to put it in.
    """
    path = folder / published.name
    if published.is_whole(path):
        return path
    private.make_folder(folder)
    # Two that append to the same file would spoil it.
    with alone(folder / ".lock", published.name, doing="downloads", say=say):
        return path if published.is_whole(path) else _from_mirrors(published, mirrors, path, say=say)


def _from_mirrors(published: Published, mirrors: Sequence[str], path: Path, *, say: bool) -> Path:
    refusals = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{published.name}"
        try:
            _fetch(published, url, path, say=say)
        except NoSpaceError:
            raise
        except DownloadError as error:
            refusals.append(str(error))
        else:
            return path
    msg = (
        f"data: {published.name} can't be downloaded ({'; '.join(refusals)}). Put the file into {path.parent}, or try "
        "again."
    )
    raise DownloadError(msg)


def _fetch(published: Published, url: str, path: Path, *, say: bool) -> None:
    part = path.with_name(f".{path.name}.part")
    have = part.stat().st_size if part.is_file() else 0
    if have > published.size:
        part.unlink()
        have = 0
    refuse_full(path.parent, published.size - have, published.name)
    if have < published.size:
        _append(url, part, have, published, say=say)
    found = part.stat().st_size
    if found < published.size:
        # What came stays, so that the next one goes on from there.
        msg = f"{_host(url)} stopped after {in_words(found)} of {in_words(published.size)}"
        raise DownloadError(msg)
    if _digest(part) != published.sha256:
        part.unlink()
        if have:
            # What was there before may be of another mirror, or spoilt: once more from the beginning.
            _fetch(published, url, path, say=say)
            return
        msg = f"what {_host(url)} gives has the wrong checksum"
        raise DownloadError(msg)
    sync(part)
    part.replace(path)


def _append(url: str, part: Path, have: int, published: Published, *, say: bool) -> None:
    """Fetch what is missing of a file."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    with opened(url, headers) as answer:
        if have and answer.status != _PARTIAL:
            have = 0
        teller = Progress(published.name, published.size, have, say=say)
        with _writing(part, "ab" if have else "wb", published.name) as file:
            while have < published.size and (piece := _read(answer, url)):
                # More than was published would be another file.
                piece = piece[: published.size - have]
                _write(file, piece, published.name)
                have += len(piece)
                teller.at(have)


def opened(url: str, headers: dict[str, str]) -> Any:
    """Ask for an address of the web.

    Raises
    ------
    DownloadError
        If nobody answers, or answers no.
    """
    if not url.startswith(("http://", "https://")):
        msg = f"expected an address that begins with http:// or https://, got {url}"
        raise DownloadError(msg)
    request = urllib.request.Request(url, headers={"User-Agent": "dltrainer", **headers})  # noqa: S310 - checked above
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310 - checked above
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == _SATISFIED:
            return opened(url, {key: value for key, value in headers.items() if key != "Range"})
        msg = f"{_host(url)} answered {error.code} {error.reason}"
        raise DownloadError(msg) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        msg = f"{_host(url)} can't be reached: {getattr(reason, 'strerror', None) or reason}"
        raise DownloadError(msg) from error


def _read(answer: Any, url: str) -> bytes:
    try:
        return bytes(answer.read(_PIECE))
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, http.client.IncompleteRead):
            return bytes(error.partial)
        msg = f"the connection to {_host(url)} broke: {error}"
        raise DownloadError(msg) from error


def _writing(path: Path, mode: str, name: str) -> Any:
    try:
        private.make_file(path)
        return path.open(mode)
    except OSError as error:
        raise no_space(path.parent, name, error) from error


def _write(file: Any, piece: bytes, name: str) -> None:
    try:
        file.write(piece)
    except OSError as error:
        raise no_space(Path(file.name).parent, name, error) from error


def no_space(folder: Path, name: str, error: OSError) -> NoSpaceError:
    """Make the error for a file that can't be written."""
    return NoSpaceError(f"data: {name} can't be written to {folder}: {error.strerror or error}.")


def refuse_full(folder: Path, size: int, name: str) -> None:
    """Raise if a disk has no room for so many bytes more.

    Raises
    ------
    NoSpaceError
        Says how much is needed and how much is free.
    """
    private.make_folder(folder)
    free = shutil.disk_usage(folder).free
    if size + _SPARE > free:
        msg = (
            f"data: {name} needs {in_words(size)} in {folder}, where {in_words(max(free - _SPARE, 0))} can be had; "
            "free some, or set DLTRAINER_HOME to a folder on another disk."
        )
        raise NoSpaceError(msg)


@contextmanager
def alone(path: Path, name: str, *, doing: str, say: bool) -> Iterator[None]:
    """Let no other process do the same meanwhile.

    Parameters
    ----------
    path : pathlib.Path
        A file that stands for it, in a folder that is there.
    name, doing : str
        Of what, and what it is, for who waits: ``"x.csv"``, ``"prepares"``.
    say : bool
        Whether to say on the standard error stream that somebody else is waited for.
    """
    import filelock

    lock = filelock.FileLock(path, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        if say:
            print(f"Waiting for another process that {doing} {name} …", file=sys.stderr)  # noqa: T201 - to who waits
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def sync(path: Path) -> None:
    """See that a file survives a loss of power."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


class Progress:
    """Says now and then how far something is that takes long, on the standard error stream.

    Parameters
    ----------
    name : str
        Of the file.
    size : int or None
        Its bytes, if they are known.
    have : int
        How many there were before.
    say : bool
        Whether to say anything.
    doing : str, default "Downloading"
        What it is.
    """

    def __init__(self, name: str, size: int | None, have: int, *, say: bool, doing: str = "Downloading") -> None:
        self._name, self._size, self._say, self._doing = name, size, say, doing
        self._every = max(_SAID_EVERY, (size or 0) // _SAID_AT_MOST)
        self._next = have + self._every
        if say and (size is None or size > _PIECE):
            whole = "" if size is None else f" ({in_words(size)})"
            rest = f", from {in_words(have)} on" if have else ""
            print(f"{doing} {name}{whole}{rest} …", file=sys.stderr)  # noqa: T201 - said to whoever waits for it

    def at(self, have: int) -> None:
        """Take note of how far it is."""
        if self._say and have >= self._next:
            self._next = have + self._every
            share = "" if self._size is None else f", {have / self._size:.0%}"
            print(f"{self._doing} {self._name}: {in_words(have)}{share}", file=sys.stderr)  # noqa: T201 - the same


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _host(url: str) -> str:
    return url.split("/")[2]
