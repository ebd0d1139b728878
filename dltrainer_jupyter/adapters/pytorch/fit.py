"""Does the model fit the data? Said with both shapes, before the first step."""

from __future__ import annotations

from typing import Any

import torch

from dltrainer_jupyter.adapters.pytorch.trees import mapped
from dltrainer_jupyter.adapters.shared.fitting import check_labels
from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import Batch, Follower, Ops, Recipe, TrainState


def check_fit(recipe: Recipe, state: TrainState, batch: Batch, ops: Ops, classes: int) -> Any:
    """Run one batch through the model and the loss; return how many classes or values it gives, if it shows them.

    Of several outputs it is a structure of these numbers.

    Raises
    ------
    ConfigurationError
        If shapes or labels don't fit; the cause is the framework's own error.
    """
    given = f"a batch has inputs {_describe(batch.inputs)} and targets {_describe(batch.targets)}"
    try:
        out = recipe.eval_step(state, batch, ops)
    except IndexError as error:
        if "out of bounds" not in str(error):
            raise
        raise ConfigurationError(_out_of_range(error, batch, classes)) from error
    except ConfigurationError:
        raise
    except (RuntimeError, ValueError) as error:
        msg = f"Model, loss and data don't fit: {first_line(error)}; {given}."
        if batch.size == 1:
            msg += " The last batch of an epoch holds a single sample; choose another batch_size."
        raise ConfigurationError(msg) from error
    # A recipe that measures by itself need not show outputs, nor have a loss in every pass.
    for what, value in (("model", out.outputs), ("loss", out.loss)):
        fits = isinstance(value, torch.Tensor) or (what == "model" and is_several(value))
        hides = isinstance(recipe, Follower) or (what == "model" and not getattr(recipe, "shows_outputs", True))
        if not fits and not (value is None and hides):
            msg = f"{what}: expected a tensor, got {type(value).__name__}."
            raise ConfigurationError(msg)
    if out.loss is not None and out.loss.dim() != 0:
        msg = f"loss: expected one number for the batch, got shape {tuple(out.loss.shape)}; take its mean."
        raise ConfigurationError(msg)
    if isinstance(out.outputs, torch.Tensor):
        _check_classes(out.outputs, out.targets, classes)
    return mapped(_width, out.outputs)


def _out_of_range(error: IndexError, batch: Batch, classes: int) -> str:
    if is_several(batch.targets):
        return f"Labels out of range: an output has fewer classes than its target holds ({first_line(error)})."
    return (
        f"Labels out of range: the data has labels up to {classes - 1}, so the model needs {classes} outputs "
        f"({first_line(error)})."
    )


def _width(outputs: torch.Tensor) -> int:
    return int(outputs.shape[1]) if outputs.dim() > 1 else 1


def _check_classes(outputs: torch.Tensor, targets: Any, classes: int) -> None:
    """Raise if the model has fewer outputs than there are classes, even if this batch holds only low labels."""
    if is_several(targets):
        return
    class_indices = not targets.is_floating_point() and targets.dim() == 1 and outputs.dim() == 2  # noqa: PLR2004
    if class_indices:
        check_labels(outputs.shape[1], classes)


def _describe(tensor: Any) -> str:
    if isinstance(tensor, tuple | list):
        return f"({', '.join(map(_describe, tensor))})"
    if isinstance(tensor, dict):
        return f"{{{', '.join(f'{name}: {_describe(it)}' for name, it in tensor.items())}}}"
    if not isinstance(tensor, torch.Tensor):
        return type(tensor).__name__
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
