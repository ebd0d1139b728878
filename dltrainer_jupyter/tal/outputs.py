"""What a model puts out, as classes, probabilities and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.protocols import Signature

if TYPE_CHECKING:
    import numpy.typing as npt


def predictions(outputs: npt.NDArray[Any], signature: Signature) -> npt.NDArray[Any]:
    """Turn outputs into class labels, their names where the targets were text, or values."""
    if signature.task == "regression":
        return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs  # noqa: PLR2004
    shares = probabilities(outputs)
    classes: npt.NDArray[Any] = shares.argmax(axis=1)
    return np.array(names(signature, shares.shape[1]))[classes] if signature.encoded else classes


def names(signature: Signature, classes: int) -> list[str]:
    """Name every class the model can tell, also those that never occurred."""
    return [*signature.labels, *map(str, range(len(signature.labels), classes))]


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
