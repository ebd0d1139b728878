from __future__ import annotations

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract


class TestTensorFlow(AdapterContract):
    framework = "tensorflow"
    supports = frozenset(ABILITIES)
