"""What a recipe is offered while it builds: the model, optimizer and loss that the specification asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.composition import Composition
from dltrainer_jupyter.adapters.shared.groups import Groups, with_weight_decay
from dltrainer_jupyter.adapters.shared.losses import build_loss, default_loss
from dltrainer_jupyter.adapters.shared.optimizers import first_rate
from dltrainer_jupyter.adapters.shared.own_terms import wants_model
from dltrainer_jupyter.adapters.shared.parts import model_by_name, own_loss, part_by_name
from dltrainer_jupyter.adapters.tensorflow.composing import TensorFlowTools
from dltrainer_jupyter.adapters.tensorflow.modes import InMode
from dltrainer_jupyter.adapters.tensorflow.precision import check_policy
from dltrainer_jupyter.adapters.tensorflow.probabilities import Meaning, as_column, meaning_of, tells_apart_two
from dltrainer_jupyter.adapters.tensorflow.randomness import seed_initializers
from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.choosing import refuse_several
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.structures import mapped
from dltrainer_jupyter.core.terms import is_composed


def build_model(spec: RunSpec, objects: Mapping[str, Any], signature: Signature) -> keras.Model:
    """Build the model by name, or take the user's own object or call their factory.

    Returns
    -------
    keras.Model
        Its weights may not be made yet, where only inputs tell their shapes.

    Raises
    ------
    ConfigurationError
        If what the user gave is not a model and makes none, or computes in another precision than asked for.
    """
    made = _own_model(objects["model"], spec) if spec.model.is_user_object else model_by_name(spec)(signature)
    if not made.built:
        seed_initializers(made, spec.seed)
        _try_to_build(made, signature)
    return made


def _own_model(given: Any, spec: RunSpec) -> keras.Model:
    if isinstance(given, keras.Model):
        check_policy(given, spec.precision)
        return given
    made = given() if callable(given) else given
    if not isinstance(made, keras.Model):
        msg = f"model: expected a keras.Model or a function that makes one, got {type(made).__name__}."
        raise ConfigurationError(msg)
    return made


def _try_to_build(net: keras.Model, signature: Signature) -> None:
    """Make the weights of a model, if the data's signature is enough to know their shapes."""
    if not signature.input_shape:
        return
    whole_numbers = any(step.get("dtype") == "int64" for step in signature.preprocessing)
    try:
        build_for(net, tf.TensorSpec((None, *signature.input_shape), tf.int64 if whole_numbers else tf.float32))
    except (TypeError, ValueError, NotImplementedError):
        # Whoever tries the first batch says it, with its shapes.
        return


def build_for(net: keras.Model, inputs: Any) -> None:
    """Make the weights of a model by calling it symbolically.

    Parameters
    ----------
    net : keras.Model
        Not built.
    inputs : structure of tensorflow.Tensor or tensorflow.TensorSpec
        What it is going to be called with, the first axis counting samples.
    """

    def symbol(leaf: Any) -> Any:
        return keras.KerasTensor((None, *leaf.shape[1:]), dtype=leaf.dtype.name)

    called(InMode(net, training=False), mapped(inputs, symbol))


class TensorFlowContext:
    """Builds the parts of one run.

    Attributes
    ----------
    optimized : list of (keras.optimizers.Optimizer, keras.Model)
        Which optimizer was made for which net.
    loss_name : str or None
        None for a loss of the user's own.
    groups : Groups
        Which weights learn how.
    thawing : list of callable
        What undoes freezing, for nets that go back to their owner.
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature) -> None:
        self.signature = signature
        self.optimized: list[tuple[keras.optimizers.Optimizer, keras.Model]] = []
        self.loss_name: str | None = None
        self.groups = Groups(spec)
        self.thawing: list[Callable[[], None]] = []
        self._spec = spec
        self._objects = objects

    def model(self) -> keras.Model:
        """Build the model."""
        return build_model(self._spec, self._objects, self.signature)

    def meaning(self, nets: Mapping[str, Any]) -> Meaning:
        """Tell what the outputs of a run's model, the first of its nets, mean."""
        return meaning_of(self._spec, self._objects, self.signature, next(iter(nets.values())))

    @property
    def looks_at_outputs(self) -> bool:
        """Whether a model of the user's own might give probabilities where a loss by name takes logits of classes."""
        own = self._spec.model.is_user_object and not self._spec.recipe.is_user_object
        return own and self.loss_name == "cross_entropy"

    def optimizer(self, net: keras.Model) -> keras.optimizers.Optimizer:
        """Build the optimizer for a net.

        Raises
        ------
        ConfigurationError
            If the net has nothing to train, or the user's optimizer holds other variables than the net's.
        """
        if net.built and not net.trainable_variables:
            msg = "model: nothing to train: it has no trainable weights."
            raise ConfigurationError(msg)
        made = self._own_optimizer(net) if self._spec.optimizer.is_user_object else self._optimizer_by_name()
        self.optimized.append((made, net))
        return made

    def _optimizer_by_name(self) -> keras.optimizers.Optimizer:
        rate = first_rate(self._spec)
        for group in self._spec.parameter_groups:
            with_weight_decay(self._spec.optimizer, group.weight_decay, "tensorflow")
        named = part_by_name("optimizers", self._spec.optimizer, "optimizer", "tensorflow")
        made: keras.optimizers.Optimizer = named.build(rate)
        return made

    def _own_optimizer(self, net: keras.Model) -> keras.optimizers.Optimizer:
        made: Any = self._objects["optimizer"]
        if inspect.isclass(made) and issubclass(made, keras.optimizers.Optimizer):
            made = made()
        elif callable(made) and not isinstance(made, keras.optimizers.Optimizer):
            made = made(net)
        if not isinstance(made, keras.optimizers.Optimizer):
            msg = (
                "optimizer: expected a keras.optimizers.Optimizer or a function of the model, got "
                f"{type(made).__name__}."
            )
            raise ConfigurationError(msg)
        self._check_scaling(made)
        if made.built:
            known = {id(variable) for variable in net.variables}
            strange = sum(id(variable) not in known for variable in made._trainable_variables)  # noqa: SLF001
            if strange:
                msg = (
                    f"optimizer: {strange} of its variables don't belong to the model; pass one that wasn't built yet, "
                    "or a function of the model: optimizer=lambda model: keras.optimizers.Adam()."
                )
                raise ConfigurationError(msg)
        return made

    def _check_scaling(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Refuse settings that need the gradients, or the updates, of an optimizer inside another one."""
        asked = {"gradient_clipping": self._spec.gradient_clipping, "ema": self._spec.ema}
        key = next((key for key, setting in asked.items() if setting is not None), None)
        if key is not None and hasattr(optimizer, "inner_optimizer"):
            msg = (
                f"{key}: it doesn't go with a {type(optimizer).__name__}, which scales gradients and leaves out "
                "updates by itself; pass its inner_optimizer: models that compute in 16 bits get a loss scale anyway."
            )
            raise ConfigurationError(msg)

    def loss(self) -> Callable[[Any, Any], Any]:
        """Build the loss, or take the user's own, which gets targets first and outputs second, as Keras has it."""
        if (composition := self.composition()) is not None:
            return composition.of_outputs
        part = self._spec.first_loss
        if part is not None and part.is_user_object:
            return self._compare_own(own_loss(self._objects["loss"], "targets and outputs"))
        return self._loss_by(part)

    def composition(self) -> Composition | None:
        """Build what is minimised, if it is more than one loss of outputs and targets."""
        own = self._objects.get("loss")
        if not is_composed(self._spec, self.signature.target_names) and (own is None or not wants_model(own)):
            return None
        return Composition(
            self._spec, self._objects, TensorFlowTools(self._loss_by, self._compare_own), self.signature.target_names
        )

    def _loss_by(self, given: Part | None, target: str | int | None = None) -> Callable[[Any, Any], Any]:
        signature = self.signature.of_target(target)
        part = given or default_loss(signature)
        self.loss_name = part.type
        named = part_by_name("losses", part, "loss", "tensorflow")
        return _in_columns(build_loss(named, signature), same_shape=getattr(named, "same_shape", False), of_one=True)

    def _compare_own(self, given: Any) -> Callable[[Any, Any], Any]:
        return _in_columns(self._by_outputs(given), same_shape=False)

    def _by_outputs(self, given: Any) -> Callable[[Any, Any], Any]:
        if isinstance(given, keras.losses.Loss):
            return lambda outputs, targets: given(targets, outputs)
        # Keras' loss functions give a value a sample, and leave it to its loss objects to make shapes alike.
        fits = as_column if tells_apart_two(given, self.signature) else lambda _, targets: targets
        return lambda outputs, targets: tf.reduce_mean(given(fits(outputs, targets), outputs))


def _in_columns(
    loss: Callable[[Any, Any], Any], *, same_shape: bool, of_one: bool = False
) -> Callable[[Any, Any], Any]:
    """Let a model that gives (n,) be compared with targets of shape (n, 1), as which single values come.

    TensorFlow would spread the two over (n, n) and say nothing; with ``same_shape`` whatever else would be spread is
    refused.
    With ``of_one`` several outputs are refused as well.
    """

    def compare(outputs: Any, targets: tf.Tensor) -> Any:
        if isinstance(outputs, tf.Tensor):
            if outputs.shape.rank == 1 and targets.shape.rank == 2 and targets.shape[1] == 1:  # noqa: PLR2004 - a column
                outputs = outputs[:, None]
            if same_shape and not outputs.shape.is_compatible_with(targets.shape):
                msg = f"the model gives {tuple(outputs.shape)} where the loss compares with {tuple(targets.shape)}"
                raise ValueError(msg)
        elif of_one:
            refuse_several(outputs, "loss")
        return loss(outputs, targets)

    return compare
