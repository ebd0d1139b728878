"""What JAX compiles, kept on disk from one start to the next, as JAX's own cache does.

An entry is found by everything that it depends on, versions and machine included, and a damaged one is compiled anew.
JAX has one such cache a process; so it is forgotten with the last trainer, and a folder that somebody names later
counts.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs
from jax._src import (
    compilation_cache,  # nothing public puts another cache into its place
    config,  # nothing public says or sets these for one thread
)
from jax._src.compilation_cache_interface import CacheInterface

_MOST_BYTES = 512 * 2**20
"""What may lie in the folder when a trainer begins."""

_lock = threading.Lock()
_holders = 0


@contextmanager
def kept() -> Iterator[None]:
    """Keep what this thread compiles, unless somebody has told JAX where to, or not to."""
    folder = _folder()
    told = config.compilation_cache_dir.value is not None or not config.enable_compilation_cache.value
    # Elsewhere programs of many parts have crashed as they were read back.
    if told or sys.platform != "linux" or not _is_usable(folder):
        yield
        return
    _tidy(folder)
    with ExitStack() as stack:
        stack.enter_context(_held(folder))
        stack.enter_context(config.compilation_cache_dir(str(folder)))
        # Most of a start is programs of a few milliseconds each.
        stack.enter_context(config.persistent_cache_min_compile_time_secs(0.0))
        yield


class Entries(CacheInterface):
    """The files of a folder, each of them whole, under the names that JAX's own cache gives them.

    That one writes where others read already, and never over what is there: what a killed process has left half
    written, every later start would find, warn of, and compile again.

    Parameters
    ----------
    folder : pathlib.Path
        Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder

    def get(self, key: str) -> bytes | None:
        """Read an entry; None if there is none."""
        try:
            return self._place(key).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, key: str, value: bytes) -> None:
        """Write an entry, which is asked for where there is none, or a damaged one."""
        written = self._path / f".{uuid.uuid4().hex}"
        try:
            written.write_bytes(value)
            written.replace(self._place(key))
        finally:
            written.unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        return self._path / f"{key}-cache"


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    global _holders  # noqa: PLW0603 - JAX's cache is one a process
    with _lock:
        _holders += 1
        if compilation_cache._cache is None:  # noqa: SLF001
            compilation_cache._cache = Entries(folder)  # noqa: SLF001
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if not _holders:
                compilation_cache.reset_cache()


def _folder() -> Path:
    home = os.environ.get("DLTRAINER_HOME")
    parent = Path(home).expanduser() if home else Path(platformdirs.user_cache_dir("dltrainer", appauthor=False))
    return parent / "compiled" / "jax"


def _is_usable(folder: Path) -> bool:
    """Tell whether we may write there and nobody else does: what lies there is executed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & 0o022 and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _tidy(folder: Path) -> None:
    """Delete what was compiled longest ago, where there is too much; on a GPU, XLA has a folder of its own there."""
    entries = []
    for path in folder.iterdir():
        with suppress(OSError):  # somebody else is tidying up
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                entries.append((found.st_mtime, found.st_size, path))
    surplus = sum(size for _, size, _ in entries) - _MOST_BYTES
    for _, size, path in sorted(entries):
        if surplus <= 0:
            return
        with suppress(OSError):
            path.unlink()
        surplus -= size
