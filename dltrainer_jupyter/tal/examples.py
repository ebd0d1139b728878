"""Examples of a data set and what a model says of them, as a panel shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.tal.outputs import names, probabilities

if TYPE_CHECKING:
    import numpy.typing as npt

_SHOWN = 8
"""Values of one example that are written out."""
_SURE = 0.5
"""Score from which on a detection is told."""


def described(
    index: int, x: npt.NDArray[Any], truth: npt.NDArray[Any], output: npt.NDArray[Any], signature: Signature
) -> dict[str, Any]:
    """Describe one example and what the model says of it."""
    shown: dict[str, Any] = {
        "index": index,
        "image": _image(x),
        "features": None if x.ndim != 1 else [round(float(value), 4) for value in x[:64]],
        "correct": None,
        "confidence": None,
        "probabilities": None,
    }
    if signature.task == "regression":
        return shown | {"truth": _few(truth, "{:.4g}".format), "prediction": _few(output, "{:.4g}".format)}
    if signature.task == "detection":
        sure = output[0][output[0][:, 4] >= _SURE]
        return shown | {"truth": _objects(truth, signature), "prediction": _objects(sure, signature)}
    shares = probabilities(output)[0]
    called = names(signature, len(shares))
    guesses, truths = shares.argmax(axis=0).reshape(-1), np.asarray(truth).astype(int).reshape(-1)
    if signature.task == "segmentation":
        there, found = (_few(np.unique(classes), called.__getitem__) for classes in (truths, guesses))
        return shown | {"truth": there, "prediction": found, "confidence": round(float(shares.max(axis=0).mean()), 4)}
    return shown | {
        "truth": _few(truths, called.__getitem__),
        "prediction": _few(guesses, called.__getitem__),
        "correct": bool(np.array_equal(guesses, truths)),
        "confidence": round(float(shares.max(axis=0).mean()), 4),
        "probabilities": [round(float(value), 4) for value in shares] if shares.ndim == 1 else None,
    }


def _objects(boxes: npt.NDArray[Any], signature: Signature) -> str:
    """Count the objects of each class in words; rows end with the class, -1 where there is none."""
    classes, counts = np.unique(boxes[boxes[:, -1] >= 0, -1].astype(int), return_counts=True)
    called = names(signature, int(classes.max(initial=-1)) + 1)
    return ", ".join(f"{count} × {called[index]}" for index, count in zip(classes, counts, strict=True)) or "nothing"


def _few(values: npt.NDArray[Any], written: Callable[[Any], str]) -> str:
    """Write out the first few values."""
    flat = np.asarray(values).reshape(-1)
    return ", ".join(written(value) for value in flat[:_SHOWN].tolist()) + (", …" if len(flat) > _SHOWN else "")


def _image(x: npt.NDArray[Any]) -> list[list[float]] | None:
    """Give a sample as a grey picture with values from 0 to 1, if it is one: (1, H, W), (3, H, W) or (H, W)."""
    if x.ndim == 3 and x.shape[0] in (1, 3):  # noqa: PLR2004
        x = x.mean(axis=0)
    if x.ndim != 2:  # noqa: PLR2004
        return None
    low, high = float(x.min()), float(x.max())
    scaled = (x - low) / (high - low) if high > low else np.zeros_like(x)
    return [[round(float(value), 3) for value in row] for row in scaled]
