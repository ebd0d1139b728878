"""The examples of the last validation that a model does worst on, with their pictures where a run keeps some."""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path
from typing import Any

from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.examples import examples

_KEPT = ("index", "truth", "prediction", "truth_class", "prediction_class", "confidence", "loss", "correct", "score")
_COUNT = 16
_SIDE = 96
"""Pixels that a picture has at most, on either side."""
_SMALLEST = 56
"""Pixels on the page of a picture that has fewer."""


def worst(store: Store, run_id: str) -> tuple[list[dict[str, Any]], str | None]:
    """Find the examples with the largest losses.

    Returns
    -------
    (list of dict, str or None)
        Each as :func:`dltrainer_jupyter.views.example_items.item_of` describes it, with ``png`` and ``width``, None
        where there is no picture; and what there is to say of them.
    """
    run = store.run(run_id)
    found = examples(store, run_id, Path(run.folder), sort="-loss", count=_COUNT)
    if not found["items"]:
        return [], None
    items = []
    for item in found["items"]:
        png, width = _small(item["image"])
        items.append({name: item[name] for name in _KEPT} | {"png": png, "width": width})
    note = f"Those with the largest losses after epoch {found['epoch']:,}, of {found['kept']:,} that are kept."
    if not any(item["png"] for item in items):
        note += " The run keeps no pictures of them, or not here."
    return items, note


def _small(uri: str | None) -> tuple[bytes | None, int]:
    from PIL import Image

    if uri is None:
        return None, 0
    try:
        image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2], validate=True)))
    except (binascii.Error, OSError):
        return None, 0
    image.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return file.getvalue(), max(image.width, _SMALLEST)
