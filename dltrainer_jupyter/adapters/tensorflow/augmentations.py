"""Augmentations by name. Importing this module does not import TensorFlow; applying does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.adapters.shared import augmentations as shared


class _OnTensors:
    """Applies what was drawn, by the operation of its name."""

    name: str
    operation: str
    mixes: bool

    def apply(self, inputs: Any, targets: Any, drawn: Mapping[str, Any], outputs: int) -> tuple[Any, Any]:
        """Change a batch.

        Parameters
        ----------
        inputs, targets : tf.Tensor, shape (n, ...)
            The batch.
        drawn : mapping of str to tf.Tensor
            What :meth:`draw` gave, on the same device.
        outputs : int
            The model's outputs.
        """
        from dltrainer_jupyter.adapters.tensorflow import pixels

        inputs = getattr(pixels, self.operation)(inputs, **drawn)
        if self.mixes and targets is not None:
            targets = pixels.mix_targets(self.name, targets, drawn["partners"], drawn["shares"], outputs)
        return inputs, targets


class Flip(_OnTensors, shared.Flip):
    """Mirror images."""


class Crop(_OnTensors, shared.Crop):
    """Pad images and cut out a part of their size: a random shift by whole pixels (He et al., 2016)."""


class Rotation(_OnTensors, shared.Rotation):
    """Turn images about their centre; what comes in at the corners is black."""


class ColorJitter(_OnTensors, shared.ColorJitter):
    """Change brightness, contrast, saturation and hue, in this order; grey images have only the first two."""


class Grayscale(_OnTensors, shared.Grayscale):
    """Take the colour out of images; they keep three channels."""


class Blur(_OnTensors, shared.Blur):
    """Blur images by a Gaussian; at their borders they are mirrored."""


class Erasing(_OnTensors, shared.Erasing):
    """Cover a random rectangle (Zhong et al., 2020)."""


class MixUp(_OnTensors, shared.MixUp):
    """Average each sample with another one, and their targets with them (Zhang et al., 2018)."""


class CutMix(_OnTensors, shared.CutMix):
    """Put a rectangle of another image into each, and mix their targets by its area (Yun et al., 2019)."""


class RandAugment(_OnTensors, shared.RandAugment):
    """A few operations drawn anew for each image, all of one strength (Cubuk et al., 2020)."""


class AutoAugment(_OnTensors, shared.AutoAugment):
    """Pairs of operations that were found to help on one of three data sets (Cubuk et al., 2019)."""
