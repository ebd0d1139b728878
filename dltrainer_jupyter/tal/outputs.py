"""What a model puts out, as classes, probabilities and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.protocols import Signature

if TYPE_CHECKING:
    import numpy.typing as npt


def predictions(outputs: npt.NDArray[Any], signature: Signature) -> Any:
    """Turn outputs into class labels, their names where the targets were text, values, or a list of boxes an image."""
    if signature.task == "detection":
        return [image[image[:, 5] >= 0] for image in outputs]
    if signature.task == "regression":
        return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs  # noqa: PLR2004
    shares = probabilities(outputs)
    classes: npt.NDArray[Any] = shares.argmax(axis=1)
    return np.array(names(signature, shares.shape[1]))[classes] if signature.encoded else classes


def listed(outputs: npt.NDArray[Any], signature: Signature) -> list[Any]:
    """Give predictions as JSON types; of boxes only those that there are."""
    if signature.task == "detection":
        return [image.tolist() for image in predictions(outputs, signature)]
    found: list[Any] = predictions(outputs, signature).tolist()
    return found


def classes_of(outputs: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Give the class of each sample, shape (n,), or (n, ...) with a class for each position."""
    classes: npt.NDArray[np.int64] = probabilities(outputs).argmax(axis=1).astype(np.int64)
    return classes


def likeliest(outputs: npt.NDArray[Any], signature: Signature, count: int) -> list[list[dict[str, Any]]] | None:
    """Give the likeliest classes of each sample, with their probabilities, as JSON types.

    Returns
    -------
    list or None
        For each sample ``[{"class", "label", "confidence"}]``, likeliest first; None where a sample has no one class.
    """
    if signature.task != "classification" or outputs.ndim > 2:  # noqa: PLR2004 - samples and classes
        return None
    shares = probabilities(outputs)
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


def names(signature: Signature, classes: int) -> list[str]:
    """Name every class the model can tell, also those that never occurred."""
    return [*signature.labels, *map(str, range(len(signature.labels), classes))]


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
