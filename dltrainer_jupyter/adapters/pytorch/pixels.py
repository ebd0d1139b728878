"""Operations on batches of images as tensors: mostly kornia's, each sample with arguments of its own.

Images have shape (n, channels, height, width); arguments have the shapes that
:mod:`dltrainer_jupyter.adapters.shared.augmentations` draws. Nothing in here is random.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import kornia
import torch
from torch.nn import functional

from dltrainer_jupyter.adapters.shared.augmenting import check_classes
from dltrainer_jupyter.adapters.shared.policies import KINDS

Tensor = torch.Tensor

_COLOURS = 3


# --- where pixels are ---------------------------------------------------------------------------------


def flip(images: Tensor, horizontal: Tensor, vertical: Tensor) -> Tensor:
    """Mirror the chosen images."""
    images = torch.where(_wide(horizontal), images.flip(-1), images)
    return torch.where(_wide(vertical), images.flip(-2), images)


def crop(images: Tensor, rows: Tensor, columns: Tensor, rows_inside: Tensor, columns_inside: Tensor) -> Tensor:
    """Take each pixel from its row and column, and zero from outside."""
    sample = torch.arange(len(images), device=images.device)[:, None, None]
    # Indices on both sides of a slice bring their axes to the front: (n, height, width, channels).
    taken = images[sample, :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)
    return torch.where(_box(rows_inside, columns_inside), taken, 0.0)


def affine(images: Tensor, matrices: Tensor) -> Tensor:
    """Move pixels, bilinearly, as :mod:`dltrainer_jupyter.adapters.shared.geometry` describes it."""
    height, width = images.shape[-2:]
    x = torch.arange(width, device=images.device, dtype=images.dtype)
    y = torch.arange(height, device=images.device, dtype=images.dtype)[:, None]
    a, b, c, d, e, f = matrices[:, :, None, None].unbind(1)
    # grid_sample counts from -1 to 1, from one edge of the image to the other; kornia's own warp would ask for the way
    # from the source to the result and invert it, for which a GPU has to wait.
    columns, rows = (2 * (a * x + b * y + c) + 1) / width - 1, (2 * (d * x + e * y + f) + 1) / height - 1
    return functional.grid_sample(images, torch.stack([columns, rows], dim=-1), align_corners=False)


def rotation(images: Tensor, matrices: Tensor, chosen: Tensor) -> Tensor:
    """Turn the chosen images."""
    return torch.where(_wide(chosen), affine(images, matrices), images)


# --- what colour they have ----------------------------------------------------------------------------


def brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply."""
    return kornia.enhance.adjust_brightness_accumulative(images, factors)


def contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Move away from the mean of the grey image, or towards it."""
    return _blend(_grey(images).mean(dim=(1, 2, 3), keepdim=True), images, factors)


def saturation(images: Tensor, factors: Tensor) -> Tensor:
    """Move away from the grey image, or towards it."""
    return _blend(_grey(images), images, factors) if images.shape[1] == _COLOURS else images


def hue(images: Tensor, shifts: Tensor) -> Tensor:
    """Turn the colour circle by a share of it; a grey image has no hue."""
    if images.shape[1] != _COLOURS:
        return images
    return torch.where(_wide(shifts == 0), images, kornia.enhance.adjust_hue(images, shifts * (2 * math.pi)))


def color_jitter(
    images: Tensor, brightness_by: Tensor, contrast_by: Tensor, saturation_by: Tensor, hue_by: Tensor
) -> Tensor:
    """Change all four, in this order."""
    images = contrast(brightness(images, brightness_by), contrast_by)
    return hue(saturation(images, saturation_by), hue_by)


def grayscale(images: Tensor, chosen: Tensor) -> Tensor:
    """Make the chosen images grey."""
    return torch.where(_wide(chosen), _grey(images), images)


def blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Blur along rows and columns."""
    return kornia.filters.filter2d_separable(images, kernels, kernels, border_type="reflect")


# --- what is covered, and several samples in one ------------------------------------------------------


def erasing(images: Tensor, rows: Tensor, columns: Tensor, value: Tensor) -> Tensor:
    """Cover what is in a chosen row and column."""
    return torch.where(_box(rows, columns), value.view(-1, 1, 1, 1), images)


def mixup(inputs: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    """Average each sample with its partner; the share is its own."""
    share = shares.view(-1, *[1] * (inputs.dim() - 1))
    return inputs * share + inputs[partners] * (1 - share)


def cutmix(images: Tensor, partners: Tensor, shares: Tensor, rows: Tensor, columns: Tensor) -> Tensor:  # noqa: ARG001 - the shares are those of targets
    """Take what is in a chosen row and column from the partner."""
    return torch.where(_box(rows, columns), images[partners], images)


def mix_targets(name: str, targets: Tensor, partners: Tensor, shares: Tensor, outputs: int) -> Tensor:
    """Mix targets as inputs were mixed; a class becomes shares of all classes, shape (n, outputs).

    With a single output that is the share of class 1 of two.
    """
    if not targets.is_floating_point():
        check_classes(name, targets.dim(), outputs)
        single = outputs == 1
        targets = targets[:, None].float() if single else functional.one_hot(targets.long(), outputs).float()
    return mixup(targets, partners, shares)


# --- policies -----------------------------------------------------------------------------------------


def policy(images: Tensor, kinds: Tensor, values: Tensor, matrices: Tensor) -> Tensor:
    """Let each image go through its operations, one after another."""
    for position in range(kinds.shape[1]):
        kind, value, matrix = kinds[:, position], values[:, position], matrices[:, position]
        result = images
        for number, name in enumerate(KINDS):
            if name == "affine":
                result = torch.where(_wide(kind == number), affine(images, matrix), result)
            elif name in _OPERATIONS:
                result = torch.where(_wide(kind == number), _OPERATIONS[name](images, value), result)
        images = result
    return images


def _auto_contrast(images: Tensor, _: Tensor) -> Tensor:
    least, largest = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    spread = largest - least
    return torch.where(spread > 0, (images - least) / torch.where(spread > 0, spread, 1.0), images)


def _posterize(images: Tensor, bits: Tensor) -> Tensor:
    return kornia.enhance.posterize(images, bits.int())


_OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "auto_contrast": _auto_contrast,
    "equalize": lambda images, _: kornia.enhance.equalize(images),
    "invert": lambda images, _: 1 - images,
    "posterize": _posterize,
    "solarize": lambda images, threshold: torch.where(images >= threshold.view(-1, 1, 1, 1), 1 - images, images),
    "saturation": saturation,
    "contrast": contrast,
    "brightness": brightness,
    "sharpness": kornia.enhance.sharpness,
}


# --- helpers ------------------------------------------------------------------------------------------


def _wide(per_sample: Tensor) -> Tensor:
    return per_sample.view(-1, 1, 1, 1)


def _box(rows: Tensor, columns: Tensor) -> Tensor:
    return rows[:, None, :, None] & columns[:, None, None, :]


def _grey(images: Tensor) -> Tensor:
    if images.shape[1] != _COLOURS:
        return images
    return kornia.color.rgb_to_grayscale(images).expand_as(images)


def _blend(degenerate: Tensor, images: Tensor, factors: Tensor) -> Tensor:
    """Go from one image towards the other, and beyond; a factor of 1 gives the second, to the bit."""
    factor = _wide(factors)
    return (images * factor + degenerate * (1 - factor)).clamp(0, 1)
