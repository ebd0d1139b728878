"""What a first batch says about task and shapes, and what the data set behind it knows about its classes."""

from __future__ import annotations

import math
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.structures import leaves
from dltrainer_jupyter.data.foreign.structure import to_numpy
from dltrainer_jupyter.data.raw import describe_batch
from dltrainer_jupyter.data.targets import MOST_NAMED

_OF_NUMBERS = {"mse", "huber"}
_OF_CLASSES = {"cross_entropy", "bce", "dice"}
_SIDES = 2


def signature_of(spec: RunSpec, batch: Any, subject: Any) -> Signature:
    """Describe what goes in and what comes out.

    Parameters
    ----------
    spec : RunSpec
        Its recipe decides whether a pair is needed, its loss about the task.
    batch : Any
        The first one.
    subject : Any
        The data set behind the loader; its ``classes`` and ``targets`` are looked at.

    Returns
    -------
    Signature
        ``outputs`` is 0 where only the model knows.

    Raises
    ------
    ConfigurationError
        If inputs and targets are needed and something else came.
    """
    pair = isinstance(batch, tuple | list) and len(batch) == 2  # noqa: PLR2004 - inputs and targets
    if spec.recipe.type == "supervised" and not pair:
        msg = (
            f"data: expected batches of (inputs, targets), but the loader gave {_describe(batch)}; "
            "let it give pairs, or bring a recipe of your own that knows what to do with them."
        )
        raise ConfigurationError(msg)
    inputs = next((leaf for leaf in leaves(batch[0] if pair else batch) if hasattr(leaf, "shape")), None)
    shape = () if inputs is None else tuple(int(n) for n in inputs.shape[1:])
    if not pair:
        return Signature(task="regression", input_shape=shape, outputs=0)
    found = next((leaf for leaf in leaves(batch[1]) if hasattr(leaf, "shape")), None)
    if found is None:
        return Signature(task="regression", input_shape=shape, outputs=0)
    task, raw = _task(spec, str(found.dtype)), _raw(inputs)
    if task == "regression":
        return Signature(task, shape, outputs=math.prod(int(n) for n in found.shape[1:]), raw=raw)
    labels, highest = _known(subject)
    outputs = len(labels) or highest + 1
    if not labels and 0 < outputs <= MOST_NAMED:
        labels = tuple(map(str, range(outputs)))
    if task == "classification" and outputs > 1 and _is_masks(found, shape):
        task = "segmentation"
    return Signature(task, shape, outputs=1 if _loss(spec) == "bce" else outputs, labels=labels, raw=raw)


def _is_masks(targets: Any, shape: tuple[int, ...]) -> bool:
    """Tell whether there is a class for each pixel of images, which lie channels first or last."""
    positions = tuple(int(n) for n in targets.shape[1:])
    return len(positions) == _SIDES and len(shape) == _SIDES + 1 and positions in (shape[1:], shape[:2])


def _raw(inputs: Any) -> dict[str, Any] | None:
    """Describe the inputs of the first batch, as far as they are plain numbers."""
    if inputs is None:
        return None
    try:
        return describe_batch(to_numpy(inputs))
    except (TypeError, ValueError):
        return None


def _task(spec: RunSpec, dtype: str) -> Task:
    """Tell by the loss where it decides, else by the type of the targets, as with arrays."""
    if spec.recipe.type == "detection":
        return "detection"
    loss = _loss(spec)
    if loss in _OF_NUMBERS:
        return "regression"
    if loss in _OF_CLASSES:
        return "classification"
    return "classification" if any(word in dtype for word in ("int", "bool")) else "regression"


def _loss(spec: RunSpec) -> str | None:
    return None if spec.first_loss is None or spec.first_loss.is_user_object else spec.first_loss.type


def _known(subject: Any) -> tuple[tuple[str, ...], int]:
    """Look for the names of the classes and the highest class number; ``()`` and -1 if nobody tells."""
    while subject is not None:
        classes = getattr(subject, "classes", None)
        if isinstance(classes, list | tuple) and classes:
            return tuple(map(str, classes)), len(classes) - 1
        highest = _highest(getattr(subject, "targets", None))
        if highest is None:
            # PyTorch's data set of tensors: inputs, then targets.
            tensors: Any = getattr(subject, "tensors", ())
            highest = _highest(tensors[1]) if len(tensors) == 2 else None  # noqa: PLR2004 - a pair
        if highest is not None:
            return (), highest
        subject = getattr(subject, "dataset", None)
    return (), -1


def _highest(targets: Any) -> int | None:
    if targets is None:
        return None
    try:
        values = to_numpy(targets)
    except (TypeError, ValueError):
        return None
    return int(values.max()) if values.dtype.kind in "iu" and values.size else None


def _describe(batch: Any) -> str:
    if isinstance(batch, tuple | list):
        return f"a {type(batch).__name__} of {len(batch)}"
    shape = getattr(batch, "shape", None)
    return f"a {type(batch).__name__}" if shape is None else f"one array of shape {tuple(shape)}"
