"""What a recipe is offered while it builds: the model, optimizer and loss that the specification asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from dltrainer_jupyter.adapters.jax.composing import JaxTools
from dltrainer_jupyter.adapters.jax.groups import grouped, learning_filter, look_at
from dltrainer_jupyter.adapters.jax.learning import Optimizer, make_optimizer
from dltrainer_jupyter.adapters.jax.nets import is_trainable
from dltrainer_jupyter.adapters.jax.precision import HALVES
from dltrainer_jupyter.adapters.shared.composition import Composition
from dltrainer_jupyter.adapters.shared.groups import Groups, refuse_own_optimizer, with_weight_decay
from dltrainer_jupyter.adapters.shared.losses import build_loss, default_loss
from dltrainer_jupyter.adapters.shared.optimizers import first_rate
from dltrainer_jupyter.adapters.shared.own_terms import wants_model
from dltrainer_jupyter.adapters.shared.parts import model_by_name, own_loss, part_by_name
from dltrainer_jupyter.core.choosing import refuse_several
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.terms import is_composed

_CURE = "; hand over its transformation, optimizer.tx"


def build_model(spec: RunSpec, objects: Mapping[str, Any], signature: Signature) -> nnx.Module:
    """Build the model by name, or take the user's own object or call their factory.

    What is made here draws initial weights and dropout from keys of the run's seed; an object of the user's keeps the
    keys that it was made with.

    Raises
    ------
    ConfigurationError
        If what the user gave is not a Flax NNX module and makes none.
    """
    rngs = nnx.Rngs(
        _key(spec.seed, "layers"), params=_key(spec.seed, "initial weights"), dropout=_key(spec.seed, "dropout")
    )
    if spec.model.is_user_object:
        return _own_model(objects["model"], rngs)
    made = model_by_name(spec)(signature, rngs)
    assert isinstance(made, nnx.Module)  # noqa: S101 - a promise of the registered class
    return made


def _key(seed: int, use: str) -> jax.Array:
    # 31 bits of the seed: a key takes no more where integers have 32.
    return jax.random.key(derive(seed, "jax", use) >> 32)


def _own_model(given: Any, rngs: nnx.Rngs) -> nnx.Module:
    _refuse_linen(given)
    made = given
    if not isinstance(given, nnx.Module) and callable(given):
        taken = _needed(given)
        if taken is None or len(taken) > 1:
            msg = (
                f"model: expected a flax.nnx.Module or a function of random streams (rngs) that makes one, got "
                f"{_name(given)}, a function of {len(taken or ()) or 'other things'}."
            )
            raise ConfigurationError(msg)
        made = given(rngs=rngs) if _takes(given, "rngs") else given(*(rngs for _ in taken))
        _refuse_linen(made)
    if not isinstance(made, nnx.Module):
        msg = (
            f"model: expected a flax.nnx.Module or a function that makes one, got {type(made).__name__}; put a plain "
            "function into a module whose __call__ computes it."
        )
        raise ConfigurationError(msg)
    return made


def _refuse_linen(given: Any) -> None:
    kind = given if inspect.isclass(given) else type(given)
    if any(base.__module__.startswith("flax.linen") for base in kind.__mro__):
        msg = (
            f"model: {kind.__name__} is a flax.linen module, which holds no weights; write it with flax.nnx, or wrap "
            "it: nnx.bridge.lazy_init(nnx.bridge.ToNNX(module, rngs=nnx.Rngs(0)), x)."
        )
        raise ConfigurationError(msg)


def _name(given: Any) -> str:
    return str(getattr(given, "__name__", type(given).__name__))


def _takes(function: Any, parameter: str) -> bool:
    try:
        return parameter in _signature(function).parameters
    except ValueError:  # a function written in another language
        return False


def _signature(function: Any) -> inspect.Signature:
    """Give the signature of a function or class; that of an NNX class says ``*args, **kwargs`` by itself."""
    made_by = function.func if isinstance(function, partial) else function
    if inspect.isclass(made_by):
        given = (function.args, function.keywords) if isinstance(function, partial) else ((), {})
        return inspect.signature(partial(made_by.__init__, None, *given[0], **given[1]))
    return inspect.signature(function)


def _needed(function: Any) -> list[str] | None:
    """Name the parameters a function can't be called without; None if it doesn't tell."""
    try:
        parameters = _signature(function).parameters.values()
    except ValueError:
        return None
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is inspect.Parameter.empty and p.kind not in variable]


class JaxContext:
    """Builds the parts of one run."""

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature) -> None:
        self.signature = signature
        self._spec = spec
        self._objects = objects
        self.groups = Groups(spec)

    def model(self) -> nnx.Module:
        """Build the model."""
        return build_model(self._spec, self._objects, self.signature)

    def optimizer(self, net: nnx.Module) -> Optimizer:
        """Build the optimizer for a net.

        Raises
        ------
        ConfigurationError
            If the net has nothing to train.
        """
        if not jax.tree.leaves(nnx.state(net, is_trainable)):
            msg = "model: nothing to train: it has no nnx.Param of floating-point numbers."
            raise ConfigurationError(msg)
        look_at(net, self.groups)
        learns = learning_filter(self.groups)
        if not jax.tree.leaves(nnx.state(net, learns)):
            msg = "model: nothing to train: parameter_groups freeze all of it."
            raise ConfigurationError(msg)
        if self._spec.optimizer.is_user_object:
            refuse_own_optimizer(self.groups, "use optax.partition in your own")
            made = self._own_optimizer(net)
        else:
            made = grouped(net, self.groups, self._made)
        return make_optimizer(made, net, self._spec, learns)

    def _made(self, weight_decay: float | None) -> optax.GradientTransformation:
        part = with_weight_decay(self._spec.optimizer, weight_decay, "jax")
        made: optax.GradientTransformation = part_by_name("optimizers", part, "optimizer", "jax").build(self._rate)
        return made

    @property
    def _rate(self) -> float:
        return first_rate(self._spec)

    def _own_optimizer(self, net: nnx.Module) -> optax.GradientTransformation:
        """Take a transformation, or make it: of a rate (``optax.lion`` itself), of the model, or of nothing."""
        made: Any = self._objects["optimizer"]
        if callable(made) and not isinstance(made, nnx.Module):
            if _takes(made, "learning_rate"):
                made = optax.inject_hyperparams(made)(learning_rate=self._rate)
            else:
                made = made(*(net for _ in _needed(made) or ()))
        if not isinstance(made, optax.GradientTransformation):
            msg = (
                "optimizer: expected an optax.GradientTransformation or a function that makes one, "
                f"got {type(made).__name__}{_CURE if isinstance(made, nnx.Optimizer) else ''}."
            )
            raise ConfigurationError(msg)
        return made

    def loss(self) -> Callable[[Any, Any], Any]:
        """Build the loss, or take the user's own; several of outputs and targets are one."""
        if (composition := self.composition()) is not None:
            return composition.of_outputs
        part = self._spec.first_loss
        if part is not None and part.is_user_object:
            return _in_columns(own_loss(self._objects["loss"]), same_shape=False)
        return self._loss_by(part)

    def composition(self) -> Composition | None:
        """Build what is minimised, if it is more than one loss of outputs and targets."""
        own = self._objects.get("loss")
        if not is_composed(self._spec, self.signature.target_names) and (own is None or not wants_model(own)):
            return None
        tools = JaxTools(self._loss_by, partial(_in_columns, same_shape=False), self.groups.freezes)
        return Composition(self._spec, self._objects, tools, self.signature.target_names)

    def _loss_by(self, part: Part | None, target: str | int | None = None) -> Callable[[Any, Any], Any]:
        signature = self.signature.of_target(target)
        named = part_by_name("losses", part or default_loss(signature), "loss", "jax")
        return _in_columns(build_loss(named, signature), same_shape=getattr(named, "same_shape", False), of_one=True)


def _in_columns(
    loss: Callable[[Any, Any], Any], *, same_shape: bool, of_one: bool = False
) -> Callable[[Any, Any], Any]:
    """Let a model that gives (n,) be compared with targets of shape (n, 1), as which single values come.

    JAX would spread the two over (n, n) in silence; with ``same_shape`` whatever else would be spread is refused.
    With ``of_one`` several outputs are refused as well, and outputs of 16 bits, such as a layer's, brought to 32.
    """

    def compare(outputs: Any, targets: Any) -> Any:
        if isinstance(outputs, jax.Array):
            if outputs.ndim == 1 and targets.ndim == 2 and targets.shape[1] == 1:  # noqa: PLR2004 - a column
                outputs = outputs[:, None]
            if same_shape and outputs.shape != targets.shape:
                msg = f"the model gives {outputs.shape} where the loss compares with {targets.shape}"
                raise ValueError(msg)
            if of_one and outputs.dtype in HALVES:
                outputs = outputs.astype(jnp.float32)
        elif of_one:
            refuse_several(outputs, "loss")
        return loss(outputs, targets)

    return compare
