"""Where on an image a net looked: what the frameworks' ways of finding out have in common.

Grad-CAM (R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV
2017): the last convolution's channels, each weighted by how much the class gains from it on average, added up, and of
that what is above zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

BATCH = 32
"""Images at a time; bounds the memory that activations with gradients take."""
_CHANNELS = (1, 2, 3, 4)
_IMAGE = 4
"""Axes of a batch of images."""


class Given(NamedTuple):
    """What a layer gave."""

    shape: tuple[int, ...]
    is_convolution: bool


def chosen(calls: Sequence[Given], inputs: Sequence[int], kind: str) -> int:
    """Choose the call whose output is looked at: the last that has the shape of the last convolution's.

    So a normalisation and an activation that follow are in it, and pooling is not.

    Parameters
    ----------
    calls : sequence of Given
        In their order.
    inputs : sequence of int
        Shape of the batch.
    kind : str
        The model's class, for the message.

    Raises
    ------
    ConfigurationError
        If none lies like an image.

    Examples
    --------
    >>> shapes = [(1, 8, 6, 6), (1, 8, 6, 6), (1, 8, 3, 3), (1, 10)]
    >>> chosen([Given(shape, at == 0) for at, shape in enumerate(shapes)], (1, 3, 6, 6), "Net")
    1
    """
    spread = [at for at, call in enumerate(calls) if len(call.shape) == _IMAGE and max(call.shape[1:3]) > 1]
    convolved = [calls[at].shape for at in spread if calls[at].is_convolution]
    if convolved:
        return max(at for at in spread if calls[at].shape == convolved[-1])
    others = [at for at in spread if calls[at].shape != tuple(inputs)]
    if not others:
        msg = f"heatmaps: {kind} has no layer whose outputs lie like an image, such as a convolution."
        raise ConfigurationError(msg)
    return others[-1]


def maps(
    activations: npt.NDArray[np.float32], gradients: npt.NDArray[np.float32], size: tuple[int, int] | None
) -> npt.NDArray[np.float32]:
    """Put heatmaps together.

    Parameters
    ----------
    activations, gradients : numpy.ndarray of float32, shape (n, height, width, channels)
        Of the layer that is looked at, and of the class's score by it.
    size : (int, int), optional
        Height and width of the images; those of the layer if left out.

    Returns
    -------
    numpy.ndarray of float32, shape (n, *size)
        From 0 to 1, which it reaches unless nothing speaks for the class.
    """
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    spoken = np.maximum((weights * activations).sum(axis=3), 0)
    spoken = np.nan_to_num(spoken, nan=0.0, posinf=0.0)
    if size is not None and spoken.shape[1:] != size:
        height, width = size
        enlarged = [Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR) for one in spoken]
        spoken = np.array([np.asarray(one) for one in enlarged], np.float32).reshape(len(spoken), height, width)
    highest = spoken.max(axis=(1, 2), keepdims=True)
    found: npt.NDArray[np.float32] = np.divide(spoken, highest, out=np.zeros_like(spoken), where=highest > 0)
    return found.astype(np.float32)


def image_size(shape: Sequence[int]) -> tuple[int, int] | None:
    """Give height and width of an image, of its shape without the batch; None for what is none.

    Examples
    --------
    >>> image_size((3, 32, 48)), image_size((28, 28, 1)), image_size((28, 28)), image_size((64,))
    ((32, 48), (28, 28), (28, 28), None)
    """
    if len(shape) == 2:  # noqa: PLR2004 - height and width
        return shape[0], shape[1]
    if len(shape) != 3:  # noqa: PLR2004 - and channels
        return None
    return (shape[1], shape[2]) if shape[0] in _CHANNELS or shape[2] not in _CHANNELS else (shape[0], shape[1])
