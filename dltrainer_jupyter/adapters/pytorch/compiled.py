"""A step's loss and gradients as one compiled graph: ``compile: true``.

``torch.compile`` of a model alone compiles forward and backward pass apart, and for a small network getting into and
out of the two costs more than it saves. Here the derivative is taken inside the graph. Clearing, bounding and
applying gradients are the adapter's as ever, so that everything that works without compiling works with it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any, NamedTuple

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.hooks import is_hooked
from dltrainer_jupyter.adapters.pytorch.slots import like
from dltrainer_jupyter.adapters.pytorch.trees import detached, mapped
from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import LossFunction, Recipe
from dltrainer_jupyter.core.spec import Part


class Computed(NamedTuple):
    """What a pass over a batch gives."""

    loss: torch.Tensor
    outputs: Any
    gradients: Sequence[torch.Tensor | None]
    """In the order of the parameters; None for one that the loss doesn't depend on.

    Two may be the same tensor, and one may be a tensor that the graph was given: of ``base + delta``, say, or of
    ``dot(weight, inputs)``.
    """

    def copied(self) -> Computed:
        """Copy all of it into memory of its own."""
        gradients = [None if gradient is None else gradient.clone() for gradient in self.gradients]
        return Computed(self.loss.clone(), mapped(torch.Tensor.clone, self.outputs), gradients)


class CompiledGradients:
    """Computes losses and gradients by a graph that is compiled for each size of batch.

    Parameters
    ----------
    autocast : callable
        Gives the context of the forward pass.
    cuda_graphs : bool, default False
        On a GPU, record each graph and replay it by one launch. What draws random numbers stays outside
        (:mod:`~dltrainer_jupyter.adapters.pytorch.masks`).

    Raises
    ------
    ConfigurationError
        If this PyTorch can't take a derivative inside a graph.
    """

    def __init__(self, autocast: Callable[[], AbstractContextManager[Any]], *, cuda_graphs: bool = False) -> None:
        from torch import _dynamo

        if not hasattr(_dynamo.config, "trace_autograd_ops"):
            msg = (
                f"compile: PyTorch {torch.__version__} can't compile a whole step; install a newer one, or leave "
                "compile out."
            )
            raise ConfigurationError(msg)
        self._autocast = autocast
        self._replays = cuda_graphs
        self._settings = ExitStack()
        # It holds for this thread alone, which is the trainer's.
        self._settings.enter_context(_dynamo.config.patch(trace_autograd_ops=True))
        self._errors = _dynamo.exc
        # What has been compiled is kept by the code that was, and one run's graphs are none of another's.
        own_code = types.FunctionType(_compute.__code__.replace(), globals())
        # Compiled anew for each size: with a graph for all sizes, bits would depend on which size came first.
        options: dict[str, Any] | None = {"triton.cudagraphs": True} if cuda_graphs else None
        self._compute = torch.compile(own_code, fullgraph=True, dynamic=False, options=options)

    def close(self) -> None:
        """Leave PyTorch's settings as they were."""
        self._settings.close()

    def __call__(
        self,
        loss_fn: LossFunction,
        nets: Mapping[str, Any],
        parameters: Sequence[torch.Tensor],
        scale: torch.Tensor | None,
    ) -> Computed:
        """Compute.

        Parameters
        ----------
        loss_fn : callable
            Of the nets; gives loss and outputs.
        nets : mapping of str to torch.nn.Module
            Whose buffers may change.
        parameters : sequence of torch.Tensor
            With respect to what.
        scale : torch.Tensor, shape (), optional
            What gradients are multiplied by.

        Raises
        ------
        ConfigurationError
            If it can't be compiled.
        """
        if self._replays:
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        try:
            computed = Computed(*self._compute(loss_fn, nets, parameters, scale, self._autocast))
        except self._errors.FailOnRecompileLimitHit as error:
            msg = (
                "compile: the step was compiled again and again, for each size of batch or each value of a number the "
                "model keeps; let batches have few sizes, or leave compile out."
            )
            raise ConfigurationError(msg) from error
        except self._errors.TorchDynamoException as error:
            cause = getattr(error, "inner_exception", error)
            msg = f"compile: the step can't be compiled ({first_line(cause)}); change that, or leave compile out."
            raise ConfigurationError(msg) from error
        # The next replay writes into the same memory; losses and outputs wait for longer, and gradients may.
        return computed.copied() if self._replays else computed


def _compute(
    loss_fn: LossFunction,
    nets: Mapping[str, Any],
    parameters: Sequence[torch.Tensor],
    scale: torch.Tensor | None,
    autocast: Callable[[], AbstractContextManager[Any]],
) -> tuple[torch.Tensor, Any, Sequence[torch.Tensor | None]]:
    with autocast():
        loss, outputs = loss_fn(nets)
    gradients = torch.autograd.grad(loss, parameters, scale, allow_unused=True)
    return loss.detach(), detached(outputs), gradients


def add_gradients(parameters: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor | None]) -> None:
    """Let parameters have these gradients, added to those that wait, in memory that lies as the parameter's does."""
    given: set[int] = set()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is None:
            continue
        if parameter.grad is not None:
            parameter.grad += gradient
        else:
            # Fused steps go through both as they lie, and gradients are changed in place.
            fits = gradient.stride() == parameter.stride() and id(gradient) not in given and _owns_its_memory(gradient)
            parameter.grad = gradient if fits else like(parameter, gradient)
            given.add(id(gradient))


def _owns_its_memory(tensor: torch.Tensor) -> bool:
    storage = tensor.untyped_storage()
    # Held by the tensor and by the line above.
    return bool(torch._C._storage_Use_Count(storage._cdata) <= 2)  # noqa: SLF001, PLR2004 - nothing public tells


def check_device(wanted: object, device: torch.device) -> None:
    """Raise if what is wanted of ``compile`` can't be had on a device.

    Raises
    ------
    ConfigurationError
        If CUDA graphs are wanted elsewhere than on a GPU.
    """
    if wanted == "cuda_graphs" and device.type != "cuda":
        msg = f"compile: cuda_graphs needs a CUDA device, the run has {device}; use compile: true."
        raise ConfigurationError(msg)


def check_recipe(recipe: Recipe, part: Part) -> None:
    """Raise if a recipe doesn't say that its steps are nothing but updates.

    Raises
    ------
    ConfigurationError
        Says what to do instead.
    """
    if not getattr(recipe, "only_updates", False):
        msg = (
            f"compile: the recipe '{part}' doesn't say that its steps are nothing but ops.update (only_updates = "
            "True); compile parts of them by torch.compile, or leave compile out."
        )
        raise ConfigurationError(msg)


def check_hooks(nets: Mapping[str, nn.Module], parameters: Sequence[torch.Tensor]) -> None:
    """Raise if somebody wants to be told of a parameter's gradient, which a graph computes without telling.

    Raises
    ------
    ConfigurationError
        Names the parameters.
    """
    hooked = {id(parameter) for parameter in parameters if is_hooked(parameter)}
    if hooked:
        named = (item for net in nets.values() for item in net.named_parameters())
        names = ", ".join(name for name, parameter in named if id(parameter) in hooked)
        msg = f"compile: a compiled graph wouldn't call the hooks of {names}; remove them, or leave compile out."
        raise ConfigurationError(msg)


def check_draws(drawn: set[str]) -> None:
    """Raise if a model draws random numbers in a way that a graph can't.

    Raises
    ------
    ConfigurationError
        Names the operations.
    """
    if drawn:
        msg = (
            f"compile: {', '.join(sorted(drawn))} can't draw from the run's own generators in a compiled graph; use "
            "layers such as nn.Dropout, or leave compile out."
        )
        raise ConfigurationError(msg)
