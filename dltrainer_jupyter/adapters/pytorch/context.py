"""What a recipe is offered while it builds: the model, optimizer and loss that the specification asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from dltrainer_jupyter.adapters.shared.losses import default_loss
from dltrainer_jupyter.adapters.shared.optimizers import DEFAULT_RATE
from dltrainer_jupyter.adapters.shared.parts import called, model_by_name, own_loss, part_by_name
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec

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
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, device: torch.device) -> None:
        self.signature = signature
        self._spec = spec
        self._objects = objects
        self._device = device
        self.own_loss: Any = None

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
        parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
        if not parameters:
            msg = "model: nothing to train: it has no parameter with requires_grad=True."
            raise ConfigurationError(msg)
        part = self._spec.optimizer
        if part.is_user_object:
            return self._own_optimizer(net, parameters)
        fused = (
            self._spec.fast.fused_optimizer
            and self._device.type in FUSED_DEVICES
            # In half precision the CPU's fused SGD leaves most weights as they were.
            and all(parameter.dtype in FUSED_DTYPES for parameter in parameters)
        )
        rate = DEFAULT_RATE if self._spec.learning_rate is None else self._spec.learning_rate
        named = part_by_name("optimizers", part, "optimizer", "pytorch")
        made: torch.optim.Optimizer = named.build(parameters, rate, fused=fused)
        return made

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
        """Build the loss, or take the user's own."""
        part = self._spec.loss
        if part is None:
            part = default_loss(self.signature)
        if part.is_user_object:
            return _in_columns(self._own_loss(), same_shape=False)
        named = part_by_name("losses", part, "loss", "pytorch")
        return _in_columns(named.build(), same_shape=getattr(named, "same_shape", False))

    def _own_loss(self) -> Callable[[Any, Any], Any]:
        given = own_loss(self._objects["loss"])
        self.own_loss = given.to(self._device) if isinstance(given, nn.Module) else given
        return given


def _in_columns(loss: Callable[[Any, Any], Any], *, same_shape: bool) -> Callable[[Any, Any], Any]:
    """Let a model that gives (n,) be compared with targets of shape (n, 1), as which single values come.

    PyTorch would spread the two over (n, n) and say so in a warning at most; with ``same_shape`` whatever else would
    be spread is refused.
    """

    def compare(outputs: Any, targets: torch.Tensor) -> Any:
        if isinstance(outputs, torch.Tensor):
            if outputs.dim() == 1 and targets.dim() == 2 and targets.shape[1] == 1:  # noqa: PLR2004 - a column
                outputs = outputs.unsqueeze(1)
            if same_shape and outputs.shape != targets.shape:
                msg = f"the model gives {tuple(outputs.shape)} where the loss compares with {tuple(targets.shape)}"
                raise ValueError(msg)
        return loss(outputs, targets)

    return compare
