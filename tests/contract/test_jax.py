from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract

_QUICKLY = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
    # Other tests of this framework compile as people do; here it is what takes the time.
    "jax_disable_most_optimizations": True,
}


@pytest.fixture(scope="module", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Many trainers compile the same steps, which takes most of their time; the same binary gives the same bits."""
    wanted = _QUICKLY | {"jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled"))}
    before = {option: jax.config.values[option] for option in wanted}
    for option, value in wanted.items():
        jax.config.update(option, value)
    yield
    for option, value in before.items():
        jax.config.update(option, value)
    compilation_cache.reset_cache()


class TestJax(AdapterContract):
    framework = "jax"
    supports = frozenset(ABILITIES)
