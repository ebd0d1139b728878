"""What outputs mean: a loss of Keras' may take probabilities, where metrics and predictions of classes want logits."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.own_terms import wants_model
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.protocols import Signature, StepOutput
from dltrainer_jupyter.core.spec import Part, RunSpec

_BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
_TAKE_PROBABILITIES = (
    *_BINARY,
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
)
"""Losses of Keras' that take probabilities unless they are told otherwise."""
_IMAGES = 4
_CHOSEN_BY_SHAPE = ("crossentropy", "ce")
"""What Keras makes one of them of."""


@dataclass(frozen=True)
class Meaning:
    """What the outputs of a run's model mean.

    Attributes
    ----------
    are_probabilities : bool
        Of classes, so that they are shown as logits. Where values are predicted, a probability is such a value.
    in_column : bool
        Whether a column of outputs is compared with targets that aren't one, as losses of Keras' do.
    of_pixels : bool, default False
        Whether there are classes for each pixel, (n, h, w, classes), which are shown as (n, classes, h, w).
    """

    are_probabilities: bool
    in_column: bool
    of_pixels: bool = False

    def show(self, outputs: Any) -> Any:
        """Give outputs as metrics and predictions want them.

        Parameters
        ----------
        outputs : tensorflow.Tensor, shape (n, 1), (n, classes) or (n, ..., classes)
            As the model gives them; several outputs are left as they are.
        """
        if not tf.is_tensor(outputs):
            return outputs
        shown = as_logits(outputs) if self.are_probabilities else outputs
        return tf.transpose(shown, (0, 3, 1, 2)) if self.of_pixels and shown.shape.rank == _IMAGES else shown

    def show_step(self, output: StepOutput) -> StepOutput:
        """Give what a step computed as metrics want it."""
        targets = as_column(output.outputs, output.targets) if self.in_column else output.targets
        return output._replace(outputs=self.show(output.outputs), targets=targets)


def meaning_of(spec: RunSpec, objects: Mapping[str, Any], signature: Signature, model: Any) -> Meaning:
    """Tell what the outputs of a run's model mean, by the loss that it is trained with.

    Parameters
    ----------
    spec : RunSpec
        Its recipe may say by ``loss_of(model)`` which loss came with the model.
    objects : mapping
        The user's own.
    signature : Signature
        Says whether there are classes, and how many.
    model : keras.Model
        Not changed.
    """
    own_recipe = spec.recipe.is_user_object
    recipe = objects.get("recipe") if own_recipe else registry.find("recipes", spec.recipe.type)
    loss_of = getattr(recipe, "loss_of", None)
    loss = loss_of(model) if loss_of is not None else None if own_recipe else _own_loss(spec, objects)
    return Meaning(
        are_probabilities=signature.task in ("classification", "segmentation") and takes_probabilities(loss),
        in_column=loss_of is not None or tells_apart_two(loss, signature),
        of_pixels=signature.task == "segmentation",
    )


def _own_loss(spec: RunSpec, objects: Mapping[str, Any]) -> Any:
    loss = objects.get("loss") if isinstance(spec.loss, Part) and spec.loss.is_user_object else None
    if inspect.isclass(loss) and wants_model(loss):
        return None
    return loss() if inspect.isclass(loss) else loss


def takes_probabilities(loss: Any) -> bool:
    """Tell whether a loss is one of Keras' that takes probabilities; of losses for several outputs nothing is told.

    Parameters
    ----------
    loss : keras.losses.Loss, callable, str or None
        As it is given to ``compile`` or to a run.
    """
    if isinstance(loss, str):
        loss = "categorical_crossentropy" if loss in _CHOSEN_BY_SHAPE else loss
        loss = keras.losses.get(loss)
    if isinstance(loss, partial):
        return loss.keywords.get("from_logits", False) is False and takes_probabilities(loss.func)
    if isinstance(loss, keras.losses.Loss):
        return getattr(loss, "from_logits", True) is False
    return _is_one_of(_TAKE_PROBABILITIES, loss)


def tells_apart_two(loss: Any, signature: Signature) -> bool:
    """Tell whether a loss of Keras' needs a single output, and the classes are two, or nobody knows how many."""
    if isinstance(loss, partial):
        loss = loss.func
    kinds = keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy
    return signature.outputs <= 2 and (isinstance(loss, kinds) or _is_one_of(_BINARY, loss))  # noqa: PLR2004 - binary


def _is_one_of(names: tuple[str, ...], loss: Any) -> bool:
    return any(loss is getattr(keras.losses, name) for name in names)


def as_logits(probabilities: tf.Tensor) -> tf.Tensor:
    """Turn probabilities into logits: of one alone its log-odds, of several their logarithms; a softmax undoes it."""
    least = tf.cast(1e-4 if probabilities.dtype == tf.float16 else 1e-7, probabilities.dtype)
    bounded = tf.clip_by_value(probabilities, least, 1 - least)
    logarithms = tf.math.log(bounded)
    return logarithms - tf.math.log1p(-bounded) if probabilities.shape[-1] == 1 else logarithms


def as_column(outputs: Any, targets: Any) -> Any:
    """Give targets (n,) the shape of outputs (n, 1); others as they are."""
    if not (tf.is_tensor(outputs) and tf.is_tensor(targets)):
        return targets
    misses = outputs.shape.rank == 2 and outputs.shape[1] == 1 and targets.shape.rank == 1  # noqa: PLR2004 - a column
    return targets[:, None] if misses else targets
