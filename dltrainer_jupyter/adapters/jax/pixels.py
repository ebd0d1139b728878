"""Operations on batches of images as JAX arrays: dm-pix's where it has them for one image, mapped over the batch.

Images have shape (n, channels, height, width); arguments have the shapes that
:mod:`dltrainer_jupyter.adapters.shared.augmentations` draws. Nothing in here is random.
"""

from __future__ import annotations

from collections.abc import Callable

import dm_pix as pix
import jax
import jax.numpy as jnp

from dltrainer_jupyter.adapters.shared.augmenting import check_classes
from dltrainer_jupyter.adapters.shared.policies import KINDS

Array = jax.Array

_COLOURS = 3
_LUMA = 0.299, 0.587, 0.114
_LEVELS = 256


# --- where pixels are ---------------------------------------------------------------------------------


def flip(images: Array, horizontal: Array, vertical: Array) -> Array:
    """Mirror the chosen images."""
    images = jnp.where(_wide(horizontal), jnp.flip(images, -1), images)
    return jnp.where(_wide(vertical), jnp.flip(images, -2), images)


def crop(images: Array, rows: Array, columns: Array, rows_inside: Array, columns_inside: Array) -> Array:
    """Take each pixel from its row and column, and zero from outside."""
    taken = jnp.take_along_axis(images, rows[:, None, :, None], axis=2)
    taken = jnp.take_along_axis(taken, columns[:, None, None, :], axis=3)
    return jnp.where(_box(rows_inside, columns_inside), taken, 0)


def affine(images: Array, matrices: Array) -> Array:
    """Move pixels, bilinearly, as :mod:`dltrainer_jupyter.adapters.shared.geometry` describes it."""

    def move(image: Array, row: Array) -> Array:
        a, b, c, d, e, f = row
        none, one = jnp.zeros_like(a), jnp.ones_like(a)
        # Axes are channels, rows and columns; channels stay where they are.
        matrix = jnp.stack([one, none, none, none, none, e, d, f + 1 - e - d, none, b, a, c + 1 - a - b])
        moved: Array = pix.affine_transform(image, matrix.reshape(3, 4), mode="constant")
        return moved

    # Black pixels around, into which the border blends: the library would cut it off sharply.
    around = jnp.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return jax.vmap(move)(around, matrices)[:, :, 1:-1, 1:-1]


def rotation(images: Array, matrices: Array, chosen: Array) -> Array:
    """Turn the chosen images."""
    return jnp.where(_wide(chosen), affine(images, matrices), images)


# --- what colour they have ----------------------------------------------------------------------------


def brightness(images: Array, factors: Array) -> Array:
    """Multiply."""
    return jnp.clip(images * _wide(factors), 0, 1)


def contrast(images: Array, factors: Array) -> Array:
    """Move away from the mean of the grey image, or towards it."""
    return _blend(_grey(images).mean(axis=(1, 2, 3), keepdims=True), images, factors)


def saturation(images: Array, factors: Array) -> Array:
    """Move away from the grey image, or towards it."""
    return _blend(_grey(images), images, factors) if images.shape[1] == _COLOURS else images


def hue(images: Array, shifts: Array) -> Array:
    """Turn the colour circle by a share of it; a grey image has no hue."""
    if images.shape[1] != _COLOURS:
        return images
    turned = jax.vmap(lambda image, shift: pix.adjust_hue(image, shift, channel_axis=0))(images, shifts)
    return jnp.where(_wide(shifts == 0), images, turned)


def color_jitter(images: Array, brightness_by: Array, contrast_by: Array, saturation_by: Array, hue_by: Array) -> Array:
    """Change all four, in this order."""
    images = contrast(brightness(images, brightness_by), contrast_by)
    return hue(saturation(images, saturation_by), hue_by)


def grayscale(images: Array, chosen: Array) -> Array:
    """Make the chosen images grey."""
    return jnp.where(_wide(chosen), _grey(images), images)


def blur(images: Array, kernels: Array) -> Array:
    """Blur along rows and columns."""
    # pix.gaussian_blur takes what is outside to be black.
    width = kernels.shape[1]
    margin = width // 2
    for axis in (2, 3):
        length = images.shape[axis]
        pads = [(margin, margin) if axis == other else (0, 0) for other in range(images.ndim)]
        padded = jnp.pad(images, pads, mode="reflect")
        parts = [
            jax.lax.slice_in_dim(padded, start, start + length, axis=axis) * _wide(kernels[:, start])
            for start in range(width)
        ]
        images = jnp.sum(jnp.stack(parts), axis=0)
    return images


# --- what is covered, and several samples in one ------------------------------------------------------


def erasing(images: Array, rows: Array, columns: Array, value: Array) -> Array:
    """Cover what is in a chosen row and column."""
    return jnp.where(_box(rows, columns), _wide(value), images)


def mixup(inputs: Array, partners: Array, shares: Array) -> Array:
    """Average each sample with its partner; the share is its own."""
    share = shares.reshape(-1, *[1] * (inputs.ndim - 1))
    return inputs * share + inputs[partners] * (1 - share)


def cutmix(images: Array, partners: Array, shares: Array, rows: Array, columns: Array) -> Array:  # noqa: ARG001 - the shares are those of targets
    """Take what is in a chosen row and column from the partner."""
    return jnp.where(_box(rows, columns), images[partners], images)


def mix_targets(name: str, targets: Array, partners: Array, shares: Array, outputs: int) -> Array:
    """Mix targets as inputs were mixed; a class becomes shares of all classes, shape (n, outputs).

    With a single output that is the share of class 1 of two.
    """
    if not jnp.issubdtype(targets.dtype, jnp.floating):
        check_classes(name, targets.ndim, outputs)
        single = outputs == 1
        targets = (
            targets[:, None].astype(jnp.float32) if single else jax.nn.one_hot(targets, outputs, dtype=jnp.float32)
        )
    return mixup(targets, partners, shares)


# --- policies -----------------------------------------------------------------------------------------


def policy(images: Array, kinds: Array, values: Array, matrices: Array) -> Array:
    """Let each image go through its operations, one after another."""

    def operate(images: Array, given: tuple[Array, Array, Array]) -> tuple[Array, None]:
        kind, value, matrix = given
        result = images
        for number, name in enumerate(KINDS):
            if name == "affine":
                result = jnp.where(_wide(kind == number), affine(images, matrix), result)
            elif name in _OPERATIONS:
                result = jnp.where(_wide(kind == number), _OPERATIONS[name](images, value), result)
        return result, None

    # Compiled once, however many operations follow one another.
    result, _ = jax.lax.scan(operate, images, (kinds.T, values.T, jnp.swapaxes(matrices, 0, 1)))
    return result


def _auto_contrast(images: Array, _: Array) -> Array:
    least, largest = images.min((2, 3), keepdims=True), images.max((2, 3), keepdims=True)
    spread = largest - least
    return jnp.where(spread > 0, (images - least) / jnp.where(spread > 0, spread, 1), images)


def _equalize(images: Array, _: Array) -> Array:
    """Spread the 256 levels of each channel evenly, as Pillow's ``ImageOps.equalize`` does."""
    height, width = images.shape[2:]

    def spread(channel: Array) -> Array:
        levels = jnp.clip((channel * 255).astype(jnp.int32), 0, _LEVELS - 1)
        counts = jnp.bincount(levels, length=_LEVELS)
        step = (levels.size - counts[levels.max()]) // 255
        table = (step // 2 + jnp.cumsum(counts) - counts) // jnp.maximum(step, 1)
        return jnp.where(step == 0, channel, jnp.clip(table, 0, 255)[levels].astype(channel.dtype) / 255)

    return jax.vmap(spread)(images.reshape(-1, height * width)).reshape(images.shape)


def _posterize(images: Array, bits: Array) -> Array:
    step = _wide(2.0 ** (8 - bits))
    return jnp.where(step == 1, images, jnp.floor(jnp.floor(images * 255) / step) * step / 255)


def _sharpness(images: Array, factors: Array) -> Array:
    """Move away from the smoothed image, or towards it; the border is kept, as in Pillow."""
    height, width = images.shape[2:]
    smooth = 4 * images[:, :, 1:-1, 1:-1]
    for row in range(3):
        for column in range(3):
            smooth = smooth + images[:, :, row : height - 2 + row, column : width - 2 + column]
    return _blend(images.at[:, :, 1:-1, 1:-1].set(smooth / 13), images, factors)


_OPERATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "auto_contrast": _auto_contrast,
    "equalize": _equalize,
    "invert": lambda images, _: 1 - images,
    "posterize": _posterize,
    "solarize": lambda images, threshold: jnp.where(images >= _wide(threshold), 1 - images, images),
    "saturation": saturation,
    "contrast": contrast,
    "brightness": brightness,
    "sharpness": _sharpness,
}


# --- helpers ------------------------------------------------------------------------------------------


def _wide(per_sample: Array) -> Array:
    return per_sample.reshape(-1, 1, 1, 1)


def _box(rows: Array, columns: Array) -> Array:
    return rows[:, None, :, None] & columns[:, None, None, :]


def _grey(images: Array) -> Array:
    if images.shape[1] != _COLOURS:
        return images
    grey = jnp.sum(images * jnp.array(_LUMA, images.dtype).reshape(3, 1, 1), axis=1, keepdims=True)
    return jnp.broadcast_to(grey, images.shape)


def _blend(degenerate: Array, images: Array, factors: Array) -> Array:
    """Go from one image towards the other, and beyond; a factor of 1 gives the second, to the bit."""
    factor = _wide(factors)
    return jnp.clip(images * factor + degenerate * (1 - factor), 0, 1)
