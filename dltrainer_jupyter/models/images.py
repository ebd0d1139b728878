"""What an image has to be for models that look at images, and what is said of samples that are none."""

from __future__ import annotations

from dltrainer_jupyter.core.errors import ConfigurationError

SMALLEST = 8
"""Least height and width of an image, in pixels."""


def image_shape(model: str, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Check that a sample is an image.

    Parameters
    ----------
    model : str
        Its name, for the message.
    shape : tuple of int
        Of one sample.

    Returns
    -------
    (int, int, int)
        Channels, height, width.

    Raises
    ------
    ConfigurationError
        If it is something else, or smaller than any model can look at.

    Examples
    --------
    >>> image_shape("cnn", (3, 32, 48))
    (3, 32, 48)
    """
    if len(shape) != 3 or min(shape[1:]) < SMALLEST:  # noqa: PLR2004 - channels, height, width
        msg = (
            f"model: {model} takes images of shape (channels, height, width) from (1, {SMALLEST}, {SMALLEST}) on, "
            f"got samples of shape {shape}; {_cure(shape)}"
        )
        raise ConfigurationError(msg)
    channels, height, width = shape
    return channels, height, width


def _cure(shape: tuple[int, ...]) -> str:
    if len(shape) == 2 and min(shape) >= SMALLEST:  # noqa: PLR2004 - height, width
        return "add an axis for the channel: x[:, None]."
    if len(shape) == 3 and min(shape[:2]) >= SMALLEST:  # noqa: PLR2004 - height, width, channels
        return "bring the channels to the front: x.transpose(0, 3, 1, 2)."
    return "reshape them, or use mlp, which takes any shape."


def halvings(side: int) -> int:
    """Say how often an image can be halved so that three or four pixels of it remain.

    Examples
    --------
    >>> [halvings(side) for side in (8, 16, 28, 32, 64, 224)]
    [1, 2, 3, 3, 4, 6]
    """
    return (side - 1).bit_length() - 2
