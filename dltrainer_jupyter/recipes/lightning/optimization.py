"""One training step of a module, by automatic or manual optimization, and the schedulers after it.

Between Lightning's hooks stand the adapter's own pieces of an update, so that accumulation, clipping, mixed precision,
averages and leaving out what isn't finite are here what they are for every other recipe.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import torch

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import TrainState

if TYPE_CHECKING:
    from dltrainer_jupyter.recipes.lightning.hooks import Hooks
    from dltrainer_jupyter.recipes.lightning.library import Library
    from dltrainer_jupyter.recipes.lightning.stand_in import StandIn

_OWN_WINDOWS = ("optimizer_step", "optimizer_zero_grad", "on_before_zero_grad")
"""Methods in which a module may decide by itself how long gradients wait."""


class Calls(Protocol):
    """PyTorch's methods, or its kernels directly; see the adapter's ``calls.py``."""

    def clear(self, optimizer: torch.optim.Optimizer) -> None:
        """Forget the gradients of an optimizer's parameters."""

    def backward(self, loss: torch.Tensor, inputs: Sequence[torch.Tensor] | None) -> None:
        """Add gradients to those there are."""


class Pieces(Protocol):
    """The adapter's operations of which a native recipe makes an update; see ``PyTorchOps``."""

    calls: Calls
    accumulation: Any
    scales: Any
    keeps_gradients: bool
    drawing: Callable[[str | None], AbstractContextManager[Any]]

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute as precisely as the specification says."""

    def remember(self, state: TrainState) -> Any:
        """Copy what layers note while they compute, if the batch that comes may be left out."""

    def leaves_out(self, loss: torch.Tensor, before: Any) -> bool:
        """Say whether a batch is left out because its loss isn't finite; its traces are undone then."""

    def due(self, using: str) -> bool:
        """Count a batch; say whether an update is due."""

    def unscale(self, state: TrainState, using: str) -> None:
        """Make gradients what they are without a scale."""

    def apply(self, state: TrainState, using: str, wrt: str | None = None) -> None:
        """Let an optimizer apply its gradients, and averages follow."""


class Optimization(ABC):
    """What automatic and manual optimization share: who computes, and how an optimizer's step is made.

    Parameters
    ----------
    library : Library
        Pieces of the package the module comes from.
    plugin : Precision
        Lightning's, whose updates are made here.
    hook : Hooks
        Calls a method of the module by name.
    """

    _ops: Pieces
    _state: TrainState
    _trainer: StandIn

    def __init__(self, library: Library, plugin: Any, hook: Hooks) -> None:
        self._library = library
        self._hook = hook
        plugin.optimizer_step = self._update
        self._names: dict[int, str] = {}
        self._left_out = self._decides = False

    def attach(self, trainer: StandIn, optimizers: Mapping[str, torch.optim.Optimizer]) -> None:
        """Take in what there is to optimize."""
        self._trainer = trainer
        self._names = {id(optimizer): name for name, optimizer in optimizers.items()}
        module, overridden = trainer.lightning_module, self._library.is_overridden
        # Then gradients may wait for an update without the adapter's knowing.
        self._decides = not module.automatic_optimization or any(overridden(name, module) for name in _OWN_WINDOWS)

    def serve(self, state: TrainState, ops: Pieces) -> None:
        """Compute with these from now on."""
        self._state, self._ops = state, ops
        ops.keeps_gradients = self._decides

    def drawing(self, use: str | None = None) -> AbstractContextManager[Any]:
        """Let hooks outside of steps draw random numbers from the run's generators."""
        return self._ops.drawing(use)

    @property
    def accumulates(self) -> bool:
        """Whether gradients wait for more batches; also where the first one of them was left out."""
        accumulation = self._ops.accumulation
        return bool(accumulation.waiting) or (self._left_out and accumulation.batches > 1)

    @abstractmethod
    def step(self, batch_index: int, arguments: Sequence[Any]) -> tuple[torch.Tensor | None, dict[str, Any]]:
        """Learn from a batch; give the loss where there is one, and what ``on_train_batch_end`` is told."""

    def _update(self, optimizer: torch.optim.Optimizer, *, model: Any, closure: Callable[[], Any], **named: Any) -> Any:
        """Make an optimizer's step, as Lightning's ``Precision.optimizer_step`` would."""
        if named:
            msg = f"optimizer.step: only a closure can be passed here, got {', '.join(sorted(named))}."
            raise ConfigurationError(msg)
        self._left_out = False
        with _learning():
            result = closure()
        if self._left_out:
            return result
        using = self._names.get(id(optimizer))
        if using is not None:
            self._ops.unscale(self._state, using)
        self._hook("on_before_optimizer_step", optimizer)
        if model.automatic_optimization and not self._clips_nothing():
            self._hook(
                "configure_gradient_clipping",
                optimizer,
                gradient_clip_val=self._trainer.gradient_clip_val,
                gradient_clip_algorithm=self._trainer.gradient_clip_algorithm,
            )
        if using is not None:
            self._ops.apply(self._state, using)
        return result

    def _clips_nothing(self) -> bool:
        ours = all(self._hook.is_lightnings(name) for name in ("configure_gradient_clipping", "clip_gradients"))
        return ours and self._trainer.gradient_clip_val is None


class Automatic(Optimization):
    """Forward, zero, backward and update, each with the hooks around it."""

    def step(self, batch_index: int, arguments: Sequence[Any]) -> tuple[torch.Tensor | None, dict[str, Any]]:
        """Learn from a batch."""
        optimizer = self._trainer.strategy._lightning_optimizers[0]  # noqa: SLF001 - as the Trainer gives it to hooks
        using = self._names.get(id(optimizer.optimizer), "")
        closure = _Closure(self, using, optimizer.optimizer, batch_index, arguments)
        accumulation = self._ops.accumulation
        if accumulation.waiting.get(using, 0) + 1 < accumulation.batches:
            closure()
        else:
            if self._hook.is_lightnings("optimizer_step"):
                self._update(optimizer.optimizer, model=self._trainer.lightning_module, closure=closure)
            else:
                self._hook("optimizer_step", self._trainer.current_epoch, batch_index, optimizer, closure)
            self._trainer.global_step += not self._left_out
        return closure.loss, closure.outputs

    def clear(self, optimizer: torch.optim.Optimizer, batch_index: int) -> None:
        """Forget the gradients of the last update."""
        self._hook("on_before_zero_grad", optimizer)
        if self._hook.is_lightnings("optimizer_zero_grad"):
            self._ops.calls.clear(optimizer)
        else:
            self._hook("optimizer_zero_grad", self._trainer.current_epoch, batch_index, optimizer)

    def backward(self, loss: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
        """Compute gradients."""
        if self._hook.is_lightnings("backward"):
            self._hook("on_before_backward", loss)
            self._ops.calls.backward(loss, None)
            self._hook("on_after_backward")
        else:
            self._trainer.strategy.backward(loss, optimizer)


class _Closure:
    """Forward and backward pass of a batch, as an optimizer calls them."""

    def __init__(
        self,
        owner: Automatic,
        using: str,
        optimizer: torch.optim.Optimizer,
        batch_index: int,
        arguments: Sequence[Any],
    ) -> None:
        self._owner = owner
        self._using = using
        self._optimizer = optimizer
        self._batch_index = batch_index
        self._arguments = arguments
        self._called = False
        self.loss: torch.Tensor | None = None
        self.outputs: dict[str, Any] = {}

    def __call__(self) -> torch.Tensor | None:
        with _learning():
            return self._learn()

    def _learn(self) -> torch.Tensor | None:
        if self._called:
            msg = (
                "optimizer: the training step was evaluated twice for one update, which can't be done here; let "
                "optimizer_step call its closure once."
            )
            raise ConfigurationError(msg)
        self._called = True
        owner = self._owner
        hook, ops = owner._hook, owner._ops  # noqa: SLF001 - of one piece
        before = ops.remember(owner._state)  # noqa: SLF001 - as above
        with ops.autocast():
            loss, extra = _loss_of(hook("training_step", *self._arguments))
        if loss is not None:
            self.loss = loss.detach()
            if ops.accumulation.batches > 1:
                loss = loss / ops.accumulation.batches
            # A copy: what hooks are told must not change with the loss.
            self.outputs = {"loss": loss.detach().clone(), **extra}
        if ops.accumulation.begins(self._using):
            owner.clear(self._optimizer, self._batch_index)
        # Without a loss there is nothing a scale could be found by, so Lightning makes no update then either.
        left_out = ops.scales is not None if self.loss is None else ops.leaves_out(self.loss, before)
        owner._left_out = left_out  # noqa: SLF001 - as above
        if not left_out:
            if loss is not None:
                scaled = loss if ops.scales is None else ops.scales.of(self._using).scale(loss)
                owner.backward(scaled, self._optimizer)
            ops.due(self._using)
        return self.outputs.get("loss")


def _learning() -> AbstractContextManager[Any]:
    """Let what is computed be differentiated; to say so again would take as long as a layer."""
    return nullcontext() if torch.is_grad_enabled() else torch.enable_grad()


def _loss_of(given: Any) -> tuple[torch.Tensor | None, dict[str, Any]]:
    """Read what an automatic ``training_step`` gave back."""
    if given is None or isinstance(given, torch.Tensor):
        return given, {}
    if isinstance(given, Mapping) and given.get("loss") is not None:
        return given["loss"], {key: value for key, value in given.items() if key != "loss"}
    what = "a mapping without 'loss'" if isinstance(given, Mapping) else type(given).__name__
    msg = f"model: training_step must return the loss, a mapping with 'loss', or None to skip the batch; got {what}."
    raise ConfigurationError(msg)


class Manual(Optimization):
    """The module makes its updates itself, in ``training_step``."""

    def attach(self, trainer: StandIn, optimizers: Mapping[str, torch.optim.Optimizer]) -> None:
        """Take in what there is to optimize, and count its steps."""
        super().attach(trainer, optimizers)
        for optimizer in trainer.strategy._lightning_optimizers:  # noqa: SLF001 - as the Trainer counts them
            optimizer._on_after_step = self._count  # noqa: SLF001 - as above

    def _count(self) -> None:
        self._trainer.global_step += 1

    def step(self, batch_index: int, arguments: Sequence[Any]) -> tuple[torch.Tensor | None, dict[str, Any]]:  # noqa: ARG002 - as the other
        """Let the module learn from a batch."""
        with torch.enable_grad(), self._ops.autocast():
            given = self._hook("training_step", *arguments)
        if isinstance(given, torch.Tensor):
            outputs: dict[str, Any] = {"loss": given}
        elif given is None or isinstance(given, Mapping):
            outputs = dict(given or {})
        else:
            msg = f"model: training_step must return a tensor, a mapping or nothing; got {type(given).__name__}."
            raise ConfigurationError(msg)
        loss = outputs.get("loss")
        if isinstance(loss, torch.Tensor):
            outputs["loss"] = loss = loss.detach()
        return loss, outputs


def step_schedulers(trainer: StandIn, hook: Hooks, interval: str, batch_index: int, *, on_plateau: bool) -> None:
    """Step the schedulers whose time has come, by what was logged where they ask for it.

    Parameters
    ----------
    trainer : StandIn
        Knows them.
    hook : Hooks
        Calls a method of the module by name.
    interval : {"step", "epoch"}
        What has come to its end.
    batch_index : int
        Of the batch, counted from 0.
    on_plateau : bool
        Step those that watch a metric, or the others.

    Raises
    ------
    ConfigurationError
        If one needs a metric that nobody has logged.
    """
    if not trainer.lightning_module.automatic_optimization:
        return
    count = 1 + (batch_index if interval == "step" else trainer.current_epoch)
    for config in trainer.lr_scheduler_configs:
        if config.reduce_on_plateau != on_plateau or config.interval != interval or count % config.frequency:
            continue
        value = None
        if config.reduce_on_plateau:
            measured = trainer.callback_metrics
            value = measured.get(config.monitor)
            if value is None:
                msg = (
                    f"The learning-rate scheduler waits for '{config.monitor}', which the module has not logged; "
                    f"logged are {', '.join(sorted(measured)) or 'no metrics'}."
                )
                if config.strict:
                    raise ConfigurationError(msg)
                warnings.warn(msg, RuntimeWarning, stacklevel=2)
                continue
        hook("lr_scheduler_step", config.scheduler, value)
