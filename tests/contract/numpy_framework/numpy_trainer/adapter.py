"""The port to NumPy."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from dltrainer_jupyter.adapters.shared.abilities import refuse_unsupported
from dltrainer_jupyter.adapters.shared.losses import default_loss
from dltrainer_jupyter.adapters.shared.optimizers import DEFAULT_RATE
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import (
    Batch,
    FullState,
    LossFunction,
    NamedArrays,
    Recipe,
    Samples,
    Signature,
    StepOutput,
    Stretch,
    TrainState,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from numpy_trainer.parts import Momentum
from numpy_trainer.perceptron import Perceptron
from numpy_trainer.state import check, from_raw, to_raw


def build_model(spec: RunSpec, signature: Signature) -> Perceptron:
    """Build the model the specification names."""
    part = registry.find("models", spec.model.type)
    return part(validate(part.Config, spec.model.config, "model")).numpy(signature, spec.seed)


class NumPyContext:
    """What a recipe builds its parts with."""

    def __init__(self, spec: RunSpec, signature: Signature) -> None:
        self.signature = signature
        self._spec = spec

    def model(self) -> Perceptron:
        """Build the model."""
        return build_model(self._spec, self.signature)

    def optimizer(self, net: Perceptron) -> Momentum:
        """Build the optimizer."""
        part = registry.find("optimizers", self._spec.optimizer.type, "numpy")
        rate = DEFAULT_RATE if self._spec.learning_rate is None else self._spec.learning_rate
        return part(validate(part.Config, self._spec.optimizer.config, "optimizer")).build(rate)

    def loss(self) -> Callable[[Any, Any], Any]:
        """Build the loss."""
        chosen = self._spec.loss or default_loss(self.signature)
        part = registry.find("losses", chosen.type, "numpy")
        return part(validate(part.Config, chosen.config, "loss")).build()


class NumPyOps:
    """The one operation of a portable recipe."""

    def __init__(self, *, skip_non_finite: bool) -> None:
        self._skip_non_finite = skip_non_finite

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        """Compute the loss and its gradient, and let the optimizer apply it."""
        with np.errstate(all="ignore"):
            loss, outputs = loss_fn(state.nets)
            if np.isfinite(loss) or not self._skip_non_finite:
                net = state.nets[wrt]
                state.optimizers[using].step(net.weights, net.gradients(loss.gradient))
        return state, loss, outputs


class NumPyPredictor:
    """A model of its own, for inference only."""

    def __init__(self, net: Perceptron) -> None:
        self._net = net
        self._net.training = False

    def outputs(self, inputs: Any) -> Any:
        """Compute raw outputs."""
        return self._net(inputs)


class NumPyAdapter:
    """One trainer's hold on NumPy."""

    def __init__(self, spec: RunSpec, *, owns_process: bool) -> None:
        self.ops = NumPyOps(skip_non_finite=spec.on_nan == "skip")
        self._spec = spec

    def open(self) -> dict[str, Any]:
        """Refuse what isn't there; say what exactness depends on."""
        refuse_unsupported(self._spec, "NumPy", supports=frozenset())
        return {"device": "cpu", "numpy": np.__version__}

    def close(self) -> None:
        """Give nothing back, since nothing was taken."""

    # --- building -----------------------------------------------------------------------------------

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:
        """Build net and optimizer."""
        return recipe.build(NumPyContext(self._spec, signature))

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with these weights."""
        check("model", self._weights(state), weights)
        for name, net in state.nets.items():
            net.weights = from_raw(weights, f"{name}.")

    def learning_rate(self, state: TrainState) -> float:
        """Give the base rate."""
        return DEFAULT_RATE if self._spec.learning_rate is None else self._spec.learning_rate

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Use this rate from now on."""
        for optimizer in state.optimizers.values():
            optimizer.rate = rate

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> int:
        """Try the model on one batch."""
        with self.evaluation(state) as measured:
            return recipe.eval_step(measured, batch, self.ops).outputs.shape[1]

    def inexact_because(self) -> None:
        """Nothing here is inexact."""

    # --- data ---------------------------------------------------------------------------------------

    def place(self, samples: Samples) -> Samples:
        """Leave them where they are."""
        return samples

    def order(self, placed: Samples, indices: Any) -> Any:
        """Leave it where it is."""
        return indices

    def batch(self, placed: Samples, order: Any, start: int, stop: int) -> Batch:
        """Cut a batch."""
        picked = order[start:stop]
        if self._spec.fast.batching:
            return Batch(placed.inputs[picked], placed.targets[picked], stop - start)
        one_by_one = [(placed.inputs[index], placed.targets[index]) for index in picked]
        inputs, targets = zip(*one_by_one, strict=True)
        return Batch(np.stack(inputs), np.stack(targets), stop - start)

    def to_batch(self, whole: Any) -> Batch:
        """Take a batch as it is."""
        pair = isinstance(whole, tuple | list) and len(whole) == 2
        inputs, targets = whole if pair else (whole, None)
        first = next(iter(inputs.values())) if isinstance(inputs, Mapping) else inputs
        return Batch(inputs, targets, len(first), whole)

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Give it back: augmentation was refused."""
        return batch

    # --- steps --------------------------------------------------------------------------------------

    def train_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[TrainState, StepOutput]:
        """Make one step."""
        return recipe.train_step(state, batch, self.ops)

    def most_steps(self) -> int:
        """Say how many steps a call may make: there is no reason for fewer, or for more."""
        return 16

    def train_steps(
        self, recipe: Recipe, state: TrainState, stretch: Stretch, rates: Any
    ) -> tuple[TrainState, StepOutput]:
        """Make several steps."""
        given = []
        for index, batch in enumerate(self._batches(stretch)):
            if rates is not None:
                self.set_learning_rate(state, float(rates[index]))
            state, output = self.train_step(recipe, state, batch)
            given.append(output)
        return state, self._joined(given, stretch)

    def _batches(self, stretch: Stretch) -> Iterator[Batch]:
        for start in range(stretch.start, stretch.start + stretch.steps * stretch.size, stretch.size):
            yield self.batch(stretch.placed, stretch.order, start, start + stretch.size)

    def _joined(self, given: list[StepOutput], stretch: Stretch) -> StepOutput:
        outputs, targets = (self.arrays(values) for values in ([o.outputs for o in given], [o.targets for o in given]))
        return StepOutput(self.losses([output.loss for output in given]), outputs, targets, stretch.size, stretch.steps)

    @contextmanager
    def evaluation(self, state: TrainState) -> Iterator[TrainState]:
        """Switch dropout off for a while."""
        for net in state.nets.values():
            net.training = False
        try:
            yield state
        finally:
            for net in state.nets.values():
                net.training = True

    def eval_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> StepOutput:
        """Measure one batch."""
        return recipe.eval_step(state, batch, self.ops)

    def most_batches(self) -> int:
        """Say how many batches a call may measure: as many as steps it may make."""
        return self.most_steps()

    def eval_steps(self, recipe: Recipe, state: TrainState, stretch: Stretch) -> StepOutput:
        """Measure several batches."""
        return self._joined([self.eval_step(recipe, state, batch) for batch in self._batches(stretch)], stretch)

    # --- to the host --------------------------------------------------------------------------------

    def losses(self, values: Sequence[Any]) -> Any:
        """Put losses into one array."""
        return np.concatenate([np.atleast_1d(value) for value in values]).astype(np.float32)

    def arrays(self, values: Sequence[Any]) -> Any:
        """Join batches."""
        return np.concatenate(values)

    def tensors(self, array: Any) -> Any:
        """Give it as it is."""
        return array

    # --- state --------------------------------------------------------------------------------------

    def _weights(self, state: TrainState) -> NamedArrays:
        return {k: raw for name, net in state.nets.items() for k, raw in to_raw(net.weights, f"{name}.").items()}

    def _slots(self, state: TrainState) -> NamedArrays:
        return {
            k: raw
            for name, optimizer in state.optimizers.items()
            for k, raw in to_raw(optimizer.velocity, f"{name}.").items()
        }

    def save(self, state: TrainState) -> FullState:
        """Copy the state."""
        meta = {
            "momentum": {name: optimizer.momentum for name, optimizer in state.optimizers.items()},
            "rates": {name: optimizer.rate for name, optimizer in state.optimizers.items()},
            "generators": {name: copy.deepcopy(net.generator.bit_generator.state) for name, net in state.nets.items()},
        }
        return FullState(self._weights(state), self._slots(state), meta)

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Put a saved state in the place of a fresh one."""
        check("model", self._weights(state), saved.weights)
        here = {name: optimizer.momentum for name, optimizer in state.optimizers.items()}
        if saved.meta["momentum"] != here:
            msg = f"The checkpoint's optimizer has a momentum of {saved.meta['momentum']}, this run's of {here}."
            raise CheckpointError(msg)
        self.begin_with(state, saved.weights)
        for name, optimizer in state.optimizers.items():
            optimizer.velocity = from_raw(saved.optimizer, f"{name}.")
            optimizer.rate = saved.meta["rates"][name]
        for name, net in state.nets.items():
            net.generator.bit_generator.state = saved.meta["generators"][name]
        return state

    @classmethod
    def predictor(
        cls,
        spec: RunSpec,
        objects: Mapping[str, Any],  # noqa: ARG003 - nobody's own models are taken
        signature: Signature,
        weights: NamedArrays,
    ) -> NumPyPredictor:
        """Build a model of its own."""
        net = build_model(spec, signature)
        check("model", to_raw(net.weights, "model."), weights)
        net.weights = from_raw(weights, "model.")
        return NumPyPredictor(net)
