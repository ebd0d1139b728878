"""Augmentation of training batches, compiled once for batches of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.augmenting import KEYED_BY, AugmentationChain, changed
from dltrainer_jupyter.core.protocols import Batch, Signature
from dltrainer_jupyter.core.spec import Part

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn


class Augmentation(AugmentationChain):
    """Augmentations of one run, by TensorFlow and Keras."""

    framework = "tensorflow"

    def __init__(self, parts: Sequence[Part], seed: int, signature: Signature) -> None:
        super().__init__(parts, seed, signature)
        self._compiled: dict[Any, Any] = {}

    def __call__(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch."""
        drawn = self.draw(batch.inputs, epoch, index)
        known = [batch.inputs] if batch.targets is None else [batch.inputs, batch.targets]
        given = tf.nest.map_structure(tf.convert_to_tensor, [drawn, *known])
        if self.outputs not in self._compiled:
            self._compiled[self.outputs] = self._compile(given, self.outputs)
        return changed(batch, *self._compiled[self.outputs](*given))

    def _compile(self, given: Any, outputs: int) -> Any:
        def apply(drawn: list[Drawn], inputs: Any, targets: Any = None) -> tuple[Any, Any]:
            for step, own in zip(self.steps, drawn, strict=True):
                inputs, targets = step.apply(self.pixels, inputs, targets, own, outputs)
            return inputs, targets

        # Samples are counted at run time: the last batch of an epoch is smaller, and takes the same graph.
        signature = tf.nest.map_structure(lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), given)
        # Nothing in there depends on values, so there is nothing for AutoGraph to rewrite, errors among it.
        return tf.function(apply, input_signature=signature, autograph=False)

    def _errors(self) -> tuple[type[Exception], ...]:
        return (*super()._errors(), tf.errors.InvalidArgumentError)

    def _range(self, inputs: Any) -> tuple[float, float]:
        return float(tf.reduce_min(inputs)), float(tf.reduce_max(inputs))


def environment(parts: Sequence[Part]) -> dict[str, Any]:
    """Say what the bits of augmented batches depend on, besides Keras and TensorFlow themselves."""
    return {"augmentation": KEYED_BY} if parts else {}
