"""Pictures of validation examples, as the trainer wrote them beside the run."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.loop.gallery import ABOUT, FOLDER
from dltrainer_jupyter.views.numbers import numbers

if TYPE_CHECKING:
    from typing import Self

    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_COLOURS = 3
_SHOWN = 64
"""Values of a row that are given."""
EMPTY: dict[str, Any] = {
    "image": None,
    "features": None,
    "true_mask": None,
    "true_boxes": None,
    "size": None,
}
"""What is told of an example without picture."""


class Gallery:
    """Pictures by the examples' positions in the validation set; mapped into memory, never loaded whole.

    Parameters
    ----------
    about : mapping
        What the trainer wrote about them.
    arrays : mapping of str to numpy.ndarray
        ``index`` and ``inputs``, and ``masks``, ``boxes`` and ``box_ends`` where the task has them.
    """

    def __init__(self, about: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        self.kind = str(about["kind"])
        """``image`` or ``rows``."""
        self.names: list[str] | None = about.get("features")
        """What the values of a row are called."""
        self.size: list[int] | None = about.get("size")
        """Height and width of a sample, which boxes count in; its picture may be smaller."""
        self._arrays = arrays
        self._rows = {int(index): row for row, index in enumerate(arrays["index"])}

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """Open the pictures of a run; None if there are none, or what is there can't be read.

        Parameters
        ----------
        folder : Path
            The run's.
        """
        place = folder / FOLDER
        try:
            about = json.loads((place / ABOUT).read_text(encoding="utf-8"))
            arrays = {
                path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
                for path in sorted(place.glob("*.npy"))
                if path.stat().st_size
            }
            return cls(about, arrays) if _is_whole(str(about["kind"]), arrays) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def of(self, index: int) -> dict[str, Any]:
        """Give what is to be seen of an example.

        Returns
        -------
        dict
            ``image`` and ``true_mask`` as data URIs, ``features`` (the first 64), ``true_boxes``, ``size``; None for
            what there isn't.
        """
        row = self._rows.get(index)
        if row is None:
            return dict(EMPTY)
        sample, masks = self._arrays["inputs"][row], self._arrays.get("masks")
        is_image = self.kind == "image"
        return {
            "image": data_uri(sample) if is_image else None,
            "features": None if is_image else numbers(np.asarray(sample[:_SHOWN])),
            "true_mask": None if masks is None else data_uri(masks[row]),
            "true_boxes": boxes_of(self._arrays, row),
            "size": self.size,
        }


def _is_whole(kind: str, arrays: Mapping[str, Array]) -> bool:
    """Tell whether there is something of the right form for each position."""
    inputs = arrays["inputs"]
    if any(len(arrays[name]) != len(arrays["index"]) for name in ("inputs", "masks", "box_ends") if name in arrays):
        return False
    if kind == "rows":
        return inputs.ndim == 2  # noqa: PLR2004 - a table
    grey, coloured = inputs.ndim == _COLOURS, inputs.ndim == _COLOURS + 1 and inputs.shape[-1] == _COLOURS
    return inputs.dtype == np.uint8 and (grey or coloured)


def boxes_of(columns: Mapping[str, Array], row: int) -> list[list[float | None]] | None:
    """Give an example's boxes; None where there are none at all.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        ``boxes`` of all examples one after another, and ``box_ends``, where each one's end.
    row : int
        Which example.
    """
    if "boxes" not in columns or "box_ends" not in columns:
        return None
    ends = columns["box_ends"]
    begin = int(ends[row - 1]) if row else 0
    return [numbers(np.asarray(box)) for box in columns["boxes"][begin : int(ends[row])]]


def mask_of(columns: Mapping[str, Array], row: int) -> str | None:
    """Give an example's predicted mask as a data URI; only some examples have one."""
    if "masks" not in columns or "mask_rows" not in columns:
        return None
    found = np.flatnonzero(np.asarray(columns["mask_rows"]) == row)
    return data_uri(columns["masks"][found[0]]) if len(found) else None


def data_uri(pixels: npt.NDArray[np.uint8]) -> str:
    """Write a picture as a PNG that a page can show at once.

    Parameters
    ----------
    pixels : numpy.ndarray of uint8, shape (h, w) or (h, w, 3)
        Grey, or red, green and blue.

    Examples
    --------
    >>> data_uri(np.zeros((2, 2), np.uint8))[:22]
    'data:image/png;base64,'
    """
    from PIL import Image

    mode = "RGB" if pixels.ndim == _COLOURS else "L"
    file = io.BytesIO()
    Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels).tobytes()).save(
        file, "png", compress_level=1
    )
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
