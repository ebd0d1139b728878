from __future__ import annotations

import numpy as np
import torch

from dltrainer_jupyter.adapters.pytorch.placement import place
from dltrainer_jupyter.core.protocols import Samples

CPU = torch.device("cpu")


def test_arrays_that_cannot_be_written_to_or_lie_scattered_are_placed() -> None:
    frozen = np.arange(12, dtype=np.float32).reshape(6, 2)
    frozen.flags.writeable = False
    placed = place(Samples(frozen, np.arange(12)[::2]), CPU)
    assert torch.equal(placed.inputs, torch.arange(12.0).reshape(6, 2))
    assert placed.targets.tolist() == [0, 2, 4, 6, 8, 10]
