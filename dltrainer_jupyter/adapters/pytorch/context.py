"""What a recipe is offered while it builds: the model, optimizer and loss that the specification asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.validation import validate

FUSED_DEVICES = ("cpu", "cuda")


def build_model(spec: RunSpec, objects: Mapping[str, Any], signature: Signature) -> nn.Module:
    """Build the model by name, or take the user's own object or call their factory.

    Raises
    ------
    ConfigurationError
        If what the user gave is not a module and makes none.
    """
    if spec.model.is_user_object:
        given = objects["model"]
        made = given if isinstance(given, nn.Module) else given()
        if isinstance(made, nn.Module):
            return made
        msg = f"model: expected a torch.nn.Module or a function that makes one, got {type(made).__name__}."
        raise ConfigurationError(msg)
    part = registry.find("models", spec.model.type)
    model = part(validate(part.Config, spec.model.config, "model"))
    if not hasattr(model, spec.framework):
        msg = f"The model '{spec.model.type}' can't be built for {spec.framework}."
        raise ConfigurationError(msg)
    made = model.pytorch(signature)
    assert isinstance(made, nn.Module)  # noqa: S101 - a promise of the registered class
    return made


def default_loss(signature: Signature, targets_are_columns: bool) -> Part:  # noqa: FBT001
    """Give the loss for a task: cross-entropy for classes, its binary form for a 0/1 column, else squared error."""
    if signature.task == "regression":
        return Part(type="mse")
    return Part(type="bce" if targets_are_columns else "cross_entropy")


class PyTorchContext:
    """Builds the parts of one run."""

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, device: torch.device) -> None:
        self.signature = signature
        self._spec = spec
        self._objects = objects
        self._device = device

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
        found = registry.find("optimizers", part.type, "pytorch")
        fused = self._spec.fast.fused_optimizer and self._device.type in FUSED_DEVICES
        made: torch.optim.Optimizer = found(validate(found.Config, part.config, "optimizer")).build(
            parameters, self._spec.learning_rate, fused=fused
        )
        return made

    def _own_optimizer(self, net: nn.Module, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        given = self._objects["optimizer"]
        made = given if isinstance(given, torch.optim.Optimizer) else given(net)
        if not isinstance(made, torch.optim.Optimizer):
            msg = f"optimizer: expected a torch.optim.Optimizer or a function of the model, got {type(made).__name__}."
            raise ConfigurationError(msg)
        known = {id(parameter) for parameter in parameters}
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
            part = default_loss(self.signature, targets_are_columns=self.signature.outputs == 1)
        if part.is_user_object:
            given = self._objects["loss"]
            if inspect.isclass(given):
                given = given()
            return given.to(self._device) if isinstance(given, nn.Module) else given  # type: ignore[no-any-return]
        found = registry.find("losses", part.type, "pytorch")
        loss = found(validate(found.Config, part.config, "loss")).build()
        return _in_columns(loss) if found.same_shape else loss  # type: ignore[no-any-return]


def _in_columns(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let a model that gives (n,) be compared with targets of shape (n, 1)."""

    def compare(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if outputs.dim() == 1 and targets.dim() == 2:  # noqa: PLR2004
            outputs = outputs.unsqueeze(1)
        return loss(outputs, targets)  # type: ignore[no-any-return]

    return compare
