from __future__ import annotations

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract


class TestPyTorch(AdapterContract):
    framework = "pytorch"
    supports = frozenset(ABILITIES)
