"""What a recipe is offered while it builds: the model, optimizer and loss that the specification asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from dltrainer_jupyter.adapters.pytorch.composing import PyTorchTools
from dltrainer_jupyter.adapters.pytorch.groups import freeze, grouped
from dltrainer_jupyter.adapters.pytorch.precision import HALVES
from dltrainer_jupyter.adapters.shared.composition import Composition
from dltrainer_jupyter.adapters.shared.groups import Groups, refuse_own_optimizer, with_weight_decay
from dltrainer_jupyter.adapters.shared.losses import build_loss, default_loss
from dltrainer_jupyter.adapters.shared.optimizers import first_rate
from dltrainer_jupyter.adapters.shared.own_terms import wants_model
from dltrainer_jupyter.adapters.shared.parts import called, model_by_name, own_loss, part_by_name
from dltrainer_jupyter.core.choosing import refuse_several
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.terms import is_composed, layers_asked_for

FUSED_DEVICES = ("cpu", "cuda")
FUSED_DTYPES = (torch.float32, torch.float64)


def build_model(spec: RunSpec, objects: Mapping[str, Any], signature: Signature) -> nn.Module:
    """Build the model by name, or take the user's own object or call their factory.

    Raises
    ------
    ConfigurationError
        If what the user gave is not a module and makes none.
    """
    if spec.model.is_user_object:
        return _own_model(objects["model"])
    made = model_by_name(spec)(signature)
    assert isinstance(made, nn.Module)  # noqa: S101 - a promise of the registered class
    return made


def _own_model(given: Any) -> nn.Module:
    made = given if isinstance(given, nn.Module) else called(given, "model") if callable(given) else given
    if not isinstance(made, nn.Module):
        msg = f"model: expected a torch.nn.Module or a function that makes one, got {type(made).__name__}."
        raise ConfigurationError(msg)
    lazy = [name for name, parameter in made.named_parameters() if isinstance(parameter, UninitializedParameter)]
    if lazy:
        msg = (
            f"model: the size of {lazy[0]} isn't known yet; a model with lazy layers has to be called once on some "
            "inputs before it is handed over."
        )
        raise ConfigurationError(msg)
    return made


class PyTorchContext:
    """Builds the parts of one run.

    Attributes
    ----------
    own_loss : object or None
        The user's own loss, as it is called; None before it is asked for, and where they gave none.
    groups : Groups
        Which parameters learn how.
    thawing : list of callable
        What undoes freezing, for nets that go back to their owner.
    own_terms : dict of str to object
        The user's own among several losses and regularizations, by name.
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, device: torch.device) -> None:
        self.signature = signature
        self._spec = spec
        self._objects = objects
        self._device = device
        self.own_loss: Any = None
        self.groups = Groups(spec)
        self.thawing: list[Callable[[], None]] = []
        self.own_terms: dict[str, Any] = {}

    def model(self) -> nn.Module:
        """Build the model on the run's device."""
        return build_model(self._spec, self._objects, self.signature).to(self._device)

    def optimizer(self, net: nn.Module) -> torch.optim.Optimizer:
        """Build the optimizer for a net.

        Raises
        ------
        ConfigurationError
            If the net has nothing to train, or the user's optimizer holds other parameters than the net's.
        """
        self._check_learns(net, "it has no parameter with requires_grad=True")
        self.thawing.append(freeze(net, self.groups))
        parameters = self._check_learns(net, "parameter_groups freeze all of it")
        part = self._spec.optimizer
        if part.is_user_object:
            refuse_own_optimizer(self.groups, "make the groups of your own where you make it")
            return self._own_optimizer(net, parameters)
        fused = (
            self._spec.fast.fused_optimizer
            and self._device.type in FUSED_DEVICES
            # In half precision the CPU's fused SGD leaves most weights as they were.
            and all(parameter.dtype in FUSED_DTYPES for parameter in parameters)
        )
        for group in self._spec.parameter_groups:
            with_weight_decay(part, group.weight_decay, "pytorch")
        rate = first_rate(self._spec)
        named = part_by_name("optimizers", part, "optimizer", "pytorch")
        made: torch.optim.Optimizer = named.build(grouped(net, self.groups, rate), rate, fused=fused)
        return made

    @staticmethod
    def _check_learns(net: nn.Module, why_not: str) -> list[nn.Parameter]:
        parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
        if not parameters:
            msg = f"model: nothing to train: {why_not}."
            raise ConfigurationError(msg)
        return parameters

    def _own_optimizer(self, net: nn.Module, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        made: Any = self._objects["optimizer"]
        if inspect.isclass(made) and issubclass(made, torch.optim.Optimizer):
            made = cast("Any", made)(parameters)
        elif callable(made) and not isinstance(made, torch.optim.Optimizer):
            made = made(net)
        if not isinstance(made, torch.optim.Optimizer):
            msg = f"optimizer: expected a torch.optim.Optimizer or a function of the model, got {type(made).__name__}."
            raise ConfigurationError(msg)
        if inspect.signature(made.step).parameters["closure"].default is inspect.Parameter.empty:
            msg = (
                f"optimizer: {type(made).__name__} evaluates the loss several times in a step, which can't be done "
                "here; take one that steps once, such as adam."
            )
            raise ConfigurationError(msg)
        # Those that are frozen may be among them, for a later time.
        known = {id(parameter) for parameter in net.parameters()}
        strange = sum(id(parameter) not in known for group in made.param_groups for parameter in group["params"])
        if strange:
            msg = (
                f"optimizer: {strange} of its parameters don't belong to the model; make it from this model's "
                "parameters, or pass a function of the model: optimizer=lambda model: Adam(model.parameters())."
            )
            raise ConfigurationError(msg)
        return made

    def loss(self) -> Callable[[Any, Any], Any]:
        """Build the loss, or take the user's own; several of outputs and targets are one."""
        if (composition := self.composition()) is not None:
            return composition.of_outputs
        part = self._spec.first_loss
        if part is not None and part.is_user_object:
            return _in_columns(self._own_loss(), same_shape=False)
        return self._loss_by(part)

    def composition(self) -> Composition | None:
        """Build what is minimised, if it is more than one loss of outputs and targets."""
        own = self._objects.get("loss")
        if not is_composed(self._spec, self.signature.target_names) and (own is None or not wants_model(own)):
            return None
        if self._spec.compile and (on := layers_asked_for(self._spec)):
            msg = f"compile: a compiled graph doesn't tell what '{on[0]}' gives; leave compile out, or 'on: {on[0]}'."
            raise ConfigurationError(msg)
        tools = PyTorchTools(self._loss_by, lambda given: _in_columns(given, same_shape=False), self._device)
        self.own_terms = tools.own_terms
        return Composition(self._spec, self._objects, tools, self.signature.target_names)

    def _loss_by(self, part: Part | None, target: str | int | None = None) -> Callable[[Any, Any], Any]:
        signature = self.signature.of_target(target)
        named = part_by_name("losses", part or default_loss(signature), "loss", "pytorch")
        return _in_columns(build_loss(named, signature), same_shape=getattr(named, "same_shape", False), of_one=True)

    def _own_loss(self) -> Callable[[Any, Any], Any]:
        given = own_loss(self._objects["loss"])
        self.own_loss = given.to(self._device) if isinstance(given, nn.Module) else given
        return given


def _in_columns(
    loss: Callable[[Any, Any], Any], *, same_shape: bool, of_one: bool = False
) -> Callable[[Any, Any], Any]:
    """Let a model that gives (n,) be compared with targets of shape (n, 1), as which single values come.

    PyTorch would spread the two over (n, n) and say so in a warning at most; with ``same_shape`` whatever else would
    be spread is refused.
    With ``of_one`` several outputs are refused as well, and outputs of 16 bits are brought to 32, in which weights of
    classes keep their values and sums over a batch theirs.
    """

    def compare(outputs: Any, targets: torch.Tensor) -> Any:
        if isinstance(outputs, torch.Tensor):
            if outputs.dim() == 1 and targets.dim() == 2 and targets.shape[1] == 1:  # noqa: PLR2004 - a column
                outputs = outputs.unsqueeze(1)
            if same_shape and outputs.shape != targets.shape:
                msg = f"the model gives {tuple(outputs.shape)} where the loss compares with {tuple(targets.shape)}"
                raise ValueError(msg)
            if of_one and outputs.dtype in HALVES:
                outputs = outputs.float()
        elif of_one:
            refuse_several(outputs, "loss")
        return loss(outputs, targets)

    return compare
