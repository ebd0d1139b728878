"""The examples of the last validation that a model does worst on, with their pictures where a run keeps some."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.drawing import GRID, SERIES, SURFACE
from dltrainer_jupyter.views.examples import examples

if TYPE_CHECKING:
    from PIL import Image

_KEPT = ("index", "truth", "prediction", "truth_class", "prediction_class", "confidence", "loss", "correct", "score")
_COUNT = 16
_SIDE = 96
"""Pixels that a picture has at most, on either side."""
_SMALLEST = 56
"""Pixels on the page of a picture that has fewer."""
_GAP = 2
"""Pixels between a picture and its masks."""
_TRUE, _FOUND = "#4dd9a0", "#ff9a5c"
"""Boxes, bright enough for dark pictures."""
_BOXES, _SURE = 10, 0.5
"""Boxes found that are drawn at most, and how sure of each the model is at least."""


def worst(store: Store, run_id: str, folder: Path) -> tuple[list[dict[str, Any]], str | None]:
    """Find the examples with the largest losses.

    Returns
    -------
    (list of dict, str or None)
        Each as :func:`dltrainer_jupyter.views.example_items.item_of` describes it, with ``png`` and ``width``, None
        where there is no picture; and what there is to say of them.
    """
    found = examples(store, run_id, folder, sort="-loss", count=_COUNT)
    if not found["items"]:
        return [], None
    items = []
    for item in found["items"]:
        png, width = _small(item)
        items.append({name: item[name] for name in _KEPT} | {"png": png, "width": width})
    note = f"Those with the largest losses after epoch {found['epoch']:,}, of {found['kept']:,} that are kept."
    first = found["items"][0]
    if first["mask"] is not None and first["true_mask"] is not None:
        note += " Beside each picture: what is true, and what was predicted."
    if first["boxes"] is not None:
        note += " Green boxes are true; orange ones were found, with a confidence of at least one half."
    if not any(item["png"] for item in items):
        note += " The run keeps no pictures of them, or not here."
    return items, note


def _small(item: Mapping[str, Any]) -> tuple[bytes | None, int]:
    """Draw an example: its picture, with boxes in it and masks beside it; and say how wide it is on the page."""
    from PIL import Image

    if (picture := _opened(item["image"])) is None:
        return None, 0
    picture.thumbnail((_SIDE, _SIDE))
    if item["boxes"] is not None and item["size"]:
        picture = _boxed(picture.convert("RGB"), item)
    masks = [_coloured(mask, picture.size) for uri in (item["true_mask"], item["mask"]) if (mask := _opened(uri))]
    if masks:
        parts = [picture.convert("RGB"), *masks]
        picture = Image.new("RGB", (len(parts) * (picture.width + _GAP) - _GAP, picture.height), SURFACE)
        for at, part in enumerate(parts):
            picture.paste(part, (at * (part.width + _GAP), 0))
    file = io.BytesIO()
    picture.save(file, "png", optimize=True)
    return file.getvalue(), max(picture.width, _SMALLEST * (1 + len(masks)))


def _opened(uri: str | None) -> Image.Image | None:
    from PIL import Image

    if uri is None:
        return None
    try:
        return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2], validate=True)))
    except (binascii.Error, OSError):
        return None


def _boxed(picture: Image.Image, item: Mapping[str, Any]) -> Image.Image:
    """Draw true boxes and the surest found ones, as large as the page shows them: thin lines would vanish."""
    from PIL import Image, ImageDraw

    scale = max(_SIDE // max(picture.size), 1)
    large = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    height, width = item["size"][:2]
    drawing = ImageDraw.Draw(large)
    sure = sorted((box for box in item["boxes"] if (box[4] or 0) >= _SURE), key=lambda box: -(box[4] or 0))
    for boxes, ink in ((item["true_boxes"] or (), _TRUE), (sure[:_BOXES], _FOUND)):
        for box in boxes:
            if None in box[:4]:
                continue
            x = sorted(at * large.width / width for at in (box[0], box[2]))
            y = sorted(at * large.height / height for at in (box[1], box[3]))
            drawing.rectangle((x[0], y[0], x[1], y[1]), outline=ink, width=2)
    return large


def _coloured(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Give each class of a mask a colour of its own; the first, mostly the background, is light."""
    from PIL import Image, ImageColor

    classes = np.asarray(mask.convert("L").resize(size, Image.Resampling.NEAREST))
    inks = np.array([ImageColor.getrgb(ink) for ink in (GRID, *SERIES)], np.uint8)
    return Image.fromarray(inks[np.where(classes == 0, 0, (classes.astype(int) - 1) % len(SERIES) + 1)])
