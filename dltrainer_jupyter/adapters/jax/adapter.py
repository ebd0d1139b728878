"""The port to JAX: Flax NNX and optax."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.adapters.jax import placement
from dltrainer_jupyter.adapters.jax.arrays import numbered, owned
from dltrainer_jupyter.adapters.jax.augmenting import Augmentation, environment
from dltrainer_jupyter.adapters.jax.averages import Average
from dltrainer_jupyter.adapters.jax.compilations import kept
from dltrainer_jupyter.adapters.jax.compiled import Steps
from dltrainer_jupyter.adapters.jax.context import JaxContext
from dltrainer_jupyter.adapters.jax.devices import adds_in_order, choose_device, choose_threads
from dltrainer_jupyter.adapters.jax.fit import check_fit
from dltrainer_jupyter.adapters.jax.groups import still_layers
from dltrainer_jupyter.adapters.jax.looping import Rows, fetched
from dltrainer_jupyter.adapters.jax.measuring import Measuring
from dltrainer_jupyter.adapters.jax.nets import Net
from dltrainer_jupyter.adapters.jax.ops import JaxOps
from dltrainer_jupyter.adapters.jax.optimizers import with_rates
from dltrainer_jupyter.adapters.jax.predictor import JaxPredictor
from dltrainer_jupyter.adapters.jax.rates import Rates
from dltrainer_jupyter.adapters.jax.state import begin_with, load_state, save_state, split_extra, weights_of
from dltrainer_jupyter.adapters.jax.stretches import Stretches
from dltrainer_jupyter.adapters.jax.weight_files import OwnWeights
from dltrainer_jupyter.adapters.shared.abilities import refuse_own_loss
from dltrainer_jupyter.adapters.shared.rates import ComputedRates, first
from dltrainer_jupyter.core.protocols import (
    Batch,
    FullState,
    Inspected,
    Interval,
    NamedArrays,
    Recipe,
    Samples,
    ScheduleRates,
    Signature,
    StepOutput,
    Stretch,
    TrainState,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.tracking import GraphNode

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.jax.gradients import Gradients
    from dltrainer_jupyter.adapters.jax.inspection import Inspection

_OPTIONS = (
    "default_device",
    "default_matmul_precision",
    "default_prng_impl",
    "enable_x64",
    "threefry_partitionable",
)
"""Options of JAX that change bits; a trainer's thread keeps those it began with, whatever other cells set."""


class JaxAdapter:
    """One trainer's hold on JAX, used on that trainer's thread only.

    A step is traced once and compiled: what a model, a loss or a recipe does in Python besides computing with JAX's
    arrays (counting in an attribute, drawing from NumPy, printing) happens then and never again. A number drawn from
    NumPy or Python in ``__call__`` is the same one in every step; another process draws another one, which nobody can
    see from outside.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    owns_process : bool
        Whether the process is the run's own, so that it may choose the number of threads. JAX has no global random
        generator that would have to be kept.
    """

    def __init__(self, spec: RunSpec, *, owns_process: bool) -> None:
        self.ops = JaxOps(spec)
        self.device: jax.Device
        self._spec = spec
        self._owns_process = owns_process
        self._classes = 0
        self._augmentation: Augmentation | None = None
        self._rates: Rates
        self._steps: Steps
        self._stretches: Stretches
        self._measuring: Measuring
        self._inspecting: Inspection | None = None
        self._gradients: Gradients | None = None
        self._all_on_device = True
        self._undo = ExitStack()
        self._cut = placement.cut if spec.fast.batching else placement.cut_one_by_one

    # --- the machine --------------------------------------------------------------------------------

    def open(self) -> dict[str, Any]:
        """Choose the device and see what exactness depends on."""
        threads = choose_threads(self._spec.threads, owns_process=self._owns_process)
        self.device = choose_device(self._spec.device)
        options = {name: getattr(jax.config, f"jax_{name}") for name in _OPTIONS} | {"default_device": self.device}
        for name, value in options.items():
            self._undo.enter_context(getattr(jax, name)(value))
        self._undo.enter_context(kept())
        return {
            "device": str(self.device),
            "device_name": self.device.device_kind,
            "threads": threads,
            **{package: version(package) for package in ("jax", "jaxlib", "flax", "optax")},
            **{name: str(options[name]) for name in _OPTIONS[1:]},
            "platform": self.device.client.platform_version.splitlines()[0],
            **environment(self._spec.augmentation),
        }

    def close(self) -> None:
        """Give back what was taken."""
        self._undo.close()

    # --- building -------------------------------------------------------------------------------------

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:
        """Build nets and optimizers, with initial weights drawn from keys of the run's seed."""
        self._classes = signature.outputs
        if self._spec.augmentation:
            self._augmentation = Augmentation(self._spec.augmentation, self._spec.seed, signature)
        context = JaxContext(self._spec, objects, signature)
        state = recipe.build(context)
        groups = context.groups
        groups.check()
        for module in state.nets.values():
            module.train()
        if self._spec.ema is not None:
            state.averages = {
                name: Average(Net(module, self.device), owned(np.zeros((), np.int32), self.device))
                for name, module in state.nets.items()
            }
        nets = {
            name: Net(module, self.device, groups.freezes, still_layers(module, groups))
            for name, module in state.nets.items()
        }
        for name, net in nets.items():
            # At the end what was learned comes into what was handed over, which may be the user's own object.
            self._undo.callback(net.write_to, state.nets[name])
        state.nets = dict(nets)
        for optimizer in state.optimizers.values():
            optimizer.kept = owned(optimizer.kept, self.device)
        state.extra |= owned(split_extra(state.extra)[0], self.device)
        self._rates = Rates(state.optimizers)
        self._steps = Steps(recipe, self.ops, self._spec.precision)
        self._stretches = Stretches(self._steps, self._rates)
        self._measuring = Measuring(self._steps)
        return state

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with these weights instead of fresh ones; optimizers stay fresh."""
        begin_with(state, weights)

    def weight_names(self, state: TrainState) -> dict[str, tuple[str, ...]]:
        """Say what files call each weight: the path to it."""
        return {name: (name,) for name in weights_of(state.nets)}

    @classmethod
    def own_weights(cls, model: Any) -> OwnWeights:
        """Give the weights of a model that somebody holds."""
        return OwnWeights(model)

    def learning_rate(self, state: TrainState) -> float | None:  # noqa: ARG002 - the protocol's
        """Give the base rate: the specification's, or the one the user's own optimizer came with.

        None for a transformation of optax's that doesn't show its rate, since it is compiled into it: made as
        ``optax.inject_hyperparams(optax.adam)(learning_rate=0.001)`` it does. None as well where the rate follows a
        schedule of optax's.
        """
        own = self._rates.base
        return own if own is None or self._spec.learning_rate is None else self._spec.learning_rate

    def lent(self, state: TrainState) -> dict[str, Any]:
        """Give the model, a copy of it as it is; a transformation has no rate that a scheduler could be made of."""
        return {"model": first(state.nets).module()}

    def rates(self, state: TrainState, given: Any, interval: Interval | None) -> ScheduleRates | None:  # noqa: ARG002 - the protocol's
        """Give the rates of one of optax's schedules."""
        if not callable(given) or not str(getattr(given, "__module__", "")).startswith("optax"):
            return None
        return ComputedRates(jax.jit(jax.vmap(given)), interval or "step")

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Use this rate from the next step on; several rates in one optimizer keep their proportions."""
        for name, rates in self._rates.at(rate).items():
            kept = state.optimizers[name].kept
            on_device = dict(zip(rates, jax.device_put(list(rates.values()), self.device), strict=True))
            state.optimizers[name].kept = kept | {"slots": with_rates(kept["slots"], on_device)}

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> Any:  # noqa: ARG002 - the protocol's
        """Trace both kinds of step on one batch, which computes and changes nothing."""
        if self._augmentation is not None:
            self._augmentation.check(batch)

        def measure(given: Batch) -> Any:
            return self._measuring.look_at(state, given)

        width = check_fit(lambda: measure(batch), lambda: self._stretches.look_at(state, batch), batch, self._classes)
        if self._augmentation is not None:
            self._augmentation.check_mixed(measure, batch, width)
        return width

    def inexact_because(self) -> str | None:
        """Say why a resumed run would not be bit-identical, or None."""
        if not adds_in_order(self.device):
            return (
                f"some kernels on {self.device.platform} add in an order that changes from run to run, unless "
                "XLA_FLAGS has --xla_gpu_deterministic_ops=true"
            )
        return None

    # --- data -----------------------------------------------------------------------------------------

    def place(self, samples: Samples) -> placement.Placed:
        """Bring samples to the device where they fit."""
        placed = placement.place(samples, self.device)
        self._all_on_device &= placed.on_device
        return placed

    def order(self, placed: placement.Placed, indices: npt.NDArray[np.int64]) -> Any:
        """Bring an order of samples to where the samples are."""
        return placement.to_order(indices, placed)

    def batch(self, placed: placement.Placed, order: Any, start: int, stop: int) -> Batch:
        """Cut the batch of samples ``order[start:stop]``."""
        return self._cut(placed, order, start, stop, self.device)

    def to_batch(self, whole: Any) -> Batch:
        """Bring a batch that a loader made to the device."""
        return placement.to_device(whole, self.device)

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch at random, as a function of seed, epoch and number of the batch."""
        return batch if self._augmentation is None else self._augmentation(batch, epoch, index)

    # --- steps ----------------------------------------------------------------------------------------

    def train_step(
        self,
        recipe: Recipe,  # noqa: ARG002 - it is compiled already
        state: TrainState,
        batch: Batch,
    ) -> tuple[TrainState, StepOutput]:
        """Make one step."""
        return state, self._steps.learn(state, batch)

    def most_steps(self) -> int:
        """Say how many steps one call can hold: 1 where batches are cut on the host, or a step is no good in a loop."""
        return self._several(self._stretches.most)

    def _several(self, most: int | None) -> int:
        return most if most and self._spec.fast.batching and self._all_on_device else 1

    def train_steps(
        self,
        recipe: Recipe,  # noqa: ARG002 - it is compiled already
        state: TrainState,
        stretch: Stretch,
        rates: npt.NDArray[np.float64] | None,
    ) -> tuple[TrainState, StepOutput]:
        """Make the steps of a stretch, and return when they are made."""
        return state, self._stretches.learn(state, stretch, rates)

    @contextmanager
    def evaluation(self, state: TrainState) -> Iterator[TrainState]:
        """Give the state to measure, in which averaged nets take the place of those in training.

        Modes are chosen while a step is traced, so that there is none to put back.
        """
        averaged = {name: average.net for name, average in state.averages.items()}
        yield TrainState(nets=state.nets | averaged, extra=state.extra)

    def eval_step(
        self,
        recipe: Recipe,  # noqa: ARG002 - it is compiled already
        state: TrainState,
        batch: Batch,
    ) -> StepOutput:
        """Measure one batch, inside :meth:`evaluation`."""
        return self._steps.measure(state, batch)

    def most_batches(self) -> int:
        """Say how many batches one call can measure: 1 where they are cut on the host, or no good in a loop."""
        return self._several(self._measuring.most)

    def eval_steps(
        self,
        recipe: Recipe,  # noqa: ARG002 - it is compiled already
        state: TrainState,
        stretch: Stretch,
    ) -> StepOutput:
        """Measure the batches of a stretch, inside :meth:`evaluation`."""
        return self._measuring.measure(state, stretch)

    # --- inside -----------------------------------------------------------------------------------------

    def inspect_weights(self, state: TrainState, bins: int, most: int) -> Inspected:
        """See how weights and statistics lie."""
        from dltrainer_jupyter.adapters.jax import inspection

        return inspection.inspect_weights(weights_of(state.nets), bins, most)

    def inspect_layers(
        self,
        recipe: Recipe,  # noqa: ARG002 - it is compiled already
        state: TrainState,
        batch: Batch,
        bins: int,
        most: int,
    ) -> Inspected:
        """See how what layers give for a batch lies."""
        with self.evaluation(state) as measured:
            return self._inspection().layers(measured, batch, bins, most)

    def graph(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[GraphNode, ...]:  # noqa: ARG002 - as above
        """Say which layers are called on whose outputs."""
        with self.evaluation(state) as measured:
            return self._inspection().graph(measured, batch)

    def inspect_gradients(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how the gradients of a batch's loss lie."""
        from dltrainer_jupyter.adapters.jax.gradients import Gradients

        refuse_own_loss(recipe)
        if self._gradients is None:
            self._gradients = Gradients(self._steps)
        with self.evaluation(state) as measured:
            return self._gradients.inspect(measured, batch, bins, most)

    def time_layers(
        self,
        recipe: Recipe,  # noqa: ARG002 - it is compiled already
        state: TrainState,
        batch: Batch,
        seconds: float,
    ) -> dict[str, float]:
        """Time each layer."""
        with self.evaluation(state) as measured:
            return self._inspection().times(measured, batch, seconds)

    def _inspection(self) -> Inspection:
        from dltrainer_jupyter.adapters.jax.inspection import Inspection

        if self._inspecting is None:
            self._inspecting = Inspection(self._steps)
        return self._inspecting

    # --- to the host ------------------------------------------------------------------------------------

    def losses(self, values: Sequence[jax.Array | Rows]) -> npt.NDArray[np.float32]:
        """Bring losses to the host together."""
        # Not joined on the device: that would be compiled for each number of them.
        return np.concatenate(fetched(values)).astype(np.float32)

    def arrays(self, values: Sequence[jax.Array | Rows]) -> npt.NDArray[Any]:
        """Bring batches to the host together, joined along the first axis."""
        return np.concatenate([numbered(part.reshape(-1, *part.shape[2:])) for part in fetched(values)])

    def tensors(self, array: npt.NDArray[Any]) -> jax.Array:
        """Give an array as the framework's own, for metric objects that expect it."""
        return jnp.asarray(array)

    # --- state ------------------------------------------------------------------------------------------

    def save(self, state: TrainState) -> FullState:
        """Copy the state; later steps don't change the copy."""
        weights, optimizer, extra = save_state(state)
        return FullState(weights=weights, optimizer=optimizer, meta={"extra": extra})

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Put a saved state into a freshly built one."""
        load_state(state, saved, self.device)
        return state

    @classmethod
    def predictor(
        cls, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays
    ) -> JaxPredictor:
        """Build a model of its own with these weights, in evaluation mode."""
        return JaxPredictor(spec, objects, signature, weights)
