"""Augmentation of training batches, on the device they are on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from dltrainer_jupyter.adapters.shared.augmenting import KEYED_BY, AugmentationChain, changed
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.spec import Part


class Augmentation(AugmentationChain):
    """Augmentations of one run, by kornia."""

    framework = "pytorch"

    def __call__(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch."""
        inputs, targets = batch.inputs, batch.targets
        with torch.no_grad():
            for step, drawn in zip(self.steps, self.draw(inputs, epoch, index), strict=True):
                given = {
                    key: torch.from_numpy(value).to(inputs.device, non_blocking=True) for key, value in drawn.items()
                }
                inputs, targets = step.apply(self.pixels, inputs, targets, given, self.outputs)
        return changed(batch, inputs, targets)

    def _range(self, inputs: Any) -> tuple[float, float]:
        return float(inputs.min()), float(inputs.max())


def environment(parts: Sequence[Part]) -> dict[str, Any]:
    """Say what the bits of augmented batches depend on; nothing where there is no augmentation."""
    if not parts:
        return {}
    import kornia

    return {"augmentation": KEYED_BY, "kornia": kornia.__version__}
