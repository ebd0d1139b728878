"""Archives, unpacked with nothing left outside their folder, no links, and a bound on what they become."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.data.files.bounds import in_words
from dltrainer_jupyter.data.files.downloading import NoSpaceError, no_space, refuse_full
from dltrainer_jupyter.data.files.fetching import cache_folder, most_bytes, tidy

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""Files that are taken for archives."""
MOST_MEMBERS = 5_000_000
_MOST_GROWTH = 200
"""Times an archive may grow as a whole; pictures hardly do, and text about ten times."""
_ALWAYS = 2**30
"""Bytes that any archive may become."""
_PIECE = 2**20


def is_archive(path: Path) -> bool:
    """Tell whether a file is taken for an archive, by its name."""
    return path.name.lower().endswith(ENDINGS)


def unpacked(path: Path, key: str = "data.path") -> Path:
    """Give the folder of what is in an archive; it stays in the cache.

    Parameters
    ----------
    path : pathlib.Path
        A zip or tar file.
    key : str, default "data.path"
        What messages call it.

    Raises
    ------
    ConfigurationError
        If a member would lie outside the folder or is a link or device, if it becomes too much, or is damaged.
    """
    about = path.stat()
    mark = f"{path.absolute()} {about.st_size} {about.st_mtime_ns}"
    folder = cache_folder("unpacked") / hashlib.sha256(mark.encode()).hexdigest()[:32]
    if folder.is_dir():
        os.utime(folder)
        return folder
    what = f"{key}: {path.name}"
    beside = folder.with_name(f".{secrets.token_hex(8)}")
    # Refused before anything is written; what it says of itself is held to while it is unpacked.
    most = int(min(most_bytes(), max(_ALWAYS, _MOST_GROWTH * about.st_size)))
    private.make_folder(beside)
    try:
        _unpack(path, beside, what, most)
        beside.replace(folder)
    except OSError as error:
        if folder.is_dir():  # somebody else was quicker
            return folder
        raise no_space(folder.parent, path.name, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    tidy(folder.parent, keep=folder)
    return folder


def _unpack(path: Path, folder: Path, what: str, most: int) -> None:
    try:
        left = most
        for name, declared, file in _members(path, what, most):
            target = folder.joinpath(*_inside(name, what).parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with file, target.open("xb") as out:
                written = _copy(file, out, min(declared, left), what)
            left -= written
    except FileExistsError as error:
        msg = f"{what} holds two files of the name {brief(Path(str(error.filename)).name)}."
        raise ConfigurationError(msg) from error
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        msg = f"{what} can't be unpacked: {' '.join(str(error).split()) or type(error).__name__}."
        raise ConfigurationError(msg) from error


def _copy(file: IO[bytes], out: Any, most: int, what: str) -> int:
    written = 0
    while piece := file.read(_PIECE):
        written += len(piece)
        if written > most:
            msg = f"{what} becomes larger than it says, as archives do that are made to fill disks."
            raise ConfigurationError(msg)
        out.write(piece)
    return written


def _members(path: Path, what: str, most: int) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Give name, size and bytes of each file in an archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _refuse_much(len(infos), sum(it.file_size for it in infos), what, most, path.parent)
            for info in infos:
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise _no_file(info.filename, what)
                if info.is_dir():
                    _inside(info.filename, what)
                    continue
                yield info.filename, info.file_size, archive.open(info)
        return
    with tarfile.open(path) as archive:
        count = size = 0
        for member in archive:
            count, size = count + 1, size + member.size
            _refuse_much(count, size, what, most, None)
            if member.isdir():
                _inside(member.name, what)
                continue
            found = archive.extractfile(member) if member.isreg() else None
            if found is None:
                raise _no_file(member.name, what)
            yield member.name, member.size, found


def _refuse_much(count: int, size: int, what: str, most: int, disk: Path | None) -> None:
    if count > MOST_MEMBERS:
        msg = f"{what} holds more than {MOST_MEMBERS:,} files."
        raise ConfigurationError(msg)
    if size > most:
        msg = f"{what} becomes more than {in_words(most)} when it is unpacked; unpack it yourself if you trust it."
        raise ConfigurationError(msg)
    if disk is not None:
        refuse_full(cache_folder("unpacked"), size, what)


def _inside(name: str, what: str) -> PurePosixPath:
    """Give a member's path if it stays inside.

    Raises
    ------
    ConfigurationError
        If it leaves the folder.
    """
    path = PurePosixPath(name)
    leaves = path.is_absolute() or ".." in path.parts or "\\" in name or bool(PureWindowsPath(name).drive)
    if leaves or "\0" in name or not path.parts:
        msg = f"{what} holds {brief(name)}, which would lie outside of its folder; nothing of it was kept."
        raise ConfigurationError(msg)
    return path


def _no_file(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{what} holds {brief(name)}, which is a link or a device; only files are taken.")


__all__ = ["ENDINGS", "NoSpaceError", "is_archive", "unpacked"]
