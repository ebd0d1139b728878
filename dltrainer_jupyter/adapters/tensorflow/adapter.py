"""The port to TensorFlow and Keras 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.averages import to_measure
from dltrainer_jupyter.adapters.shared.optimizers import DEFAULT_RATE
from dltrainer_jupyter.adapters.shared.rates import ComputedRates, first
from dltrainer_jupyter.adapters.tensorflow import placement
from dltrainer_jupyter.adapters.tensorflow.augmenting import Augmentation
from dltrainer_jupyter.adapters.tensorflow.augmenting import environment as augmentation_environment
from dltrainer_jupyter.adapters.tensorflow.beginning import begin, load_start
from dltrainer_jupyter.adapters.tensorflow.context import TensorFlowContext, build_for
from dltrainer_jupyter.adapters.tensorflow.devices import (
    check_backend,
    choose_device,
    choose_threads,
    describe,
    is_deterministic,
)
from dltrainer_jupyter.adapters.tensorflow.fetching import fetch_batches, fetch_losses
from dltrainer_jupyter.adapters.tensorflow.fit import check_measured, check_open, check_outputs, explained
from dltrainer_jupyter.adapters.tensorflow.looking import LooksInside
from dltrainer_jupyter.adapters.tensorflow.ops import TensorFlowOps
from dltrainer_jupyter.adapters.tensorflow.optimizers import base_rate, is_settable, set_rate
from dltrainer_jupyter.adapters.tensorflow.precision import policy
from dltrainer_jupyter.adapters.tensorflow.predictor import TensorFlowPredictor
from dltrainer_jupyter.adapters.tensorflow.randomness import (
    load_process_state,
    make_generator,
    own_seeds,
    process_state,
    seed_for,
    seed_process,
)
from dltrainer_jupyter.adapters.tensorflow.steps import Step
from dltrainer_jupyter.adapters.tensorflow.training import Training
from dltrainer_jupyter.adapters.tensorflow.watching import why_inexact
from dltrainer_jupyter.adapters.tensorflow.weight_files import OwnWeights, names_in_files
from dltrainer_jupyter.core.protocols import (
    Batch,
    FullState,
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

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class TensorFlowAdapter(LooksInside):
    """One trainer's hold on TensorFlow, used on that trainer's thread only; its operations are there once it is open.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    owns_process : bool
        Whether nothing else draws random numbers in this process, so that the global generator is the run's too.

    Raises
    ------
    ConfigurationError
        If Keras computes with something else than TensorFlow in this process.
    """

    ops: TensorFlowOps
    _recipe: Recipe
    _context: TensorFlowContext
    _shared: keras.random.SeedGenerator

    def __init__(self, spec: RunSpec, *, owns_process: bool) -> None:
        super().__init__()
        check_backend()
        self.device = "CPU:0"
        self._spec = spec
        self._owns_process = owns_process
        self._training: Training | None = None
        self._trained: TrainState | None = None
        self._thawing: list[Callable[[], None]] = []
        self._start: NamedArrays | None = None
        self._rate = DEFAULT_RATE
        self._augmentation: Augmentation | None = None
        self._cut = placement.cut if spec.fast.batching else placement.cut_one_by_one

    # --- the machine --------------------------------------------------------------------------------

    def open(self) -> dict[str, Any]:
        """Choose device and threads; return what exactness depends on."""
        threads = choose_threads(self._spec.threads)
        self.device = choose_device(self._spec.device)
        # Not before: the first variable settles how many threads there are, and how memory is taken.
        self.ops = TensorFlowOps(self._spec)
        self._shared = make_generator(self._spec.seed, "shared")
        if self._owns_process:
            seed_process(self._spec.seed)
        return {
            "device": self.device,
            "device_name": describe(self.device),
            "threads": threads,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            **augmentation_environment(self._spec.augmentation),
        }

    def close(self) -> None:
        """Let go of what was compiled, and give back what was taken."""
        self._training = self._trained = None
        self.forget()
        while self._thawing:
            self._thawing.pop()()

    # --- building -------------------------------------------------------------------------------------

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:
        """Build nets and optimizers, with initial weights drawn from the run's own generators.

        Weights whose shapes only a batch tells are made by :meth:`check`.
        """
        self._context = TensorFlowContext(self._spec, objects, signature)
        self._thawing = self._context.thawing
        with self._apart("initial weights"), policy(self._spec.precision):
            state = recipe.build(self._context)
        self._recipe = recipe
        if self._spec.augmentation:
            self._augmentation = Augmentation(self._spec.augmentation, self._spec.seed, signature)
        if rates := [rate for optimizer in state.optimizers.values() if (rate := base_rate(optimizer)) is not None]:
            self._rate = rates[0]
        self._complete(state)
        return state

    def _complete(self, state: TrainState) -> None:
        """Once every net has its weights, begin what begins with them."""
        if self._trained is not state and all(net.built for net in state.nets.values()):
            if self._start is not None:
                load_start(state, self._start)
            begin(state, self._context, self._spec, self.ops)
            self._trained = state

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with these weights instead of fresh ones; optimizers stay fresh."""
        self._start = to_measure(weights)
        if self._trained is state:
            load_start(state, self._start)
            for average in state.averages.values():
                average.restart()

    def weight_names(self, state: TrainState) -> dict[str, tuple[str, ...]]:
        """Say what files call each weight."""
        return names_in_files(state.nets)

    @classmethod
    def own_weights(cls, model: Any) -> OwnWeights:
        """Give the weights of a model that somebody holds."""
        return OwnWeights(model)

    def learning_rate(self, state: TrainState) -> float | None:
        """Give the base rate: the specification's, or the one the user's own optimizer came with.

        None where the optimizer follows a schedule of its own, or there is none that anybody knows of.
        """
        if not any(map(is_settable, state.optimizers.values())):
            return None
        return self._rate if self._spec.learning_rate is None else self._spec.learning_rate

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> Any:
        """Try the model on one batch without changing anything, and see which random operations it uses.

        Steps are traced, not made, so there is nothing to undo; a batch is measured where tracing doesn't tell enough.
        """
        if self._augmentation is not None:
            self._augmentation.check(batch)
        with explained(batch):
            self._build_for(state, batch)
            check_open(state.nets, batch)
            training = self._training_of(recipe, state)
            if training.measure.eager:
                with self.evaluation(state):
                    measured = training.eval_step(batch)
            else:
                training.measure.prepare(batch, training.extra)
                measured = training.measured
            width = check_measured(measured, self._context.signature.outputs)
        if self._augmentation is not None:
            self._augmentation.check_mixed(lambda mixed: training.measure.prepare(mixed, training.extra), batch, width)
        changed = self.augment(batch, 1, 0)
        with explained(changed):
            training.learn.prepare(changed, training.extra)
        if self._context.looks_at_outputs:
            with explained(batch), self.evaluation(state):
                check_outputs(training.eval_step(batch).outputs, self._context.loss_name)
        return width

    def _build_for(self, state: TrainState, batch: Batch) -> None:
        """Make the weights of nets that wait for the first batch."""
        with self._apart("initial weights"), policy(self._spec.precision):
            for net in state.nets.values():
                if not net.built:
                    build_for(net, batch.inputs)
            self._complete(state)

    def _training_of(self, recipe: Recipe, state: TrainState) -> Training:
        if self._training is None or self._training.state is not state:
            meaning, apart = self._context.meaning(state.nets), lambda: self._apart("steps")
            self._training = Training(recipe, state, self.ops, self._shared, apart, meaning=meaning)
        return self._training

    @contextmanager
    def _apart(self, use: str) -> Iterator[None]:
        """Run Python code of a model's or a recipe's: with seeds of the run's, on its device."""
        with own_seeds(self._spec.seed, use, self._shared), tf.device(self.device):
            yield

    def inexact_because(self) -> str | None:
        """Say why a resumed run would not be bit-identical, or None."""
        if not is_deterministic(self.device):
            return (
                "some kernels on a GPU add in an order that changes from run to run; call "
                "tf.config.experimental.enable_op_determinism() first"
            )
        return self._uncontrolled()

    def _uncontrolled(self) -> str | None:
        """Say what a step draws from or remembers that isn't the run's, or None."""
        return self._drawn_in(None if self._training is None else self._training.learn)

    def _drawn_in(self, step: Step | None) -> str | None:
        graph = None if step is None else step.graph
        return None if graph is None else why_inexact(graph, owns_process=self._owns_process)

    # --- data -----------------------------------------------------------------------------------------

    def place(self, samples: Samples) -> placement.Placed:
        """Bring samples to the device where they fit."""
        return placement.place(samples, self.device)

    def order(self, placed: placement.Placed, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:  # noqa: ARG002 - the protocol's
        """Keep an order on the host, where slices of it cost nothing."""
        return indices

    def batch(self, placed: placement.Placed, order: npt.NDArray[np.int64], start: int, stop: int) -> Batch:
        """Cut the batch of samples ``order[start:stop]``."""
        return self._cut(placed, order, start, stop)

    def to_batch(self, whole: Any) -> Batch:
        """Bring a batch that a loader made to the device."""
        return placement.as_batch(whole, self.device)

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch at random as the specification says: a function of seed, epoch and batch number."""
        return batch if self._augmentation is None else self._augmentation(batch, epoch, index)

    # --- steps ----------------------------------------------------------------------------------------

    def train_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[TrainState, StepOutput]:
        """Make one step."""
        if self._trained is not state:
            self._build_for(state, batch)
        return state, self._training_of(recipe, state).train_step(batch)

    def most_steps(self) -> int:
        """Say how many steps one call can hold; 1 where they are better made one by one.

        So are those that draw from the memory of a kernel, of which each graph has its own, or run in Python.
        """
        if self._training is None or self._uncontrolled():
            return 1
        return self._training.stretches.most(self._spec.batch_size)

    def train_steps(
        self, recipe: Recipe, state: TrainState, stretch: Stretch, rates: npt.NDArray[np.float64] | None
    ) -> tuple[TrainState, StepOutput]:
        """Make the steps of a stretch, and return when they are made."""
        output = self._training_of(recipe, state).train_steps(self._joined(stretch), stretch.steps, rates)
        self._wait()
        return state, output

    def _joined(self, stretch: Stretch) -> Batch:
        """Cut the batches of a stretch as one."""
        return self.batch(stretch.placed, stretch.order, stretch.start, stretch.start + stretch.size * stretch.steps)

    def _wait(self) -> None:
        if not self.device.startswith("CPU"):
            tf.test.experimental.sync_devices()

    @contextmanager
    def evaluation(self, state: TrainState) -> Iterator[TrainState]:
        """Let averaged weights stand where those in training did, and nothing that happens leave a trace."""

        def seeds(position: int) -> list[int]:
            return [seed_for(self._spec.seed, "evaluation", position), 0]

        with self._training_of(self._recipe, state).in_evaluation(seeds):
            yield state

    def eval_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> StepOutput:
        """Measure one batch, inside :meth:`evaluation`."""
        return self._training_of(recipe, state).eval_step(batch)

    def most_batches(self) -> int:
        """Say how many batches one call can measure; 1 where they are better measured one by one, as steps may be."""
        if self._training is None or self._drawn_in(self._training.measure):
            return 1
        return self._training.measurements.most(self._spec.batch_size)

    def eval_steps(self, recipe: Recipe, state: TrainState, stretch: Stretch) -> StepOutput:
        """Measure the batches of a stretch, inside :meth:`evaluation`, and return when that is done."""
        output = self._training_of(recipe, state).eval_steps(self._joined(stretch), stretch.steps)
        self._wait()
        return output

    def lent(self, state: TrainState) -> dict[str, Any]:
        """Give the model and the optimizer."""
        return {"model": first(state.nets), "optimizer": first(state.optimizers)}

    def rates(self, state: TrainState, given: Any, interval: Interval | None) -> ScheduleRates | None:  # noqa: ARG002 - the protocol's
        """Give the rates of one of Keras' schedules."""
        if not isinstance(given, keras.optimizers.schedules.LearningRateSchedule):
            return None

        def compute(counts: Any) -> Any:
            return tf.map_fn(lambda count: tf.cast(given(count), tf.float32), counts, fn_output_signature=tf.float32)

        traced = tf.function(compute, autograph=False)
        return ComputedRates(lambda counts: traced(tf.constant(counts)), interval or "step")

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Use this rate from the next step on, where an optimizer has no schedule of its own."""
        set_rate(state.optimizers.values(), rate)

    # --- to the host ------------------------------------------------------------------------------------

    def losses(self, values: Sequence[tf.Tensor]) -> npt.NDArray[np.float32]:
        """Bring losses to the host in one transfer."""
        return fetch_losses(values)

    def arrays(self, values: Sequence[tf.Tensor]) -> npt.NDArray[Any]:
        """Bring batches to the host in one transfer, joined along the first axis."""
        return fetch_batches(values)

    def tensors(self, array: npt.NDArray[Any]) -> tf.Tensor:
        """Give an array as the framework's own, for metric objects that expect it."""
        return tf.convert_to_tensor(array)

    # --- state ------------------------------------------------------------------------------------------

    def save(self, state: TrainState) -> FullState:
        """Copy the state; later steps don't change the copy."""
        saved = self._training_of(self._recipe, state).save()
        if self._owns_process:
            saved.meta["global_generator"] = process_state()
        return saved

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Put a saved state into a freshly built one; one that doesn't fit is refused before anything is written."""
        self._training_of(self._recipe, state).load(saved)
        if self._owns_process and "global_generator" in saved.meta:
            load_process_state(saved.meta["global_generator"])
        return state

    @classmethod
    def predictor(
        cls, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays
    ) -> TensorFlowPredictor:
        """Build a model of its own with these weights, for inference."""
        return TensorFlowPredictor(spec, objects, signature, weights)
