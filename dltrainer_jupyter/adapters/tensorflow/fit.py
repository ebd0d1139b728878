"""Does the model fit the data? Said with both shapes, before the first step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, StepOutput

_BOLD = re.compile(r"\x1b\[1m(.*?)\x1b\[0m", re.DOTALL)
"""In which Keras prints what went wrong, among what it was doing."""


@contextmanager
def explained(batch: Batch) -> Iterator[None]:
    """Say what a batch looks like if a model or loss can't be traced with it.

    Raises
    ------
    ConfigurationError
        If shapes don't fit; the cause is the framework's own error.
    """
    try:
        yield
    except ConfigurationError:
        raise
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        given = f"a batch has inputs {_describe(batch.inputs)} and targets {_describe(batch.targets)}"
        msg = f"Model, loss and data don't fit: {_first_line(error).rstrip('.')}; {given}."
        raise ConfigurationError(msg) from error


def check_measured(measured: StepOutput, classes: int) -> int | None:
    """Look at what a traced step gives.

    Parameters
    ----------
    measured : StepOutput
        With specifications of tensors in the place of tensors.
    classes : int
        Of the data; 0 where it has none.

    Returns
    -------
    int or None
        Size of the outputs' last axis, where there is one.

    Raises
    ------
    ConfigurationError
        If the loss is no single number, or there are fewer outputs than classes.
    """
    loss, outputs, targets = measured.loss, measured.outputs, measured.targets
    if loss is not None and (shape := getattr(loss, "shape", None)) is not None and shape.rank:
        msg = f"loss: expected one number for the batch, got shape {tuple(shape)}; take its mean."
        raise ConfigurationError(msg)
    shape = getattr(outputs, "shape", None)
    if shape is None or not shape.rank or shape.rank == 1:
        return None
    width = shape[-1]
    if width is not None and _are_indices(targets) and shape.rank == 2 and width < classes:  # noqa: PLR2004
        msg = (
            f"Labels out of range: the data has labels up to {classes - 1}, but the model has {width} outputs; give it "
            f"{classes}."
        )
        raise ConfigurationError(msg)
    return width  # type: ignore[no-any-return]


def _are_indices(targets: Any) -> bool:
    dtype, shape = getattr(targets, "dtype", None), getattr(targets, "shape", None)
    return dtype is not None and dtype.is_integer and shape.rank == 1


def _describe(value: Any) -> str:
    parts = [
        f"{tuple(leaf.shape)} {leaf.dtype.name}" if hasattr(leaf, "shape") else type(leaf).__name__
        for leaf in tf.nest.flatten(value)
    ]
    return ", ".join(parts)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    if bold := _BOLD.search(text):
        text = bold[1]
    return (text.strip().splitlines() or [type(error).__name__])[0]
