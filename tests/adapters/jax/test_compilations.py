"""What JAX compiles is kept on disk from one start to the next, unless somebody has told JAX where."""

from __future__ import annotations

import errno
import os
import warnings
from typing import TYPE_CHECKING

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from dltrainer_jupyter.adapters.jax import compilations
from tests.adapters.jax.bench import Bench, net

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HIT = "/jax/compilation_cache/cache_hits"


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    """Leave JAX as a person finds it, which these tests' package doesn't."""
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    compilation_cache.reset_cache()
    yield
    jax.config.update("jax_compilation_cache_dir", before)
    compilation_cache.reset_cache()


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "compiled" / "jax"


def _trained() -> tuple[str, int]:
    """Train a little, as a new process would; give the state and how many programs were read from the disk."""
    jax.clear_caches()
    hits: list[str] = []

    def listen(event: str, **_: str | int) -> None:
        hits.extend([event] if event == _HIT else [])

    jax.monitoring.register_event_listener(listen)
    try:
        with Bench(net()) as bench:
            bench.stretch(2)
            bench.step(2)
            return bench.digest(), len(hits)
    finally:
        jax.monitoring.unregister_event_listener(listen)


@pytest.mark.slow
def test_another_start_reads_what_was_compiled_and_computes_the_same_bits(folder: Path) -> None:
    cold, _ = _trained()
    kept = {entry.name for entry in folder.iterdir()}
    warm, read = _trained()
    assert warm == cold
    assert read >= 2
    assert {entry.name for entry in folder.iterdir()} == kept
    assert {name.partition("-")[0] for name in kept} >= {"jit__loop", "jit__traced_learning", "jit_gathered"}


@pytest.mark.slow
def test_what_is_damaged_is_compiled_anew_once(folder: Path) -> None:
    cold, _ = _trained()
    warm, whole = _trained()
    for entry in folder.iterdir():
        os.truncate(entry, entry.stat().st_size // 2)
    with pytest.warns(UserWarning, match="Error reading persistent compilation cache"):
        again, _ = _trained()
    # A warning here is an error.
    after, read = _trained()
    assert read == whole
    assert cold == warm == again == after


def test_an_entry_is_whole_or_what_was_there_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = compilations.Entries(tmp_path)
    assert entries.get("program") is None
    entries.put("program", b"one")
    entries.put("program", b"other")
    assert entries.get("program") == b"other"

    def full(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        entries.put("program", b"another")
    assert entries.get("program") == b"other"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_a_folder_that_others_write_to_is_neither_read_nor_written(folder: Path) -> None:
    _trained()
    # One that would be written again.
    next(folder.glob("jit__loop-*")).unlink()
    left = set(folder.iterdir())
    folder.chmod(0o777)
    _, read = _trained()
    assert not read
    assert set(folder.iterdir()) == left


def test_a_folder_that_cannot_be_made_is_done_without(folder: Path) -> None:
    folder.parent.parent.mkdir()
    folder.parent.write_text("in the way")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Bench(net()).adapter.close()


def test_a_folder_of_the_persons_own_is_theirs(folder: Path, tmp_path: Path) -> None:
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "own"))
    Bench(net()).adapter.close()
    assert not folder.exists()


def test_a_folder_named_after_the_last_trainer_counts(folder: Path, tmp_path: Path) -> None:
    Bench(net()).adapter.close()
    kept = len(list(folder.iterdir()))
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "own"))
    before = jax.config.jax_persistent_cache_min_compile_time_secs
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.jit(lambda x: x + 1)(1.0)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", before)
    assert list((tmp_path / "own").iterdir())
    assert len(list(folder.iterdir())) == kept


def test_what_was_compiled_longest_ago_is_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True, mode=0o700)
    for age, name in enumerate(("newest", "older", "oldest")):
        (folder / name).write_bytes(bytes(100))
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    (folder / "of XLA's own").mkdir()
    os.utime(folder / "of XLA's own", (0, 0))
    monkeypatch.setattr(compilations, "_MOST_BYTES", 250)
    with compilations.kept():
        assert {entry.name for entry in folder.iterdir()} == {"newest", "older", "of XLA's own"}
