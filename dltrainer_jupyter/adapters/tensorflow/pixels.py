"""Operations on batches of images as TensorFlow tensors.

Keras' layers for augmentation draw for themselves, and mean other things by the same words than other libraries do; so
here are the operations behind them, with an argument for each sample. Images have shape (n, channels, height, width);
arguments have the shapes that :mod:`dltrainer_jupyter.adapters.shared.augmentations` draws. Nothing in here is random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.augmenting import check_classes
from dltrainer_jupyter.adapters.shared.policies import KINDS

Tensor = Any

_COLOURS = 3
_LUMA = 0.299, 0.587, 0.114
_LEVELS = 256


# --- where pixels are ---------------------------------------------------------------------------------


def flip(images: Tensor, horizontal: Tensor, vertical: Tensor) -> Tensor:
    """Mirror the chosen images."""
    images = tf.where(_wide(horizontal), tf.reverse(images, [-1]), images)
    return tf.where(_wide(vertical), tf.reverse(images, [-2]), images)


def crop(images: Tensor, rows: Tensor, columns: Tensor, rows_inside: Tensor, columns_inside: Tensor) -> Tensor:
    """Take each pixel from its row and column, and zero from outside."""
    taken = tf.gather(images, rows, axis=2, batch_dims=1)
    # A second gather of this kind would put its axis in front of the channels.
    taken = tf.gather(tf.transpose(taken, (0, 3, 1, 2)), columns, axis=1, batch_dims=1)
    return tf.where(_box(rows_inside, columns_inside), tf.transpose(taken, (0, 2, 3, 1)), 0.0)


def affine(images: Tensor, matrices: Tensor) -> Tensor:
    """Move pixels, bilinearly, as :mod:`dltrainer_jupyter.adapters.shared.geometry` describes it."""
    transform = tf.pad(matrices, ((0, 0), (0, 2)))
    return keras.ops.image.affine_transform(
        images, transform, interpolation="bilinear", fill_mode="constant", data_format="channels_first"
    )


def rotation(images: Tensor, matrices: Tensor, chosen: Tensor) -> Tensor:
    """Turn the chosen images."""
    return tf.where(_wide(chosen), affine(images, matrices), images)


# --- what colour they have ----------------------------------------------------------------------------


def brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply."""
    return tf.clip_by_value(images * _wide(factors), 0, 1)


def contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Move away from the mean of the grey image, or towards it."""
    return _blend(tf.reduce_mean(_grey(images), axis=(1, 2, 3), keepdims=True), images, factors)


def saturation(images: Tensor, factors: Tensor) -> Tensor:
    """Move away from the grey image, or towards it."""
    return _blend(_grey(images), images, factors) if images.shape[1] == _COLOURS else images


def hue(images: Tensor, shifts: Tensor) -> Tensor:
    """Turn the colour circle by a share of it; a grey image has no hue."""
    if images.shape[1] != _COLOURS:
        return images
    hsv = tf.image.rgb_to_hsv(tf.transpose(images, (0, 2, 3, 1)))
    turned = (hsv[..., :1] + _wide(shifts)) % 1.0
    changed = tf.image.hsv_to_rgb(tf.concat([turned, hsv[..., 1:]], axis=-1))
    return tf.where(_wide(shifts == 0), images, tf.transpose(changed, (0, 3, 1, 2)))


def color_jitter(
    images: Tensor, brightness_by: Tensor, contrast_by: Tensor, saturation_by: Tensor, hue_by: Tensor
) -> Tensor:
    """Change all four, in this order."""
    images = contrast(brightness(images, brightness_by), contrast_by)
    return hue(saturation(images, saturation_by), hue_by)


def grayscale(images: Tensor, chosen: Tensor) -> Tensor:
    """Make the chosen images grey."""
    return tf.where(_wide(chosen), _grey(images), images)


def blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Blur along rows and columns."""
    width = kernels.shape[1]
    margin = width // 2
    for axis in (2, 3):
        length = images.shape[axis]
        padded = tf.pad(images, [(margin, margin) if axis == other else (0, 0) for other in range(4)], mode="REFLECT")
        images = tf.add_n(
            [
                tf.gather(padded, tf.range(start, start + length), axis=axis) * _wide(kernels[:, start])
                for start in range(width)
            ]
        )
    return images


# --- what is covered, and several samples in one ------------------------------------------------------


def erasing(images: Tensor, rows: Tensor, columns: Tensor, value: Tensor) -> Tensor:
    """Cover what is in a chosen row and column."""
    return tf.where(_box(rows, columns), _wide(value), images)


def mixup(inputs: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    """Average each sample with its partner; the share is its own."""
    share = tf.reshape(shares, (-1, *[1] * (inputs.shape.rank - 1)))
    return inputs * share + tf.gather(inputs, partners) * (1 - share)


def cutmix(images: Tensor, partners: Tensor, shares: Tensor, rows: Tensor, columns: Tensor) -> Tensor:  # noqa: ARG001 - the shares are those of targets
    """Take what is in a chosen row and column from the partner."""
    return tf.where(_box(rows, columns), tf.gather(images, partners), images)


def mix_targets(name: str, targets: Tensor, partners: Tensor, shares: Tensor, outputs: int) -> Tensor:
    """Mix targets as inputs were mixed; a class becomes shares of all classes, shape (n, outputs).

    With a single output that is the share of class 1 of two.
    """
    if not targets.dtype.is_floating:
        check_classes(name, targets.shape.rank, outputs)
        single = outputs == 1
        targets = tf.cast(targets[:, None], tf.float32) if single else tf.one_hot(targets, outputs, dtype=tf.float32)
    return mixup(targets, partners, shares)


# --- policies -----------------------------------------------------------------------------------------


def policy(images: Tensor, kinds: Tensor, values: Tensor, matrices: Tensor) -> Tensor:
    """Let each image go through its operations, one after another."""
    for position in range(kinds.shape[1]):
        kind, value, matrix = kinds[:, position], values[:, position], matrices[:, position]
        result = images
        for number, name in enumerate(KINDS):
            if name == "affine":
                result = tf.where(_wide(kind == number), affine(images, matrix), result)
            elif name in _OPERATIONS:
                result = tf.where(_wide(kind == number), _OPERATIONS[name](images, value), result)
        images = result
    return images


def _auto_contrast(images: Tensor, _: Tensor) -> Tensor:
    least, largest = tf.reduce_min(images, (2, 3), keepdims=True), tf.reduce_max(images, (2, 3), keepdims=True)
    spread = largest - least
    return tf.where(spread > 0, (images - least) / tf.where(spread > 0, spread, 1.0), images)


def _equalize(images: Tensor, _: Tensor) -> Tensor:
    """Spread the 256 levels of each channel evenly, as Pillow's ``ImageOps.equalize`` does."""
    channels = tf.reshape(images, (-1, images.shape[2] * images.shape[3]))
    levels = tf.clip_by_value(tf.cast(channels * 255, tf.int32), 0, _LEVELS - 1)
    # Sorted and counted: on a GPU a histogram has no deterministic kernel.
    ordered = tf.sort(levels, axis=1)
    every = tf.broadcast_to(tf.range(_LEVELS), (tf.shape(levels)[0], _LEVELS))
    below = tf.searchsorted(ordered, every, side="left")
    step = tf.searchsorted(ordered, ordered[:, -1:], side="left") // (_LEVELS - 1)
    table = (step // 2 + below) // tf.maximum(step, 1)
    found = tf.gather(tf.clip_by_value(table, 0, 255), levels, batch_dims=1)
    return tf.reshape(tf.where(step == 0, channels, tf.cast(found, images.dtype) / 255), tf.shape(images))


def _posterize(images: Tensor, bits: Tensor) -> Tensor:
    step = _wide(2.0 ** (8 - bits))
    return tf.where(step == 1, images, tf.floor(tf.floor(images * 255) / step) * step / 255)


def _sharpness(images: Tensor, factors: Tensor) -> Tensor:
    """Move away from the smoothed image, or towards it; the border is kept, as in Pillow."""
    height, width = images.shape[2:]
    smooth = 4 * images[:, :, 1:-1, 1:-1]
    for row in range(3):
        for column in range(3):
            smooth += images[:, :, row : height - 2 + row, column : width - 2 + column]
    inside = tf.pad(tf.ones((1, 1, height - 2, width - 2), tf.bool), ((0, 0), (0, 0), (1, 1), (1, 1)))
    smooth = tf.pad(smooth / 13, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return _blend(tf.where(inside, smooth, images), images, factors)


_OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "auto_contrast": _auto_contrast,
    "equalize": _equalize,
    "invert": lambda images, _: 1 - images,
    "posterize": _posterize,
    "solarize": lambda images, threshold: tf.where(images >= _wide(threshold), 1 - images, images),
    "saturation": saturation,
    "contrast": contrast,
    "brightness": brightness,
    "sharpness": _sharpness,
}


# --- helpers ------------------------------------------------------------------------------------------


def _wide(per_sample: Tensor) -> Tensor:
    return tf.reshape(per_sample, (-1, 1, 1, 1))


def _box(rows: Tensor, columns: Tensor) -> Tensor:
    return rows[:, None, :, None] & columns[:, None, None, :]


def _grey(images: Tensor) -> Tensor:
    if images.shape[1] != _COLOURS:
        return images
    grey = tf.reduce_sum(images * tf.reshape(tf.constant(_LUMA, images.dtype), (3, 1, 1)), axis=1, keepdims=True)
    return tf.broadcast_to(grey, tf.shape(images))


def _blend(degenerate: Tensor, images: Tensor, factors: Tensor) -> Tensor:
    """Go from one image towards the other, and beyond; a factor of 1 gives the second, to the bit."""
    factor = _wide(factors)
    return tf.clip_by_value(images * factor + degenerate * (1 - factor), 0, 1)
