"""A trainer of any framework at work on real data, without loop and store, to test an adapter with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dltrainer_jupyter.checkpoints import encoding
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.checkpoints.format import Request, write
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.core.protocols import (
    Batch,
    FullState,
    NamedArrays,
    RawArray,
    Samples,
    SeveralSteps,
    StepOutput,
    Stretch,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.loop.parts import load_data, make_adapter, make_recipe

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

BATCH_SIZE = 256
"""Six batches an epoch of the digits, of which the last is smaller."""


class Trainer:
    """Builds, tries, trains, measures, saves and loads, as the loop does.

    Parameters
    ----------
    **settings
        Of the specification.
    """

    def __init__(self, **settings: Any) -> None:
        self.spec = RunSpec(**{"batch_size": BATCH_SIZE, "learning_rate": 0.01, "seed": 3} | settings)
        self.steps = 0
        with ExitStack() as stack:
            self.adapter = make_adapter(self.spec, owns_process=False)
            stack.callback(self.adapter.close)
            self.adapter.open()
            self.recipe = make_recipe(self.spec, {})
            dataset = load_data(self.spec, {})
            assert isinstance(dataset.train, Samples)  # noqa: S101 - named data sets are samples
            self.samples, self.signature = dataset.train, dataset.signature
            self.state = self.adapter.build(self.recipe, {}, self.signature)
            self.use(self.samples)
            self.width = self.check()
            self._close = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._close.close()

    def check(self) -> Any:
        """Try the model on the first batch."""
        return self.adapter.check(self.recipe, self.state, self.batch(0))

    # --- data -----------------------------------------------------------------------------------------

    def use(self, samples: Samples) -> None:
        """Train on other samples of the same kind from now on."""
        self.samples, self._placed = samples, self.adapter.place(samples)
        self._ordered: tuple[int, Any] = 0, None

    def _place(self, step: int) -> tuple[int, int, slice]:
        count = len(self.samples)
        epoch, index = divmod(step, batches(count, self.spec.batch_size))
        return epoch + 1, index, slice(*bounds(index, count, self.spec.batch_size))

    def indices(self, step: int) -> Array:
        """Give the samples of a step, as seed and epoch say."""
        epoch, _, where = self._place(step)
        return epoch_order(self.spec.seed, epoch, len(self.samples))[where]

    def batch(self, step: int) -> Batch:
        """Cut the batch of a step, not augmented."""
        epoch, _, where = self._place(step)
        return self.adapter.batch(self._placed, self._order(epoch), where.start, where.stop)

    def _order(self, epoch: int) -> Any:
        # One object as long as the epoch lasts, as the loop has it: an adapter may prepare what follows in it.
        if self._ordered[0] != epoch:
            order = epoch_order(self.spec.seed, epoch, len(self.samples))
            self._ordered = epoch, self.adapter.order(self._placed, order)
        return self._ordered[1]

    # --- steps ----------------------------------------------------------------------------------------

    def learn(self, batch: Batch) -> float:
        """Make a step on a batch; give its loss."""
        self.state, output = self.adapter.train_step(self.recipe, self.state, batch)
        return float(self.adapter.losses([output.loss])[0])

    def stretch(self, count: int, rates: Sequence[float] | None = None) -> StepOutput:
        """Make the next steps in one call, all of full batches of an epoch; give what they give."""
        assert isinstance(self.adapter, SeveralSteps)  # noqa: S101 - asked by the caller
        given = None if rates is None else np.array(rates, np.float64)
        stretch = self.batches(self.steps, count)
        self.state, output = self.adapter.train_steps(self.recipe, self.state, stretch, given)
        self.steps += count
        return output

    def batches(self, step: int, count: int) -> Stretch:
        """Give the batches of a step and of those after it, all full and of one epoch, not cut yet."""
        epoch, _, where = self._place(step)
        return Stretch(self._placed, self._order(epoch), where.start, self.spec.batch_size, count)

    def step(self, count: int = 1) -> list[float]:
        """Make the next steps; give their losses."""
        losses = []
        for _ in range(count):
            batch = self.batch(self.steps)
            if self.spec.augmentation:
                epoch, index, _ = self._place(self.steps)
                batch = self.adapter.augment(batch, epoch, index)
            losses.append(self.learn(batch))
            self.steps += 1
        return losses

    def evaluate(self) -> tuple[float, Array]:
        """Measure the first batch; give loss and outputs."""
        with self.adapter.evaluation(self.state) as measured:
            output = self.adapter.eval_step(self.recipe, measured, self.batch(0))
            return float(self.adapter.losses([output.loss])[0]), self.adapter.arrays([output.outputs])[: output.size]

    def predict(self) -> Array:
        """Let a predictor with the weights of now see the first batch; give its outputs."""
        predictor = type(self.adapter).predictor(self.spec, {}, self.signature, self.save().weights)
        return predictor.outputs(self.samples.inputs[self.indices(0)])

    # --- state ----------------------------------------------------------------------------------------

    def save(self) -> FullState:
        """Copy the state."""
        return self.adapter.save(self.state)

    def load(self, saved: FullState) -> None:
        """Go on from a state."""
        self.state = self.adapter.load(self.state, saved)

    def fingerprint(self) -> tuple[str, bytes]:
        """Give something that differs if anything about the state does."""
        return fingerprint(self.save())

    def write(self, folder: Path) -> Path:
        """Write a checkpoint's real files."""
        request = Request(self.save(), self.steps, 1, frozenset({"last"}), {}, self.signature, {})
        return write(folder, request).path

    def read(self, path: Path) -> None:
        """Go on from a checkpoint's files."""
        saved, manifest = load(path)
        self.load(saved)
        self.steps = manifest.step


def fingerprint(saved: FullState) -> tuple[str, bytes]:
    """Give something that differs if anything about a saved state does."""
    return digest(saved.weights, saved.optimizer), encoding.dumps(saved.meta)


def changed(before: NamedArrays, after: NamedArrays) -> set[str]:
    """Name the arrays that differ in a bit."""
    return {
        name for name, array in after.items() if name not in before or bytes(before[name].data) != bytes(array.data)
    }


def floats(arrays: NamedArrays) -> Array:
    """Give all numbers of single precision in one row."""
    return np.concatenate([np.frombuffer(a.data, "<f4") for a in arrays.values() if a.dtype == "F32"])


def misfits(saved: FullState) -> dict[str, FullState]:
    """Make states of it that don't fit whom it fits."""

    def with_weights(weights: NamedArrays) -> FullState:
        return FullState(weights, saved.optimizer, saved.meta)

    name = max(saved.weights, key=lambda name: len(saved.weights[name].data))
    array = saved.weights[name]
    net = name.partition(".")[0]
    others = {other: value for other, value in saved.weights.items() if other != name}
    flat = RawArray(array.dtype, (math.prod(array.shape),), array.data)
    return {
        "a weight is missing": with_weights(others),
        "a weight too many": with_weights(saved.weights | {f"{net}.nobody.knows": array}),
        "another shape": with_weights(saved.weights | {name: flat}),
        "another dtype": with_weights(saved.weights | {name: RawArray("I32", array.shape, array.data)}),
    }
