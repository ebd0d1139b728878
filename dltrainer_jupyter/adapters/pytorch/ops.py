"""The operations of portable recipes, on PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch

from dltrainer_jupyter.adapters.pytorch.accumulation import Accumulation
from dltrainer_jupyter.adapters.pytorch.calls import make_calls
from dltrainer_jupyter.adapters.pytorch.clipping import clip
from dltrainer_jupyter.adapters.pytorch.compiled import CompiledGradients, add_gradients, check_hooks
from dltrainer_jupyter.adapters.pytorch.precision import LossScales, Precision
from dltrainer_jupyter.adapters.pytorch.state import KeptBuffer, keep_buffers, put_back
from dltrainer_jupyter.adapters.pytorch.trees import detached
from dltrainer_jupyter.core.protocols import LossFunction, TrainState
from dltrainer_jupyter.core.spec import RunSpec

_Pass = tuple[torch.Tensor, Any, Callable[[], None]]
"""What a pass over a batch gives: the loss, the outputs, and a call that adds its gradients to those that wait."""


class PyTorchOps:
    """What a recipe may ask of PyTorch.

    :meth:`update` is all that a portable recipe needs. A native one, whose optimization is its own, puts its step
    together from the same pieces: ``clear``, ``remember``, ``autocast``, ``leaves_out``, ``backward``, ``due`` and
    ``step``, or instead of the last ``unscale``, ``clip`` and ``apply``. Each is told which optimizer by its name in
    the state; a recipe that computes gradients before it knows who will apply them may use one name throughout.

    Parameters
    ----------
    spec : RunSpec
        Says how often to update, how to bound gradients, how precisely to compute, and whether to leave out the update
        of a batch whose loss is NaN or infinite. Leaving out looks at each loss before its update, which makes a GPU
        wait; on the CPU it is free.
    precision : Precision
        How to compute.

    Attributes
    ----------
    accumulation : Accumulation
        The batches that wait for an update.
    scales : LossScales or None
        None where gradients need no scaling.
    keeps_gradients : bool
        Whether gradients belong to the saved state even if none is known to wait; for a native recipe whose own code
        decides when to clear them.
    compiled : CompiledGradients or None
        What computes loss and gradients of an :meth:`update`, if that is to be compiled.
    drawing : callable
        Gives a context in which a native recipe's code, outside of steps and evaluation, draws from the run's
        generators; from ones set apart for a use and leaving no trace, if the use is named.
    """

    def __init__(self, spec: RunSpec, precision: Precision) -> None:
        self._skip_non_finite = spec.on_nan == "skip"
        self._bound = spec.gradient_clipping
        self._precision = precision
        self.calls = make_calls(direct=spec.fast.direct_calls)
        self.accumulation = Accumulation(spec.gradient_accumulation)
        self.scales = LossScales(precision) if precision.scales else None
        self.keeps_gradients = False
        self.compiled: CompiledGradients | None = None
        if spec.compile:
            self.compiled = CompiledGradients(precision.autocast, cuda_graphs=spec.compile == "cuda_graphs")
        self.drawing: Callable[[str | None], AbstractContextManager[Any]] = lambda _: nullcontext()

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        """Compute the loss of one net, its gradient, and let one optimizer apply it when it is due.

        Returns
        -------
        state : TrainState
            The same object, changed in place.
        loss : torch.Tensor, shape ()
            Detached.
        outputs : torch.Tensor, or a structure of some
            Detached.
        """
        self.clear(state, using)
        before = self.remember(state)
        compute = self._eager_pass if self.compiled is None else self._compiled_pass
        loss, outputs, learn = compute(state, loss_fn, wrt, using)
        if not self.leaves_out(loss, before):
            learn()
            if self.due(using):
                self.step(state, using, wrt)
        return state, loss.detach(), outputs.detach() if isinstance(outputs, torch.Tensor) else detached(outputs)

    def _eager_pass(self, state: TrainState, loss_fn: LossFunction, wrt: str, using: str) -> _Pass:
        with self.autocast():
            loss, outputs = loss_fn(state.nets)
        # With a single net everything that learns belongs to it, and looking for paths to it would take time.
        inputs = None if len(state.nets) == 1 else [p for p in state.nets[wrt].parameters() if p.requires_grad]
        return loss, outputs, partial(self.backward, loss, using, inputs)

    def _compiled_pass(self, state: TrainState, loss_fn: LossFunction, wrt: str, using: str) -> _Pass:  # noqa: ARG002 - an optimizer knows what it updates
        assert self.compiled is not None  # noqa: S101 - asked by the caller
        parameters = [p for group in state.optimizers[using].param_groups for p in group["params"] if p.requires_grad]
        check_hooks(state.nets, parameters)
        plain = self.accumulation.batches == 1 and self.scales is None
        scale = None if plain else self._scaled(torch.ones((), device=parameters[0].device), using)
        loss, outputs, gradients = self.compiled(loss_fn, state.nets, parameters, scale)
        return loss, outputs, partial(add_gradients, parameters, gradients)

    # --- its pieces -----------------------------------------------------------------------------------

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute as precisely as the specification says; for the forward pass and the loss, not for gradients."""
        return self._precision.autocast()

    def clear(self, state: TrainState, using: str) -> None:
        """Forget the gradients of the last update; those that wait for the next stay."""
        if self.accumulation.begins(using):
            self.calls.clear(state.optimizers[using])

    def remember(self, state: TrainState) -> list[KeptBuffer]:
        """Copy what layers note while they compute, if the batch that comes may be left out."""
        return keep_buffers(state.nets) if self._skip_non_finite else []

    def leaves_out(self, loss: torch.Tensor, before: list[KeptBuffer]) -> bool:
        """Say whether the batch of this loss is to be left out, as ``on_nan: skip`` wants it, and undo its traces.

        Parameters
        ----------
        loss : torch.Tensor, shape ()
            Of the batch.
        before : list of KeptBuffer
            What :meth:`remember` gave before it was computed; put back if the batch is left out, since a mean over
            what isn't finite would stay in the layers' statistics for good.
        """
        if not self._skip_non_finite or torch.isfinite(loss).item():
            return False
        put_back(before)
        return True

    def backward(self, loss: torch.Tensor, using: str, inputs: Sequence[torch.Tensor] | None = None) -> None:
        """Compute gradients, as one batch's share of an update and scaled as their optimizer needs it.

        Parameters
        ----------
        loss : torch.Tensor, shape ()
            Of one batch.
        using : str
            Name of the optimizer.
        inputs : sequence of torch.Tensor, optional
            With respect to what; everything that learns if left out.
        """
        self.calls.backward(self._scaled(loss, using), inputs)

    def _scaled(self, loss: torch.Tensor, using: str) -> torch.Tensor:
        if self.accumulation.batches > 1:
            loss = loss / self.accumulation.batches
        return loss if self.scales is None else self.scales.of(using).scale(loss)

    def due(self, using: str) -> bool:
        """Count a batch for an optimizer; say whether an update is due."""
        return self.accumulation.completes(using)

    def step(self, state: TrainState, using: str, wrt: str | None = None) -> None:
        """Let an optimizer apply its gradients, bounded, and averages follow.

        Parameters
        ----------
        state : TrainState
            Changed in place.
        using : str
            Name of the optimizer.
        wrt : str, optional
            Name of the net it updates; every net if left out.
        """
        if self._bound is not None:
            self.unscale(state, using)
            self.clip(state, using)
        self.apply(state, using, wrt)

    def unscale(self, state: TrainState, using: str) -> None:
        """Make gradients what they are without a scale, for whoever looks at them; once before ``apply`` at most."""
        if self.scales is not None:
            self.scales.of(using).unscale_(state.optimizers[using])

    def clip(self, state: TrainState, using: str) -> None:
        """Bound the gradients of an optimizer, as the specification says."""
        if self._bound is not None:
            clip(state.optimizers[using], self._bound)

    def apply(self, state: TrainState, using: str, wrt: str | None = None) -> None:
        """Let an optimizer apply its gradients as they are, unless a scaled one overflowed; then averages follow."""
        optimizer: torch.optim.Optimizer = state.optimizers[using]
        left_out = None
        if self.scales is None:
            self.calls.step(optimizer)
        else:
            left_out = self.scales.step(optimizer, using)
        if state.averages:
            for name in state.averages if wrt is None else [wrt]:
                state.averages[name].update(left_out)
