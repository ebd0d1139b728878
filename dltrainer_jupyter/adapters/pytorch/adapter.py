"""The port to PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch import placement
from dltrainer_jupyter.adapters.pytorch.augmenting import Augmentation, environment
from dltrainer_jupyter.adapters.pytorch.averages import Average
from dltrainer_jupyter.adapters.pytorch.compiled import check_device, check_draws, check_recipe
from dltrainer_jupyter.adapters.pytorch.context import PyTorchContext
from dltrainer_jupyter.adapters.pytorch.cutting import CutAhead, cut_one_by_one
from dltrainer_jupyter.adapters.pytorch.devices import choose_device, choose_threads, describe
from dltrainer_jupyter.adapters.pytorch.drawing import drawing
from dltrainer_jupyter.adapters.pytorch.fit import check_fit
from dltrainer_jupyter.adapters.pytorch.full_state import Surroundings, load, save
from dltrainer_jupyter.adapters.pytorch.groups import hold_still
from dltrainer_jupyter.adapters.pytorch.layout import lay_out
from dltrainer_jupyter.adapters.pytorch.memory import Memory
from dltrainer_jupyter.adapters.pytorch.ops import PyTorchOps
from dltrainer_jupyter.adapters.pytorch.optimizers import base_rate, scale_rates
from dltrainer_jupyter.adapters.pytorch.precision import Precision
from dltrainer_jupyter.adapters.pytorch.predictor import PyTorchPredictor
from dltrainer_jupyter.adapters.pytorch.randomness import Generators, Injected, injected, own_dropouts
from dltrainer_jupyter.adapters.pytorch.slots import lay_out_slots
from dltrainer_jupyter.adapters.pytorch.state import load_weights, unchanged_buffers
from dltrainer_jupyter.adapters.pytorch.watching import Watch
from dltrainer_jupyter.adapters.pytorch.weight_files import OwnWeights, names_in_files
from dltrainer_jupyter.adapters.shared.abilities import refuse_own_loss
from dltrainer_jupyter.adapters.shared.averages import to_measure
from dltrainer_jupyter.adapters.shared.optimizers import first_rate
from dltrainer_jupyter.adapters.shared.rates import first
from dltrainer_jupyter.core.protocols import (
    Batch,
    Follower,
    FullState,
    Inspected,
    Interval,
    NamedArrays,
    Recipe,
    Samples,
    ScheduleRates,
    Signature,
    StepOutput,
    TrainState,
)
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.tracking import GraphNode


class PyTorchAdapter:
    """One trainer's hold on PyTorch, used on that trainer's thread only.

    Its operations are there once it is open.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    owns_process : bool
        Whether nothing else draws random numbers in this process, so that the global generator is the run's too.
    """

    ops: PyTorchOps

    def __init__(self, spec: RunSpec, *, owns_process: bool) -> None:
        self.device = torch.device("cpu")
        self._spec = spec
        self._owns_process = owns_process
        self._generators = Generators(spec.seed, "layers")
        self._mode: Injected | None = None
        self._shared: set[str] = set()
        self._private: set[str] = set()
        self._secretive: set[str] = set()
        self._untried, self._brings_optimizers = False, spec.optimizer.is_user_object
        self._classes = 0
        self._augmentation: Augmentation | None = None
        self._losses: dict[str, nn.Module] = {}
        self._memory = Memory({})
        self._undo: list[Callable[[], None]] = []
        self._cut: Callable[[placement.Placed, torch.Tensor, int, int], Batch]

    # --- the machine --------------------------------------------------------------------------------

    def open(self) -> dict[str, Any]:
        """Choose device and threads; return what exactness depends on."""
        spec = self._spec
        self.device = choose_device(spec.device)
        check_device(spec.compile, self.device)
        self.ops = PyTorchOps(spec, Precision(spec.precision, self.device))
        if self.ops.compiled is not None:
            self._undo.append(self.ops.compiled.close)
        one_by_one = partial(cut_one_by_one, device=self.device)
        self._cut = CutAhead(self.device) if spec.fast.batching else one_by_one
        self._undo.append(partial(torch.set_num_threads, torch.get_num_threads()))
        torch.set_num_threads(choose_threads(spec.threads))
        if self._owns_process:
            torch.manual_seed(derive(spec.seed, "torch", "global"))
        return describe(self.device, spec) | environment(spec.augmentation)

    def close(self) -> None:
        """Give back what was taken, latest first."""
        while self._undo:
            self._undo.pop()()

    # --- building -------------------------------------------------------------------------------------

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:
        """Build nets and optimizers, with initial weights drawn from the run's own generators."""
        self._classes = signature.outputs
        if self._spec.compile:
            check_recipe(recipe, self._spec.recipe)
        if self._spec.augmentation:
            self._augmentation = Augmentation(self._spec.augmentation, self._spec.seed, signature)
        context = PyTorchContext(self._spec, objects, signature, self.device)
        with Injected(Generators(self._spec.seed, "initial weights")):
            state = recipe.build(context)
        context.groups.check()
        self._undo += context.thawing
        if self._spec.recipe.is_user_object and not getattr(recipe, "measures_as_it_learns", False):
            # It may draw in its training step, which nobody can try beforehand.
            self._mode = Injected(self._generators)
        if isinstance(recipe, Follower):
            # Its code can't be tried beforehand: hooks have to come in their order.
            self._untried = self._brings_optimizers = True
            self._mode = Injected(self._generators)
            self.ops.drawing = partial(drawing, self._generators, self._mode)
        for net in state.nets.values():
            self._undo += [lay_out(net, self._spec, self.device), own_dropouts(net, self._generators)]
            net.train()
            hold_still(net, context.groups)
        lay_out_slots(state.optimizers)
        if self._spec.ema is not None:
            counts_on = None if self.ops.scales is None else self.device
            state.averages = {name: Average(name, net, self._spec.ema, counts_on) for name, net in state.nets.items()}
        own = {"loss": context.own_loss, "recipe": recipe if self._spec.recipe.is_user_object else None}
        if isinstance(context.own_loss, nn.Module):
            self._losses = {"$loss": context.own_loss}
        for name, thing in context.own_terms.items():
            own[f"term '{name}'"] = thing
            if isinstance(thing, nn.Module):
                self._losses[f"$term.{name}"] = thing
        kept = [*state.nets.values(), *self._losses.values(), *state.optimizers.values()]
        self._memory = Memory({what: thing for what, thing in own.items() if thing is not None}, kept)
        return state

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with these weights instead of fresh ones; optimizers stay fresh."""
        load_weights(state.nets, to_measure(weights))
        for average in state.averages.values():
            average.restart()

    def weight_names(self, state: TrainState) -> dict[str, tuple[str, ...]]:
        """Say what files call each weight."""
        return names_in_files(state.nets)

    @classmethod
    def own_weights(cls, model: Any) -> OwnWeights:
        """Give the weights of a model that somebody holds."""
        return OwnWeights(model)

    def learning_rate(self, state: TrainState) -> float:
        """Give the base rate: the specification's, or the one the user's own optimizer came with."""
        own = next(iter(state.optimizers.values()), None) if self._brings_optimizers else None
        return self._spec.learning_rate or (first_rate(self._spec) if own is None else base_rate(own))

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> Any:
        """Try the model on one batch without changing anything, and see which random operations it uses."""
        if self._augmentation is not None:
            self._augmentation.check(batch)
        watch = Watch(self._generators)
        unchanged = unchanged_buffers(state.nets | self._losses)
        as_it_was = (self._memory.untouched(), self._generators.aside("check"), unchanged)
        with ExitStack() as stack:
            for context in (*as_it_was, torch.no_grad(), self.ops.autocast(), watch):
                stack.enter_context(context)
            width = check_fit(recipe, state, batch, self.ops, self._classes)
            if self._augmentation is not None:
                self._augmentation.check_mixed(lambda mixed: recipe.eval_step(state, mixed, self.ops), batch, width)
        if self.ops.compiled is not None:
            check_draws(watch.drawn | watch.foreign | watch.private)
        self._shared |= watch.foreign
        self._private |= watch.private
        self._secretive |= {
            type(module).__name__
            for net in state.nets.values()
            for module in net.modules()
            if type(module).get_extra_state is not nn.Module.get_extra_state
        }
        if watch.drawn and self._mode is None:
            self._mode = Injected(self._generators)
        return width

    def inexact_because(self) -> str | None:
        """Say why a resumed run would not be bit-identical, or None."""
        if self.device.type != "cpu" and not torch.are_deterministic_algorithms_enabled():
            return f"some kernels on {self.device.type} add in an order that changes from run to run"
        if self._shared and not self._owns_process:
            names = ", ".join(sorted(self._shared))
            return f"{names} draws from a generator that other cells share; --executor process keeps it apart"
        if self._private:
            names = ", ".join(sorted(self._private))
            return f"{names} draws from a generator of the model's own, which no checkpoint keeps"
        if self._secretive:
            names = ", ".join(sorted(self._secretive))
            return f"{names} has an extra state (get_extra_state), which no checkpoint keeps"
        if changing := self._memory.changing():
            return f"{changing} changes, and no checkpoint keeps it; give it state_dict and load_state_dict"
        return None

    # --- data -----------------------------------------------------------------------------------------

    def place(self, samples: Samples) -> placement.Placed:
        """Bring samples to the device where they fit."""
        return placement.place(samples, self.device)

    def order(self, placed: placement.Placed, indices: npt.NDArray[np.int64]) -> torch.Tensor:
        """Bring an order of samples to where the samples are."""
        return placement.to_order(indices, placed)

    def batch(self, placed: placement.Placed, order: torch.Tensor, start: int, stop: int) -> Batch:
        """Cut the batch of samples ``order[start:stop]``."""
        return self._cut(placed, order, start, stop)

    def to_batch(self, whole: Any) -> Batch:
        """Bring a batch that a loader made to the device."""
        return placement.to_device(whole, self.device)

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch at random, as a function of seed, epoch and number of the batch."""
        return batch if self._augmentation is None else self._augmentation(batch, epoch, index)

    # --- steps ----------------------------------------------------------------------------------------

    def train_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[TrainState, StepOutput]:
        """Make one step."""
        if self._mode is None:
            return recipe.train_step(state, batch, self.ops)
        if self._untried:
            self._untried = False
            with Watch(self._generators) as watch:
                made = recipe.train_step(state, batch, self.ops)
            self._shared |= watch.foreign
            self._private |= watch.private
            return made
        with self._mode:
            return recipe.train_step(state, batch, self.ops)

    @contextmanager
    def evaluation(self, state: TrainState) -> Iterator[TrainState]:
        """Put the nets into evaluation mode, without gradients, and back into the modes they were in.

        Meanwhile averaged weights stand where those in training did.
        """
        measuring = [*state.nets.values(), *self._losses.values()]
        modules = [module for net in measuring for module in net.modules()]
        modes = [module.training for module in modules]
        for net in measuring:
            net.eval()
        try:
            with ExitStack() as stack:
                for average in state.averages.values():
                    stack.enter_context(average.in_place())
                # Not inference_mode: what a model remembers of a batch it may use in training later.
                stack.enter_context(torch.no_grad())
                stack.enter_context(self._generators.aside("evaluation"))
                stack.enter_context(injected(self._mode))
                stack.enter_context(self.ops.autocast())
                yield state
        finally:
            for module, mode in zip(modules, modes, strict=True):
                module.training = mode

    def eval_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> StepOutput:
        """Measure one batch, inside :meth:`evaluation`."""
        return recipe.eval_step(state, batch, self.ops)

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Use this rate from the next step on; parameter groups keep their proportions."""
        for optimizer in state.optimizers.values():
            scale_rates(optimizer, rate)

    def lent(self, state: TrainState) -> dict[str, Any]:
        """Give the model, and a stand-in for the optimizer, whose rates schedulers may set."""
        from dltrainer_jupyter.adapters.pytorch.schedulers import StandIn

        return {"model": first(state.nets), "optimizer": StandIn(first(state.optimizers))}

    def rates(self, state: TrainState, given: Any, interval: Interval | None) -> ScheduleRates | None:
        """Give the rates of one of PyTorch's schedulers."""
        from dltrainer_jupyter.adapters.pytorch.schedulers import rates_of

        return rates_of(given, first(state.optimizers), interval)

    # --- inside -----------------------------------------------------------------------------------------

    def inspect_weights(self, state: TrainState, bins: int, most: int) -> Inspected:
        """See how parameters and buffers lie."""
        from dltrainer_jupyter.adapters.pytorch import inspection

        return inspection.inspect_weights(state.nets, bins, most)

    def inspect_layers(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how what layers give for a batch lies."""
        from dltrainer_jupyter.adapters.pytorch import inspection

        with self._aside(recipe, state, batch) as compute:
            return inspection.inspect_layers(state.nets, compute, bins, most)

    def graph(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[GraphNode, ...]:
        """Say which layers are called on whose outputs."""
        from dltrainer_jupyter.adapters.pytorch import inspection

        with self._aside(recipe, state, batch) as compute:
            return inspection.graph(state.nets, batch, compute)

    def inspect_gradients(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how the gradients of a batch's loss lie."""
        from dltrainer_jupyter.adapters.pytorch import gradients

        refuse_own_loss(recipe)
        with self._aside(recipe, state, batch) as compute:
            return gradients.inspect_gradients(state.nets, compute, bins, most)

    def time_layers(self, recipe: Recipe, state: TrainState, batch: Batch, seconds: float) -> dict[str, float]:
        """Time each layer."""
        from dltrainer_jupyter.adapters.pytorch import timing

        with self._aside(recipe, state, batch) as compute:
            return timing.time_layers(state.nets, compute, self.device, seconds)

    @contextmanager
    def _aside(self, recipe: Recipe, state: TrainState, batch: Batch) -> Iterator[Callable[[], Any]]:
        """Give a call that computes a batch's loss in evaluation mode, and leaves nothing changed."""

        def compute() -> Any:
            if isinstance(recipe, Follower):
                # Its own steps would note what they measure.
                return [net(batch.inputs) for net in measured.nets.values()]
            return recipe.eval_step(measured, batch, self.ops).loss

        with self.evaluation(state) as measured, self._memory.untouched(), unchanged_buffers(self._losses):
            yield compute

    # --- to the host ------------------------------------------------------------------------------------

    def losses(self, values: Sequence[torch.Tensor]) -> npt.NDArray[np.float32]:
        """Bring losses to the host in one transfer."""
        return torch.stack(list(values)).to("cpu", torch.float32).numpy()

    def arrays(self, values: Sequence[torch.Tensor]) -> npt.NDArray[Any]:
        """Bring batches to the host in one transfer, joined along the first axis."""
        joined = torch.cat(list(values)).cpu().contiguous()
        if joined.dtype in (torch.bfloat16, torch.float16):
            # NumPy knows no bfloat16, and a metric adds up badly in 16 bits.
            joined = joined.float()
        return np.asarray(joined.numpy())

    def tensors(self, array: npt.NDArray[Any]) -> torch.Tensor:
        """Give an array as the framework's own, for metric objects that expect it."""
        return torch.from_numpy(array)

    # --- state ------------------------------------------------------------------------------------------

    @property
    def _around(self) -> Surroundings:
        return Surroundings(self.ops, self._generators, self._memory, self._losses, self.device, self._owns_process)

    def save(self, state: TrainState) -> FullState:
        """Copy the state; later steps don't change the copy."""
        return save(state, self._around)

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Put a saved state into a freshly built one; one that doesn't fit is refused before anything is written."""
        return load(state, saved, self._around)

    @classmethod
    def predictor(
        cls, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays
    ) -> PyTorchPredictor:
        """Build a model of its own with these weights, in evaluation mode."""
        return PyTorchPredictor(spec, objects, signature, weights)
