"""Augmentations by name. Importing this module does not import TensorFlow; applying does."""

from __future__ import annotations

from dltrainer_jupyter.adapters.shared import augmentations as shared


class _OnTensors:
    pixels = "dltrainer_jupyter.adapters.tensorflow.pixels"


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
