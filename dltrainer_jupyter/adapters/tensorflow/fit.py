"""Does the model fit the data? Said with both shapes, before the first step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.fitting import check_labels
from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import Batch, StepOutput

if TYPE_CHECKING:
    import keras

_TAKE_LOGITS = ("bce", "cross_entropy")
_GIVE_PROBABILITIES = ("sigmoid", "softmax")
_OTHER_DTYPE = "that does not match type"
"""What TensorFlow says of dtypes that don't go together."""
_OFF, _OFF_IN_16_BITS = 1e-4, 1e-2
"""How far from 1 probabilities may add up."""
_BOLD = re.compile(r"\x1b\[1m(.*?)\x1b\[0m", re.DOTALL)
"""In which Keras prints what went wrong, among what it was doing."""


@contextmanager
def explained(batch: Batch) -> Iterator[None]:
    """Say what a batch looks like if a model or loss can't be traced with it.

    Raises
    ------
    ConfigurationError
        If shapes or dtypes don't fit; the cause is the framework's own error.
    """
    try:
        yield
    except ConfigurationError:
        raise
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        if isinstance(error, TypeError) and _OTHER_DTYPE not in str(error):
            raise
        given = f"a batch has inputs {_describe(batch.inputs)} and targets {_describe(batch.targets)}"
        bold = _BOLD.search(str(error))
        msg = f"Model, loss and data don't fit: {first_line(error, bold and bold[1])}; {given}."
        raise ConfigurationError(msg) from error


def check_open(nets: Mapping[str, keras.Model], batch: Batch) -> None:
    """Raise if a model takes one number of samples only, and batches come in several.

    Parameters
    ----------
    nets : mapping of str to keras.Model
        Built.
    batch : Batch
        Those that a loader made have the size that the loader wants.

    Raises
    ------
    ConfigurationError
        Says how to make batches of one size.
    """
    if batch.whole is not None:
        return
    for net in nets.values():
        if fixed := {symbol.shape[0] for symbol in getattr(net, "inputs", [])} - {None}:
            size = fixed.pop()
            msg = (
                f"model: it takes exactly {size} samples at a time (batch_size of its Input), but batches cut from "
                "arrays also come smaller, and larger in validation; leave batch_size out of Input, or pass a data set "
                f"whose batches have one size: data=tf.data.Dataset.from_tensor_slices((x, y)).batch({size}, "
                "drop_remainder=True)."
            )
            raise ConfigurationError(msg)


def check_measured(measured: StepOutput, classes: int) -> Any:
    """Look at what a traced step gives: how many classes or values an output has, or a structure of these numbers.

    Parameters
    ----------
    measured : StepOutput
        With specifications of tensors in the place of tensors.
    classes : int
        Of the data; 0 where it has none.

    Returns
    -------
    int or None
        How many classes or values an output has: the size of the last axis behind the samples', 1 without one; None
        where outputs aren't shown.

    Raises
    ------
    ConfigurationError
        If the loss is no single number, or there are fewer outputs than classes.
    """
    loss, outputs, targets = measured.loss, measured.outputs, measured.targets
    if hasattr(loss, "shape") and loss.shape.rank:
        msg = f"loss: expected one number for the batch, got shape {tuple(loss.shape)}; take its mean."
        raise ConfigurationError(msg)
    if is_several(outputs):
        return tf.nest.map_structure(_width, outputs)
    shape, width = getattr(outputs, "shape", None), _width(outputs)
    if shape is None or shape.rank == 1:
        return width
    if width is not None and _are_indices(targets) and shape.rank == 2:  # noqa: PLR2004
        check_labels(width, classes)
    return width


def _width(outputs: Any) -> int | None:
    shape = getattr(outputs, "shape", None)
    if shape is None or not shape.rank:
        return None
    width: int | None = 1 if shape.rank == 1 else shape[-1]
    return width


def _are_indices(targets: Any) -> bool:
    return hasattr(targets, "dtype") and targets.dtype.is_integer and targets.shape.rank == 1


def _describe(value: Any) -> str:
    parts = [
        f"{tuple(leaf.shape)} {leaf.dtype.name}" if hasattr(leaf, "shape") else type(leaf).__name__
        for leaf in tf.nest.flatten(value)
    ]
    return ", ".join(parts)


def check_logits(net: keras.Model, loss: str | None) -> None:
    """Raise if a model gives probabilities where its loss takes logits: it would learn next to nothing.

    Parameters
    ----------
    net : keras.Model
        One whose outputs aren't known before it is called is let pass.
    loss : str or None
        The loss by name; None for one of the user's own.

    Raises
    ------
    ConfigurationError
        Says what to leave out.
    """
    outputs = getattr(net, "outputs", [])
    if loss not in _TAKE_LOGITS or len(outputs) != 1:
        return
    last = outputs[0]._keras_history.operation  # noqa: SLF001 - nothing public says where an output comes from
    name = getattr(getattr(last, "activation", None), "__name__", type(last).__name__.lower())
    if name in _GIVE_PROBABILITIES:
        _refuse_probabilities(f"it ends in a {name}", loss)


def check_outputs(outputs: Any, loss: str | None) -> None:
    """Raise if the outputs of a batch are probabilities where a loss takes logits, wherever they became so.

    Parameters
    ----------
    outputs : tensorflow.Tensor, shape (n, ..., classes)
        Others are let pass.
    loss : str or None
        The loss by name.

    Raises
    ------
    ConfigurationError
        Says what to leave out.
    """
    if not tf.is_tensor(outputs) or outputs.shape.rank < 2 or outputs.shape[-1] < 2 or not outputs.dtype.is_floating:  # noqa: PLR2004
        return
    tolerance = _OFF_IN_16_BITS if outputs.dtype.size == 2 else _OFF  # noqa: PLR2004 - bytes
    values = tf.cast(outputs, tf.float64)
    sums = tf.reduce_sum(values, axis=-1)
    if bool(tf.reduce_all(values >= 0) & tf.reduce_all(tf.abs(sums - 1) < tolerance)):
        _refuse_probabilities("its outputs are probabilities already (a softmax)", loss)


def _refuse_probabilities(found: str, loss: str | None) -> NoReturn:
    msg = (
        f"model: {found}, but {loss} takes logits and applies it by itself; leave it out "
        "(predict_proba brings it back), or pass a loss of Keras' that takes probabilities."
    )
    raise ConfigurationError(msg)
