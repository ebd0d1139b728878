"""Compiled steps are shared among these tests, many of which compile the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPTIONS = {"jax_persistent_cache_min_compile_time_secs": 0.0, "jax_persistent_cache_min_entry_size_bytes": 0}


@pytest.fixture(scope="package", autouse=True)
def shared_compilations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what JAX compiles in a folder for as long as these tests last."""
    options = _OPTIONS | {"jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled"))}
    before = {name: getattr(jax.config, name) for name in options}
    for name, value in options.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
