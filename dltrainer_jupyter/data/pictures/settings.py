"""Settings that all sources of pictures have in common, and what they come to."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from dltrainer_jupyter.core.errors import BadSampleError
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.data.lazy.settings import ReadingSettings
from dltrainer_jupyter.data.pictures.fitting import Places, Way, fitted
from dltrainer_jupyter.data.pictures.opening import MODES, opened, plain
from dltrainer_jupyter.data.steps import RawInput, Scale, Step
from dltrainer_jupyter.data.steps.base import repeated

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

Side = Annotated[int, Field(ge=1, le=8192)]
_LARGEST = 224
"""Longer side where nobody says how large pictures are to be."""
_TRIED = 20


class PictureSettings(ReadingSettings, frozen=True, extra="forbid"):
    """How pictures are read."""

    image_size: Annotated[tuple[Side, Side] | None, repeated(2)] = setting(
        None,
        description="Height and width that pictures are given, a single number for both; left out, those of the first "
        "picture, its longer side 224 at most.",
    )
    resize: Way = setting(
        "stretch",
        description="What becomes of pictures of other proportions: stretch them, crop what is too much at the edges, "
        "or pad with black bars.",
    )
    channels: Literal[1, 3, 4] = setting(
        3, description="1 makes pictures grey, 3 gives them colours, 4 transparency besides."
    )
    follow_links: bool = setting(
        default=False, description="Follow symbolic links that lead out of the folder.", group="reading", advanced=True
    )


@dataclass(frozen=True)
class PictureForm:
    """How pictures come out."""

    height: int
    width: int
    channels: int
    way: Way

    def read(self, path: str | Path, name: str) -> npt.NDArray[np.uint8]:
        """Read a picture, shape (channels, height, width).

        Raises
        ------
        BadSampleError
            If it can't be.
        """
        return self.pixels(opened(Path(path), name)[0])[0]

    def pixels(self, image: Image.Image) -> tuple[npt.NDArray[np.uint8], Places]:
        """Give the pixels of a picture that is open, and where its places are now."""
        image, _ = plain(image, self.channels)
        if image.mode != MODES[self.channels]:
            image = image.convert(MODES[self.channels])
        image, places = fitted(image, self.height, self.width, self.way)
        pixels = np.asarray(image)
        return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)), places  # noqa: PLR2004 - grey

    def steps(self) -> list[Step]:
        """Give the steps that bring pixels to values from 0 to 1."""
        return [RawInput(((self.channels, self.height, self.width),), "float32"), Scale(255.0)]

    @property
    def raw(self) -> dict[str, Any]:
        """What a picture that is tried later has to be told."""
        return {"fit": self.way}


def form_of(settings: PictureSettings, paths: Sequence[str]) -> PictureForm:
    """Tell how the pictures of some files come out; see :func:`form_of_images`."""
    return form_of_images(settings, ((Path(path), path) for path in paths))


def form_of_images(settings: PictureSettings, files: Iterable[tuple[bytes | Path, str]]) -> PictureForm:
    """Tell how pictures come out.

    Parameters
    ----------
    settings : PictureSettings
        What was asked for.
    files : iterable of (bytes or Path, str)
        The pictures and their names; the first that can be opened is looked at where no size was asked for.

    Raises
    ------
    BadSampleError
        If it can't, or, where such are left out, none of the first few can.
    """
    if settings.image_size is not None:
        return PictureForm(*settings.image_size, settings.channels, settings.resize)
    trouble: BadSampleError | None = None
    for file, name in itertools.islice(files, _TRIED):
        try:
            image, _ = opened(file, name)
        except BadSampleError as error:
            trouble = error
            if settings.on_bad_sample == "skip":
                continue
            msg = f"data: {error}"
            raise BadSampleError(msg) from None
        shrink = max(1.0, max(image.size) / _LARGEST)
        size = max(1, math.floor(image.height / shrink)), max(1, math.floor(image.width / shrink))
        return PictureForm(*size, settings.channels, settings.resize)
    msg = f"data: none of the first pictures can be read: {trouble}"
    raise BadSampleError(msg)
