from __future__ import annotations

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract


class TestJax(AdapterContract):
    framework = "jax"
    supports = frozenset(ABILITIES)
