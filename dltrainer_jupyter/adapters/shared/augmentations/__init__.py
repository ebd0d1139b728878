"""Random changes of training batches: their settings, and what they draw.

What is drawn is the same on every framework: small arrays of NumPy's, a value or a row a sample, from a generator
that is made for one batch. A framework only applies them, so nothing random happens on a device, and no generator that
somebody else could reach is touched. Images have shape (channels, height, width) and values from 0 to 1. What does not
live here: how anything is applied (the adapters' ``pixels``).
"""

from dltrainer_jupyter.adapters.shared.augmentations.choosing import AutoAugment, RandAugment
from dltrainer_jupyter.adapters.shared.augmentations.colouring import Blur, ColorJitter, Grayscale
from dltrainer_jupyter.adapters.shared.augmentations.mixing import CutMix, Erasing, MixUp
from dltrainer_jupyter.adapters.shared.augmentations.moving import Crop, Flip, Rotation

__all__ = [
    "AutoAugment",
    "Blur",
    "ColorJitter",
    "Crop",
    "CutMix",
    "Erasing",
    "Flip",
    "Grayscale",
    "MixUp",
    "RandAugment",
    "Rotation",
]
