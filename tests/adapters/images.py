"""Images that augmentation is tried on, and a chain that changes them."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits, load_sample_images

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import Part

SIZE = 12

_digits = load_digits()
DIGITS = (_digits.images[:SIZE, None] / 16).astype(np.float32)
CLASSES = _digits.target[:SIZE].astype(np.int64)

_corners = np.random.default_rng(0).integers(0, 380, (SIZE, 2))
_photographs = load_sample_images().images
PHOTOGRAPHS = np.stack([_photographs[i % 2][y : y + 20, x : x + 16] for i, (y, x) in enumerate(_corners)])
"""Parts of photographs, 20 x 16 pixels, as Pillow has them: shape (n, 20, 16, 3), uint8."""
COLOURED = (PHOTOGRAPHS.transpose(0, 3, 1, 2) / 255).astype(np.float32)

CHAIN = (
    Part(type="flip", vertical=0.5),
    Part(type="crop", padding=3),
    Part(type="rotation", degrees=40, p=0.8),
    Part(type="color_jitter", p=0.8),
    Part(type="grayscale", p=0.5),
    Part(type="blur", kernel_size=5, sigma=[0.5, 1.5]),
    Part(type="erasing", p=0.7, value=0.5),
    Part(type="cutmix"),
)


def signature(inputs: np.ndarray, outputs: int = 10) -> Signature:
    return Signature(task="classification", input_shape=inputs.shape[1:], outputs=outputs)
