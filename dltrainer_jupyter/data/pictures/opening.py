"""Picture files, opened as somebody who looks at them expects: bounded, turned, of 8 bits, grey or in colours."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dltrainer_jupyter.core import plain_files
from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError

if TYPE_CHECKING:
    from typing import Any

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
MOST_PIXELS = 64_000_000
"""Of one picture, before it is decoded; 256 MB in memory then."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's names for pictures of so many channels."""
_DEEP = ("I", "F")
"""Modes of more than 8 bits; ``I;16`` and its like begin so, too."""
_ORIENTATION = 0x0112


def opened(file: bytes | Path, name: str, *, turns: bool = True) -> tuple[Image.Image, list[str]]:
    """Open a file, look at its size before anything is decoded, then decode it.

    Parameters
    ----------
    file : bytes or Path
        Its content, or where it lies; of one that moves, the first picture is taken.
    name : str
        For messages.
    turns : bool, default True
        Turn it as its EXIF says.

    Returns
    -------
    (PIL.Image.Image, list of str)
        The picture, and what was done.

    Raises
    ------
    BadSampleError
        If it is no picture, damaged, too large, or can't be read at all.
    """
    try:
        # Closed at once: Pillow keeps a file open in which more pictures follow.
        with io.BytesIO(file) if isinstance(file, bytes) else plain_files.opened(file) as stream:
            image: Image.Image = Image.open(stream, formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise _too_large(name, f"{image.width:,}×{image.height:,}")
            # Counting them means going through the file.
            frames = getattr(image, "n_frames", 1) if isinstance(file, bytes) else 1
            image.load()
            turned = ImageOps.exif_transpose(image) if turns else image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name, "far more") from None
    except UnidentifiedImageError:
        msg = f"{name}: expected an image ({', '.join(FORMATS)}), got another kind of file, or a damaged one."
        raise BadSampleError(msg) from None
    except ConfigurationError:
        raise
    except OSError as error:
        if error.errno is not None and not isinstance(file, bytes):
            msg = f"{name} can't be read: {error.strerror}."
            raise BadSampleError(msg) from None
        raise _damaged(name, error) from None
    except (SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError) as error:
        # What Pillow's readers raise for files that are cut short or damaged inside.
        raise _damaged(name, error) from None
    done = [f"the first of {frames} frames"] if frames > 1 else []
    if turned is not image and image.getexif().get(_ORIENTATION, 1) != 1:
        done.append("turned as its EXIF says")
    return turned, done


def plain(image: Image.Image, channels: int, *, on_light: bool = False) -> tuple[Image.Image, list[str]]:
    """Make a picture of 8 bits in grey or colours, opaque unless transparency is asked for.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode.
    channels : {1, 3, 4}
        How many it will be given; with 4, transparency stays.
    on_light : bool, default False
        Whether a transparent picture is put on white, else on black.

    Returns
    -------
    (PIL.Image.Image, list of str)
        The picture, still in its own channels, and what was done.
    """
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
    if image.mode == "RGBA" and channels != 4:  # noqa: PLR2004 - with transparency
        if np.asarray(image.getchannel("A")).min() < 255:  # noqa: PLR2004 - not opaque throughout
            ground = "white" if on_light else "black"
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


def _damaged(name: str, error: Any) -> BadSampleError:
    return BadSampleError(
        f"{name}: the image is damaged or incomplete ({str(error).rstrip('.') or type(error).__name__})."
    )


def _too_large(name: str, size: str) -> BadSampleError:
    return BadSampleError(
        f"{name}: expected an image of at most {MOST_PIXELS:,} pixels, got {size}; scale it down first."
    )
