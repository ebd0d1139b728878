"""Picture files and drawings, as raw samples of a run: what is done to them is said in a sentence each."""

from __future__ import annotations

import base64
import binascii
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.inputs.form import Picture

if TYPE_CHECKING:
    import numpy.typing as npt

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
MOST_PIXELS = 64_000_000
"""Of one picture, before it is decoded; 256 MB in memory then."""
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_WORDS = {1: "made grey", 3: "given colours", 4: "given colours and transparency"}
_DEEP = ("I", "F")
"""Modes of more than 8 bits; ``I;16`` and its like begin so, too."""
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
    image, done = _opened(data, name)
    said = f"{image.width}×{image.height}, {_counted(image)}"
    image, more = _plain(image, form)
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
    image, _ = _opened(decoded(encoded, "drawing"), "drawing")
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


def _opened(data: bytes, name: str) -> tuple[Image.Image, list[str]]:
    """Open a file, look at its size before anything is decoded, then decode it."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise _too_large(name, f"{image.width:,}×{image.height:,}")
        frames = getattr(image, "n_frames", 1)
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name, "far more") from None
    except UnidentifiedImageError:
        msg = f"{name}: expected an image ({', '.join(FORMATS)}), got another kind of file, or a damaged one."
        raise ConfigurationError(msg) from None
    except ConfigurationError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        # What Pillow's readers raise for files that are cut short or damaged inside.
        msg = f"{name}: the image is damaged or incomplete ({str(error).rstrip('.') or type(error).__name__})."
        raise ConfigurationError(msg) from None
    done = [f"the first of {frames} frames"] if frames > 1 else []
    turned = ImageOps.exif_transpose(image)
    if turned is not image and image.getexif().get(0x0112, 1) != 1:
        done.append("turned as its EXIF says")
    return turned, done


def _too_large(name: str, size: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: expected an image of at most {MOST_PIXELS:,} pixels, got {size}; scale it down first."
    )


def _counted(image: Image.Image) -> str:
    bands = len(image.getbands())
    return "a palette" if image.mode in ("P", "PA") else "1 channel" if bands == 1 else f"{bands} channels"


def _plain(image: Image.Image, form: Picture) -> tuple[Image.Image, list[str]]:
    """Make a picture of 8 bits in grey or colours, opaque where the model knows no transparency."""
    done = []
    if image.mode.startswith(_DEEP):
        image = _shallow(image)
        done.append("made 8 bits deep")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    elif image.mode == "LA" or (image.mode in ("L", "RGB") and "transparency" in image.info):
        image = image.convert("RGBA")
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        done.append(f"{image.mode} turned into colours")
        image = image.convert("RGB")
    if image.mode == "1":
        image = image.convert("L")
    if image.mode in ("RGBa", "La", "RGBX"):
        image = image.convert("RGBA")
    if image.mode == "RGBA" and form.channels != 4:  # noqa: PLR2004 - with transparency
        if np.asarray(image.getchannel("A")).min() < 255:  # noqa: PLR2004 - not opaque throughout
            ground = "white" if form.is_light else "black"
            image = Image.alpha_composite(Image.new("RGBA", image.size, ground), image)
            done.append(f"put on {ground}")
        image = image.convert("RGB")
    return image, done


def _shallow(image: Image.Image) -> Image.Image:
    """Bring deeper values to 8 bits: from 16 bits, from fractions of 1, or from their lowest to their highest."""
    values = np.asarray(image).astype(np.float64)
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and high <= 65_535:  # noqa: PLR2004 - 16 bits
        low, high = 0.0, 65_535.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scaled = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _fitted(image: Image.Image, form: Picture) -> tuple[Image.Image, list[str]]:
    """Give size and channels of the training."""
    done = []
    if image.mode != _MODES[form.channels]:
        image = image.convert(_MODES[form.channels])
        words = [_WORDS[form.channels]]
    else:
        words = []
    if image.size != (form.width, form.height):
        # A mean over what each pixel covers, which blurs nothing; where little shrinks, what lies between two is mixed.
        is_smaller = min(image.width / form.width, image.height / form.height) >= 2  # noqa: PLR2004 - pixels in one
        way = Image.Resampling.BOX if is_smaller else Image.Resampling.BILINEAR
        image = image.resize((form.width, form.height), way)
        done.append(f"resized to {form.width}×{form.height}")
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
