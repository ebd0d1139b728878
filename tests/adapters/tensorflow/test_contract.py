from __future__ import annotations

import pytest

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract

pytest.importorskip("tensorflow")


class TestTensorFlow(AdapterContract):
    framework = "tensorflow"
    supports = frozenset(ABILITIES)
