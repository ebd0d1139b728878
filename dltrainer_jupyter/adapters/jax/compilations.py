"""What JAX compiles, kept on disk from one start to the next, by JAX's own cache.

An entry is found by everything that it depends on, versions and machine included, and a damaged one is compiled anew.
JAX has one such cache a process, made when a thread that names a folder first compiles something; so it is forgotten
with the last trainer, and a folder that somebody names later counts.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs
from jax._src import config  # nothing public says or sets these for one thread
from jax.experimental.compilation_cache import compilation_cache

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
        stack.enter_context(_held())
        stack.enter_context(config.compilation_cache_dir(str(folder)))
        # Most of a start is programs of a few milliseconds each.
        stack.enter_context(config.persistent_cache_min_compile_time_secs(0.0))
        yield


@contextmanager
def _held() -> Iterator[None]:
    global _holders  # noqa: PLW0603 - JAX's cache is one a process
    with _lock:
        _holders += 1
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
    return found.st_uid == os.getuid() and not found.st_mode & 0o022 and os.access(folder, os.W_OK | os.X_OK)


def _tidy(folder: Path) -> None:
    """Delete what was compiled longest ago, where there is too much."""
    with suppress(OSError):  # somebody else is tidying up
        entries = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in folder.iterdir())
        surplus = sum(size for _, size, _ in entries) - _MOST_BYTES
        for _, size, path in entries:
            if surplus <= 0:
                return
            path.unlink()
            surplus -= size
