"""What a model puts out, as classes, probabilities and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.postprocessing.predicted import Predicted, called, names

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "as_json",
    "begun",
    "classes_of",
    "has_names",
    "likeliest",
    "listed",
    "names",
    "predictions",
    "probabilities",
    "told",
]


def begun(outputs: npt.NDArray[Any], signature: Signature) -> Predicted:
    """Turn outputs into what postprocessing begins with: probabilities, values, or a list of boxes an image."""
    if signature.task == "detection":
        return Predicted([image[image[:, 5] >= 0] for image in outputs], "boxes")
    if signature.task == "regression":
        values = outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs  # noqa: PLR2004
        return Predicted(values, "values")
    shares = probabilities(outputs)
    return Predicted(shares, "probabilities", shares)


def told(predicted: Predicted, signature: Signature) -> Any:
    """Give what people see: class labels, their names where the targets were text, or whatever else is predicted."""
    if predicted.form not in ("probabilities", "classes"):
        return predicted.values
    classes = predicted.values.argmax(axis=1) if predicted.form == "probabilities" else predicted.values
    assert predicted.probabilities is not None  # noqa: S101 - classes are decided for by them
    return called(classes, predicted.probabilities.shape[1], signature)


def predictions(outputs: npt.NDArray[Any], signature: Signature) -> Any:
    """Turn outputs into class labels, their names where the targets were text, values, or a list of boxes an image."""
    return told(begun(outputs, signature), signature)


def as_json(predicted: Any) -> Any:
    """Give what is predicted as JSON types, whatever somebody's own postprocessing made of it.

    Raises
    ------
    ConfigurationError
        If it can't be given so.
    """
    if isinstance(predicted, Mapping):
        return {str(key): as_json(item) for key, item in predicted.items()}
    if isinstance(predicted, tuple | list):
        return [as_json(item) for item in predicted]
    if callable(to_list := getattr(predicted, "tolist", None)):
        return as_json(to_list())
    if predicted is None or isinstance(predicted, bool | int | float | str):
        return predicted
    msg = f"postprocessing: expected numbers, text, lists or mappings of each sample, got {brief(predicted)}."
    raise ConfigurationError(msg)


def listed(outputs: npt.NDArray[Any], signature: Signature) -> list[Any]:
    """Give predictions as JSON types; of boxes only those that there are."""
    found: list[Any] = as_json(predictions(outputs, signature))
    return found


def classes_of(outputs: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Give the class of each sample, shape (n,), or (n, ...) with a class for each position."""
    classes: npt.NDArray[np.int64] = probabilities(outputs).argmax(axis=1).astype(np.int64)
    return classes


def likeliest(predicted: Predicted, signature: Signature, count: int) -> list[list[dict[str, Any]]] | None:
    """Give the likeliest classes of each sample, with their probabilities, as JSON types.

    Parameters
    ----------
    predicted : Predicted
        After the postprocessing.
    signature : Signature
        Of the model.
    count : int
        How many classes.

    Returns
    -------
    list or None
        For each sample ``[{"class", "label", "confidence"}]``, likeliest first; None where a sample has no one class,
        or where it was decided in another way.
    """
    shares = predicted.values
    if signature.task != "classification" or predicted.form != "probabilities" or shares.ndim > 2:  # noqa: PLR2004
        return None
    count = min(count, shares.shape[1])
    # Among equals the first class comes first, as where one is chosen.
    order = np.argsort(-shares, axis=1, kind="stable")[:, :count]
    called = names(signature, shares.shape[1])
    confidences = np.take_along_axis(shares, order, axis=1)
    return [
        [
            {"class": at, "label": called[at], "confidence": confidence}
            for at, confidence in zip(row, values, strict=True)
        ]
        for row, values in zip(order.tolist(), confidences.tolist(), strict=True)
    ]


def has_names(signature: Signature) -> bool:
    """Tell whether classes are called something else than their numbers."""
    return list(signature.labels) != [str(number) for number in range(len(signature.labels))]


def probabilities(outputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Turn logits into probabilities along the second axis; one logit alone is that of the second of two classes."""
    logits = outputs.astype(np.float64)
    if logits.ndim == 1:
        logits = logits[:, None]
    if logits.shape[1] == 1:
        positive = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
        return np.concatenate([1 - positive, positive], axis=1).astype(np.float32)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: npt.NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
