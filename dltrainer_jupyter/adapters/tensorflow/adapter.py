"""The port to TensorFlow and Keras 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.averages import apart, check_averages, to_measure
from dltrainer_jupyter.adapters.shared.optimizers import DEFAULT_RATE
from dltrainer_jupyter.adapters.tensorflow import placement
from dltrainer_jupyter.adapters.tensorflow.arrays import from_raw, to_raw
from dltrainer_jupyter.adapters.tensorflow.augmenting import Augmentation
from dltrainer_jupyter.adapters.tensorflow.augmenting import environment as augmentation_environment
from dltrainer_jupyter.adapters.tensorflow.averages import Average
from dltrainer_jupyter.adapters.tensorflow.context import TensorFlowContext, build_for
from dltrainer_jupyter.adapters.tensorflow.devices import (
    check_backend,
    choose_device,
    choose_threads,
    describe,
    is_deterministic,
)
from dltrainer_jupyter.adapters.tensorflow.fit import check_measured, explained
from dltrainer_jupyter.adapters.tensorflow.ops import TensorFlowOps
from dltrainer_jupyter.adapters.tensorflow.optimizers import base_rate, is_settable
from dltrainer_jupyter.adapters.tensorflow.precision import needs_scale, policy
from dltrainer_jupyter.adapters.tensorflow.predictor import TensorFlowPredictor
from dltrainer_jupyter.adapters.tensorflow.randomness import make_generator, own_seeds, seed_for, seed_generators
from dltrainer_jupyter.adapters.tensorflow.state import (
    check_variables,
    load_variables,
    save_variables,
    weights_of,
)
from dltrainer_jupyter.adapters.tensorflow.steps import describe_form, read_form
from dltrainer_jupyter.adapters.tensorflow.training import Training
from dltrainer_jupyter.adapters.tensorflow.watching import why_inexact
from dltrainer_jupyter.core.protocols import (
    Batch,
    FullState,
    NamedArrays,
    Recipe,
    Samples,
    Signature,
    StepOutput,
    TrainState,
)
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import RunSpec

_EXTRA = "$extra."
"""In front of the names of a recipe's own tensors; no optimizer is called that."""


class TensorFlowAdapter:
    """One trainer's hold on TensorFlow, used on that trainer's thread only.

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

    def __init__(self, spec: RunSpec, *, owns_process: bool) -> None:
        check_backend()
        self.ops = TensorFlowOps(spec)
        self.device = "CPU:0"
        self._spec = spec
        self._owns_process = owns_process
        self._shared = make_generator(spec.seed, "shared")
        self._optimized: list[tuple[Any, Any]] = []
        self._recipe: Recipe | None = None
        self._training: Training | None = None
        self._trained: TrainState | None = None
        self._start: NamedArrays | None = None
        self._rate = DEFAULT_RATE
        self._classes = 0
        self._augmentation: Augmentation | None = None
        self._cut = placement.cut if spec.fast.batching else placement.cut_one_by_one

    # --- the machine --------------------------------------------------------------------------------

    def open(self) -> dict[str, Any]:
        """Choose device and threads; return what exactness depends on."""
        threads = choose_threads(self._spec.threads)
        self.device = choose_device(self._spec.device)
        if self._owns_process:
            tf.random.set_seed(seed_for(self._spec.seed, "global"))
            tf.random.set_global_generator(tf.random.Generator.from_seed(derive(self._spec.seed, "tf", "global")))
        return {
            "device": self.device,
            "device_name": describe(self.device),
            "threads": threads,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            **augmentation_environment(self._spec.augmentation),
        }

    def close(self) -> None:
        """Let go of what was compiled."""
        self._training = self._trained = self._recipe = None
        self._optimized.clear()

    # --- building -------------------------------------------------------------------------------------

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:
        """Build nets and optimizers, with initial weights drawn from the run's own generators.

        Weights whose shapes only a batch tells are made by :meth:`check`.
        """
        self._classes = signature.outputs
        context = TensorFlowContext(self._spec, objects, signature)
        with self._apart("initial weights"), policy(self._spec.precision):
            state = recipe.build(context)
        self._recipe, self._optimized = recipe, context.optimized
        if self._spec.augmentation:
            self._augmentation = Augmentation(self._spec.augmentation, self._spec.seed, signature)
        if rates := [rate for optimizer in state.optimizers.values() if (rate := base_rate(optimizer)) is not None]:
            self._rate = rates[0]
        self._complete(state)
        return state

    def _complete(self, state: TrainState) -> None:
        """Once every net has its weights, begin what begins with them."""
        if self._trained is state or not all(net.built for net in state.nets.values()):
            return
        for name, net in state.nets.items():
            seed_generators(net, self._spec.seed, name)
        for optimizer, net in self._optimized:
            if not optimizer.built:
                optimizer.build(net.trainable_variables)
        # Keras' LossScaleOptimizer holds another; it scales by itself.
        self.ops.scales = any(
            needs_scale(net) and not hasattr(optimizer, "inner_optimizer") for optimizer, net in self._optimized
        )
        if self._start is not None:
            self._load_start(state, self._start)
        if self._spec.ema is not None:
            state.averages = {name: Average(name, net, self._spec.ema) for name, net in state.nets.items()}
        self._trained = state

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with these weights instead of fresh ones; optimizers stay fresh."""
        self._start = to_measure(weights)
        if self._trained is state:
            self._load_start(state, self._start)
            for average in state.averages.values():
                average.restart()

    def _load_start(self, state: TrainState, weights: NamedArrays) -> None:
        variables = weights_of(state.nets)
        check_variables(variables, weights, "another model")
        load_variables(variables, weights)

    def learning_rate(self, state: TrainState) -> float | None:
        """Give the base rate: the specification's, or the one the user's own optimizer came with.

        None where the optimizer follows a schedule of its own.
        """
        if state.optimizers and not any(map(is_settable, state.optimizers.values())):
            return None
        return self._rate if self._spec.learning_rate is None else self._spec.learning_rate

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> int | None:
        """Try the model on one batch without changing anything, and see which random operations it uses.

        Steps are traced, not made, so there is nothing to undo. Where they can't be traced a batch is measured.
        """
        if self._augmentation is not None:
            self._augmentation.check(batch)
        with explained(batch):
            self._build_for(state, batch)
            training = self._training_of(recipe, state)
            if training.measure.eager:
                with self.evaluation(state):
                    measured = training.eval_step(batch)
            else:
                training.measure.prepare(batch, training.extra)
                measured = StepOutput(*training.measure.results, batch.size)
            width = check_measured(measured, self._classes)
        if self._augmentation is not None:
            self._augmentation.check_mixed(lambda mixed: training.measure.prepare(mixed, training.extra), batch, width)
            batch = self._augmentation(batch, 1, 0)
        with explained(batch):
            training.learn.prepare(batch, training.extra)
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
            self._training = Training(recipe, state, self.ops, self._shared, lambda: self._apart("steps"))
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
        graph = None if self._training is None else self._training.learn.graph
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

    @contextmanager
    def evaluation(self, state: TrainState) -> Iterator[TrainState]:
        """Let averaged weights stand where those in training did, and nothing that happens leave a trace."""
        assert self._recipe is not None  # noqa: S101 - nobody measures what wasn't built

        def seeds(position: int) -> list[int]:
            return [seed_for(self._spec.seed, "evaluation", position), 0]

        with self._training_of(self._recipe, state).in_evaluation(seeds):
            yield state

    def eval_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> StepOutput:
        """Measure one batch, inside :meth:`evaluation`."""
        return self._training_of(recipe, state).eval_step(batch)

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Use this rate from the next step on, where an optimizer has no schedule of its own."""
        for optimizer in filter(is_settable, state.optimizers.values()):
            optimizer.learning_rate = rate

    # --- to the host ------------------------------------------------------------------------------------

    def losses(self, values: Sequence[tf.Tensor]) -> npt.NDArray[np.float32]:
        """Bring losses to the host in one transfer."""
        return np.array(tf.cast(tf.stack(list(values)), tf.float32))

    def arrays(self, values: Sequence[tf.Tensor]) -> npt.NDArray[Any]:
        """Bring batches to the host in one transfer, joined along the first axis."""
        joined = tf.concat(list(values), axis=0)
        return np.array(tf.cast(joined, tf.float32) if joined.dtype == tf.bfloat16 else joined)

    def tensors(self, array: npt.NDArray[Any]) -> tf.Tensor:
        """Give an array as the framework's own, for metric objects that expect it."""
        return tf.convert_to_tensor(array)

    # --- state ------------------------------------------------------------------------------------------

    def save(self, state: TrainState) -> FullState:
        """Copy the state; later steps don't change the copy."""
        assert self._recipe is not None  # noqa: S101 - nobody saves what wasn't built
        training = self._training_of(self._recipe, state)
        extra = training.extra
        meta: dict[str, Any] = {
            "form": describe_form(training.learn.form),
            "rate": self._rate,
            "extra": {key: value for key, value in state.extra.items() if key not in extra},
        }
        if self._owns_process:
            meta["global_generator"] = tf.random.get_global_generator().state.numpy()
        others = save_variables(training.others(), training.aside)
        return FullState(
            weights=save_variables(training.weights(), training.aside),
            optimizer=others | {f"{_EXTRA}{key}": to_raw(value, key) for key, value in extra.items()},
            meta=meta,
        )

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Put a saved state into a freshly built one; one that doesn't fit is refused before anything is written."""
        assert self._recipe is not None  # noqa: S101 - nobody loads into what wasn't built
        meta = saved.meta
        check_averages(apart(saved.weights)[1], wanted=self._spec.ema is not None)
        training = self._training_of(self._recipe, state)
        weights = training.weights()
        check_variables(weights, saved.weights, "another model")
        if meta["form"] is not None:
            training.learn.trace(read_form(meta["form"]))
        kept = {key: raw for key, raw in saved.optimizer.items() if not key.startswith(_EXTRA)}
        others = training.others()
        check_variables(others, kept, "another optimizer or other settings")
        self.ops.check(kept)
        load_variables(weights, saved.weights)
        load_variables(others, kept)
        state.extra = meta["extra"] | {
            key.removeprefix(_EXTRA): tf.convert_to_tensor(from_raw(raw))
            for key, raw in saved.optimizer.items()
            if key.startswith(_EXTRA)
        }
        self._rate = meta["rate"]
        if self._owns_process and "global_generator" in meta:
            tf.random.get_global_generator().reset(meta["global_generator"])
        return state

    @classmethod
    def predictor(
        cls, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays
    ) -> TensorFlowPredictor:
        """Build a model of its own with these weights, for inference."""
        return TensorFlowPredictor(spec, objects, signature, weights)
