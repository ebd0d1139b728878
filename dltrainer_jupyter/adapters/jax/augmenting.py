"""Augmentation of training batches, compiled once for each size of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax

from dltrainer_jupyter.adapters.shared.augmenting import KEYED_BY, AugmentationChain, changed
from dltrainer_jupyter.core.protocols import Batch, Signature
from dltrainer_jupyter.core.spec import Part

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn


class Augmentation(AugmentationChain):
    """Augmentations of one run, by dm-pix and JAX."""

    framework = "jax"

    def __init__(self, parts: Sequence[Part], seed: int, signature: Signature) -> None:
        super().__init__(parts, seed, signature)
        self._compiled = jax.jit(self._apply, static_argnames="outputs")

    def __call__(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch."""
        drawn = self.draw(batch.inputs, epoch, index)
        return changed(batch, *self._compiled(batch.inputs, batch.targets, drawn, outputs=self.outputs))

    def _apply(self, inputs: Any, targets: Any, drawn: list[Drawn], outputs: int) -> tuple[Any, Any]:
        for step, given in zip(self.steps, drawn, strict=True):
            inputs, targets = step.apply(self.pixels, inputs, targets, given, outputs)
        return inputs, targets

    def _range(self, inputs: Any) -> tuple[float, float]:
        return float(inputs.min()), float(inputs.max())


def environment(parts: Sequence[Part]) -> dict[str, Any]:
    """Say what the bits of augmented batches depend on; nothing where there is no augmentation."""
    if not parts:
        return {}
    import dm_pix

    return {"augmentation": KEYED_BY, "dm_pix": dm_pix.__version__}
