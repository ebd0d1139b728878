"""Does the model fit the data? Said with both shapes, before the first step; nothing is computed for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from dltrainer_jupyter.adapters.jax.shown import Shown
from dltrainer_jupyter.adapters.shared.fitting import check_labels
from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import Batch

Traced = Callable[[], Shown]


def check_fit(measure: Traced, learn: Traced, batch: Batch, classes: int) -> Any:
    """Trace both kinds of step; return how many classes or values an output has, if they are shown.

    Of several outputs it is a structure of these numbers.

    Parameters
    ----------
    measure, learn : callable
        Give the shapes of what is shown.
    batch : Batch
        What they are given.
    classes : int
        How many the data has; 0 where only the model knows.

    Raises
    ------
    ConfigurationError
        If shapes or labels don't fit; the cause is the framework's own error.
    """
    loss, outputs, targets, *_ = _traced(measure, batch)
    if loss is not None and loss.shape != ():
        msg = f"loss: expected one number for the batch, got shape {loss.shape}; take its mean."
        raise ConfigurationError(msg)
    _check_classes(outputs, targets, classes)
    _traced(learn, batch)
    if not is_several(outputs) and not isinstance(outputs, jax.ShapeDtypeStruct):
        return None
    return jax.tree.map(lambda one: int(one.shape[1]) if one.ndim > 1 else 1, outputs)


def _traced(step: Traced, batch: Batch) -> Shown:
    given = f"a batch has inputs {_describe(batch.inputs)} and targets {_describe(batch.targets)}"
    try:
        return step()
    except ConfigurationError:
        raise
    except jax.errors.JAXTypeError as error:
        msg = (
            f"Model and loss have to be such that JAX can compile them: {first_line(error)}; compute "
            "with jax.numpy, and decide with jnp.where or jax.lax.cond."
        )
        raise ConfigurationError(msg) from error
    except (TypeError, ValueError, IndexError) as error:
        msg = f"Model, loss and data don't fit: {first_line(error)}; {given}."
        raise ConfigurationError(msg) from error


def _check_classes(outputs: Any, targets: Any, classes: int) -> None:
    """Raise if the model has fewer outputs than there are classes: JAX would take the last one in silence."""
    if not all(isinstance(it, jax.ShapeDtypeStruct) for it in (outputs, targets)):
        return
    class_indices = jnp.issubdtype(targets.dtype, jnp.integer) and targets.ndim == 1 and outputs.ndim == 2  # noqa: PLR2004
    if class_indices:
        check_labels(outputs.shape[1], classes)


def _describe(value: Any) -> str:
    """Give shapes and dtypes, in the structure of what is described."""
    described = jax.tree.map(lambda one: f"{one.shape} {one.dtype}", value)
    return str(described).replace("'", "")
