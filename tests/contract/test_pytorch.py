from __future__ import annotations

import torch

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract


class TestPyTorch(AdapterContract):
    framework = "pytorch"
    supports = frozenset(ABILITIES)

    def disturb(self) -> None:
        super().disturb()
        torch.manual_seed(torch.randint(1000, ()).item())
