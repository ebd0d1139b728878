"""What RandAugment and AutoAugment do to an image, as their papers say.

E. D. Cubuk, B. Zoph, D. Mané, V. Vasudevan and Q. V. Le, "AutoAugment: Learning Augmentation Strategies from Data",
CVPR 2019 (ranges: table 6; policies: tables 7 to 9). E. D. Cubuk, B. Zoph, J. Shlens and Q. V. Le, "RandAugment:
Practical Automated Data Augmentation with a Reduced Search Space", NeurIPS 2020. Shearing, turning, shifting and the
changes of colour go either way, at random.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.adapters.shared.geometry import rotations, shears, translations

if TYPE_CHECKING:
    import numpy.typing as npt

IDENTITY = "identity"

KINDS = (
    IDENTITY,
    "affine",
    "auto_contrast",
    "equalize",
    "invert",
    "posterize",
    "solarize",
    "saturation",
    "contrast",
    "brightness",
    "sharpness",
)
"""What a framework has to be able to do; turning, shearing and shifting are all ``affine``."""

RAND_AUGMENT = (
    IDENTITY,
    "auto_contrast",
    "equalize",
    "rotate",
    "solarize",
    "color",
    "posterize",
    "contrast",
    "brightness",
    "sharpness",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
)
"""Operations RandAugment chooses from."""

_KIND = dict.fromkeys(("rotate", "shear_x", "shear_y", "translate_x", "translate_y"), "affine") | {
    "color": "saturation"
}
_FACTORS = ("color", "contrast", "brightness", "sharpness")

_DEGREES = 30.0
_SHEAR = 0.3
_SHIFT = 150 / 331
"""150 pixels of the papers' images, which are 331 pixels wide."""
_FACTOR = 0.9
_BITS = 8, 4
"""Bits left at no and at full strength."""
_LEVELS = 9
"""The papers' tables count strengths from 0 to 9."""

_Pair = tuple[tuple[str, float, int], tuple[str, float, int]]


def settle(
    rng: np.random.Generator, names: npt.NDArray[np.str_], strengths: npt.NDArray[np.floating], size: tuple[int, ...]
) -> dict[str, npt.NDArray[Any]]:
    """Settle what each operation does, in numbers.

    Parameters
    ----------
    rng : numpy.random.Generator
        For the directions.
    names : numpy.ndarray of str, shape (n, k)
        Operations of each sample, in order.
    strengths : numpy.ndarray, shape (n, k)
        From 0 to 1.
    size : tuple of int
        Height and width of an image.

    Returns
    -------
    dict
        ``kinds`` (n, k), int32, index into :data:`KINDS`; ``values`` (n, k), float32: a factor for colours (1 changes
        nothing), the bits that are left for ``posterize``, the threshold for ``solarize``; ``matrices`` (n, k, 6),
        float32, for ``affine``.
    """
    signed = strengths * rng.choice([-1, 1], names.shape)
    bits = np.rint(_BITS[0] + strengths * (_BITS[1] - _BITS[0]))
    values = np.where(np.isin(names, _FACTORS), 1 + _FACTOR * signed, 0)
    values = np.where(names == "posterize", bits, values)
    values = np.where(names == "solarize", 1 - strengths, values)

    def only(name: str, most: float) -> npt.NDArray[np.floating]:
        return np.where(names == name, most * signed, 0.0)

    kinds, which = np.unique(names, return_inverse=True)
    numbers = np.array([KINDS.index(_KIND.get(str(name), str(name))) for name in kinds], dtype=np.int32)
    # An operation is one of them; the matrices of the other two are those of standing still.
    turned = rotations(only("rotate", _DEGREES), size)
    sheared = shears(only("shear_x", _SHEAR), only("shear_y", _SHEAR), size)
    shifted = translations(only("translate_x", _SHIFT * size[1]), only("translate_y", _SHIFT * size[0]))
    still = np.array([1, 0, 0, 0, 1, 0], dtype=np.float32)
    return {
        "kinds": numbers[which].reshape(names.shape),
        "values": values.astype(np.float32),
        "matrices": turned + sheared + shifted - 2 * still,
    }


@functools.cache
def auto_augment(policy: str) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give a policy's pairs: names, probabilities and strengths (from 0 to 1), each of shape (25, 2)."""
    pairs = _POLICIES[policy]
    names = np.array([[operation[0] for operation in pair] for pair in pairs])
    probabilities = np.array([[operation[1] for operation in pair] for pair in pairs])
    return names, probabilities, np.array([[operation[2] / _LEVELS for operation in pair] for pair in pairs])


_CIFAR10: tuple[_Pair, ...] = (
    (("invert", 0.1, 7), ("contrast", 0.2, 6)),
    (("rotate", 0.7, 2), ("translate_x", 0.3, 9)),
    (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
    (("shear_y", 0.5, 8), ("translate_y", 0.7, 9)),
    (("auto_contrast", 0.5, 8), ("equalize", 0.9, 2)),
    (("shear_y", 0.2, 7), ("posterize", 0.3, 7)),
    (("color", 0.4, 3), ("brightness", 0.6, 7)),
    (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
    (("equalize", 0.6, 5), ("equalize", 0.5, 1)),
    (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
    (("color", 0.7, 7), ("translate_x", 0.5, 8)),
    (("equalize", 0.3, 7), ("auto_contrast", 0.4, 8)),
    (("translate_y", 0.4, 3), ("sharpness", 0.2, 6)),
    (("brightness", 0.9, 6), ("color", 0.2, 8)),
    (("solarize", 0.5, 2), ("invert", 0.0, 3)),
    (("equalize", 0.2, 0), ("auto_contrast", 0.6, 0)),
    (("equalize", 0.2, 8), ("equalize", 0.6, 4)),
    (("color", 0.9, 9), ("equalize", 0.6, 6)),
    (("auto_contrast", 0.8, 4), ("solarize", 0.2, 8)),
    (("brightness", 0.1, 3), ("color", 0.7, 0)),
    (("solarize", 0.4, 5), ("auto_contrast", 0.9, 3)),
    (("translate_y", 0.9, 9), ("translate_y", 0.7, 9)),
    (("auto_contrast", 0.9, 2), ("solarize", 0.8, 3)),
    (("equalize", 0.8, 8), ("invert", 0.1, 3)),
    (("translate_y", 0.7, 9), ("auto_contrast", 0.9, 1)),
)

_SVHN: tuple[_Pair, ...] = (
    (("shear_x", 0.9, 4), ("invert", 0.2, 3)),
    (("shear_y", 0.9, 8), ("invert", 0.7, 5)),
    (("equalize", 0.6, 5), ("solarize", 0.6, 6)),
    (("invert", 0.9, 3), ("equalize", 0.6, 3)),
    (("equalize", 0.6, 1), ("rotate", 0.9, 3)),
    (("shear_x", 0.9, 4), ("auto_contrast", 0.8, 3)),
    (("shear_y", 0.9, 8), ("invert", 0.4, 5)),
    (("shear_y", 0.9, 5), ("solarize", 0.2, 6)),
    (("invert", 0.9, 6), ("auto_contrast", 0.8, 1)),
    (("equalize", 0.6, 3), ("rotate", 0.9, 3)),
    (("shear_x", 0.9, 4), ("solarize", 0.3, 3)),
    (("shear_y", 0.8, 8), ("invert", 0.7, 4)),
    (("equalize", 0.9, 5), ("translate_y", 0.6, 6)),
    (("invert", 0.9, 4), ("equalize", 0.6, 7)),
    (("contrast", 0.3, 3), ("rotate", 0.8, 4)),
    (("invert", 0.8, 5), ("translate_y", 0.0, 2)),
    (("shear_y", 0.7, 6), ("solarize", 0.4, 8)),
    (("invert", 0.6, 4), ("rotate", 0.8, 4)),
    (("shear_y", 0.3, 7), ("translate_x", 0.9, 3)),
    (("shear_x", 0.1, 6), ("invert", 0.6, 5)),
    (("solarize", 0.7, 2), ("translate_y", 0.6, 7)),
    (("shear_y", 0.8, 4), ("invert", 0.8, 8)),
    (("shear_x", 0.7, 9), ("translate_y", 0.8, 3)),
    (("shear_y", 0.8, 5), ("auto_contrast", 0.7, 3)),
    (("shear_x", 0.7, 2), ("invert", 0.1, 5)),
)

_IMAGENET: tuple[_Pair, ...] = (
    (("posterize", 0.4, 8), ("rotate", 0.6, 9)),
    (("solarize", 0.6, 5), ("auto_contrast", 0.6, 5)),
    (("equalize", 0.8, 8), ("equalize", 0.6, 3)),
    (("posterize", 0.6, 7), ("posterize", 0.6, 6)),
    (("equalize", 0.4, 7), ("solarize", 0.2, 4)),
    (("equalize", 0.4, 4), ("rotate", 0.8, 8)),
    (("solarize", 0.6, 3), ("equalize", 0.6, 7)),
    (("posterize", 0.8, 5), ("equalize", 1.0, 2)),
    (("rotate", 0.2, 3), ("solarize", 0.6, 8)),
    (("equalize", 0.6, 8), ("posterize", 0.4, 6)),
    (("rotate", 0.8, 8), ("color", 0.4, 0)),
    (("rotate", 0.4, 9), ("equalize", 0.6, 2)),
    (("equalize", 0.0, 7), ("equalize", 0.8, 8)),
    (("invert", 0.6, 4), ("equalize", 1.0, 8)),
    (("color", 0.6, 4), ("contrast", 1.0, 8)),
    (("rotate", 0.8, 8), ("color", 1.0, 2)),
    (("color", 0.8, 8), ("solarize", 0.8, 7)),
    (("sharpness", 0.4, 7), ("invert", 0.6, 8)),
    (("shear_x", 0.6, 5), ("equalize", 1.0, 9)),
    (("color", 0.4, 0), ("equalize", 0.6, 3)),
    (("equalize", 0.4, 7), ("solarize", 0.2, 4)),
    (("solarize", 0.6, 5), ("auto_contrast", 0.6, 5)),
    (("invert", 0.6, 4), ("equalize", 1.0, 8)),
    (("color", 0.6, 4), ("contrast", 1.0, 8)),
    (("equalize", 0.8, 8), ("equalize", 0.6, 3)),
)

_POLICIES = {"cifar10": _CIFAR10, "imagenet": _IMAGENET, "svhn": _SVHN}
