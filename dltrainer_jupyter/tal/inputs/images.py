"""Picture files and drawings, as raw samples of a run: what is done to them is said in a sentence each."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.pictures.fitting import fitted
from dltrainer_jupyter.data.pictures.opening import MODES, opened, plain
from dltrainer_jupyter.tal.inputs.form import Picture

if TYPE_CHECKING:
    import numpy.typing as npt

_WORDS = {1: "made grey", 3: "given colours", 4: "given colours and transparency"}
_ENDS = {"stretch": "", "crop": ", its edges cut off", "pad": " with bars"}
_SHOWN = 256
"""Pixels along the longer side of a thumbnail."""
_DATA = "data:image/"


def read_image(data: bytes, name: str, form: Picture) -> tuple[npt.NDArray[Any], Image.Image, str]:
    """Bring a picture file into the form of a run's raw samples.

    Parameters
    ----------
    data : bytes
        The file; of one that moves, the first picture is taken.
    name : str
        For messages.
    form : Picture
        What is wanted.

    Returns
    -------
    numpy.ndarray, shape (1, *form.shape)
        The raw sample.
    PIL.Image.Image
        The same as a picture of 8 bits.
    str
        What was done, as ``"640×480, 3 channels: resized to 28×28, made grey"``.

    Raises
    ------
    ConfigurationError
        If it is no picture, damaged, or too large.
    """
    return taken(*opened(data, name), form)


def taken(image: Image.Image, done: Sequence[str], form: Picture) -> tuple[npt.NDArray[Any], Image.Image, str]:
    """Bring a picture into the form of a run's raw samples.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode and size.
    done : sequence of str
        What was done to it before.
    form : Picture
        What is wanted.

    Returns
    -------
    tuple
        As :func:`read_image`.
    """
    said = f"{image.width}×{image.height}, {_counted(image)}"
    image, more = plain(image, form.channels, on_light=bool(form.is_light))
    image, changes = _fitted(image, form)
    return _sample(image, form), image, ": ".join(filter(None, [said, ", ".join([*done, *more, *changes])]))


def read_drawing(uri: str, form: Picture) -> tuple[npt.NDArray[Any], Image.Image, str]:
    """Bring a drawing into the form of a run's raw samples, in light and dark as in its training.

    Parameters
    ----------
    uri : str
        ``data:image/png;base64,…`` as a canvas gives it: on a transparent ground, a light one or a dark one.
    form : Picture
        What is wanted.

    Returns
    -------
    tuple
        As :func:`read_image`.
    """
    head, _, encoded = uri.partition(",")
    if not head.startswith(_DATA) or not head.endswith(";base64"):
        msg = "drawing: expected data:image/png;base64,… as a canvas gives it."
        raise ConfigurationError(msg)
    image, _ = opened(decoded(encoded, "drawing"), "drawing")
    said = f"{image.width}×{image.height}"
    ink = _ink(image)
    is_light = bool(form.is_light)
    shown = Image.fromarray(255 - ink if is_light else ink)
    ground = "black on white" if is_light else "white on black"
    why = ", as the training images were" if form.is_light is not None else ", since nobody knows how training was"
    image, changes = _fitted(shown, form)
    return _sample(image, form), image, f"{said}: {', '.join([*changes, ground])}{why}"


def decoded(encoded: str, name: str) -> bytes:
    """Decode base64.

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"{name}: expected base64 ({error})."
        raise ConfigurationError(msg) from None


def thumbnail(image: Image.Image) -> str:
    """Give a picture as a data URI, no larger than a page needs."""
    small = image.copy()
    small.thumbnail((_SHOWN, _SHOWN))
    written = io.BytesIO()
    small.save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def grey_uri(values: npt.NDArray[Any]) -> str:
    """Give values from 0 to 1, shape (height, width), as the data URI of a grey picture."""
    levels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(levels).save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def _counted(image: Image.Image) -> str:
    bands = len(image.getbands())
    return "a palette" if image.mode in ("P", "PA") else "1 channel" if bands == 1 else f"{bands} channels"


def _fitted(image: Image.Image, form: Picture) -> tuple[Image.Image, list[str]]:
    """Give size and channels of the training."""
    done = []
    if image.mode != MODES[form.channels]:
        image = image.convert(MODES[form.channels])
        words = [_WORDS[form.channels]]
    else:
        words = []
    if image.size != (form.width, form.height):
        image, _ = fitted(image, form.height, form.width, form.fit)
        done.append(f"resized to {form.width}×{form.height}{_ENDS[form.fit]}")
    return image, [*done, *words, *form.doubts]


def _sample(image: Image.Image, form: Picture) -> npt.NDArray[Any]:
    """Give a picture as a raw sample."""
    levels = np.asarray(image, dtype=np.float32)
    values = form.low + levels * np.float32((form.high - form.low) / 255)
    if form.is_whole:
        values = np.rint(values)
    if values.ndim == 3 and form.channels_first:  # noqa: PLR2004 - with channels
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values, dtype=np.float32).reshape(1, *form.shape)


def _ink(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Tell how much of each pixel is drawn on, 0 to 255, whatever the colours of pen and paper are."""
    if "A" in image.getbands() or "transparency" in image.info:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
        if alpha.min() < 255:  # noqa: PLR2004 - opaque
            return alpha
    grey = np.asarray(image.convert("L"))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return 255 - grey if np.median(border) > 127 else grey  # noqa: PLR2004 - the middle
