"""What one training consists of on TensorFlow: its steps as graphs, and the variables they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.averages import apart, check_averages
from dltrainer_jupyter.adapters.tensorflow.arrays import from_raw, to_raw
from dltrainer_jupyter.adapters.tensorflow.modes import in_mode
from dltrainer_jupyter.adapters.tensorflow.ops import TensorFlowOps
from dltrainer_jupyter.adapters.tensorflow.optimizers import set_rate
from dltrainer_jupyter.adapters.tensorflow.probabilities import Meaning
from dltrainer_jupyter.adapters.tensorflow.randomness import generators_of
from dltrainer_jupyter.adapters.tensorflow.state import (
    Variables,
    check_variables,
    load_variables,
    memory_of,
    others_in,
    save_variables,
    slots_of,
    weights_of,
)
from dltrainer_jupyter.adapters.tensorflow.steps import Step, describe_form, read_form
from dltrainer_jupyter.adapters.tensorflow.stretches import Stretches
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, FullState, NativeRecipe, Recipe, StepOutput, TrainState

if TYPE_CHECKING:
    import keras
    import numpy as np
    import numpy.typing as npt

_EXTRA = "$extra."
"""In front of the names of a recipe's own tensors; no optimizer is called that."""


class Training:
    """The steps of a recipe on its state.

    Parameters
    ----------
    recipe : Recipe
        What a step is. A portable one gets nets that know whether they are being trained; a native one gets the
        models themselves, and its ``eager``, if it has one and it is true, keeps its steps from being compiled.
    state : TrainState
        What is trained; its variables are changed in place.
    ops : TensorFlowOps
        What portable recipes are offered.
    shared : keras.random.SeedGenerator
        Of the run, for whatever draws without a generator of its own.
    apart : callable
        Gives a context in which Python code of the recipe runs.
    meaning : Meaning
        What the outputs that a step shows mean.
    """

    def __init__(
        self,
        recipe: Recipe,
        state: TrainState,
        ops: TensorFlowOps,
        shared: keras.random.SeedGenerator,
        apart: Callable[[], AbstractContextManager[Any]],
        *,
        meaning: Meaning,
    ) -> None:
        self.state = state
        self._recipe = recipe
        self._ops = ops
        self._shared = shared
        self._meaning = meaning
        self._native = isinstance(recipe, NativeRecipe)
        eager = bool(getattr(recipe, "eager", False))
        self.learn = Step(self._learn, apart, eager=eager)
        self.measure = Step(self._measure, apart, eager=eager)
        self.stretches = Stretches(self.learn, apart, partial(set_rate, state.optimizers.values()))
        self.measurements = Stretches(self.measure, apart)
        self._aside: dict[Any, tf.Tensor] = {}
        # Values of training while an evaluation uses their place, by the reference of their variable.

    # --- steps ----------------------------------------------------------------------------------------

    def train_step(self, batch: Batch) -> StepOutput:
        """Learn from one batch."""
        *shown, kept = self.learn(batch, self.extra)
        if kept:
            self.state.extra.update(kept)
        return _output(shown, batch.size)

    def train_steps(self, batches: Batch, steps: int, rates: npt.NDArray[np.float64] | None) -> StepOutput:
        """Learn from several batches, given as one, each with a learning rate of its own or the one in force."""
        if steps == 1:
            if rates is not None:
                set_rate(self.state.optimizers.values(), float(rates[0]))
            return self.train_step(batches)
        *shown, kept = self.stretches(batches, steps, self.extra, rates)
        self.state.extra.update(kept)
        return _output(shown, batches.size // steps, steps)

    def eval_step(self, batch: Batch) -> StepOutput:
        """Measure one batch."""
        *shown, _ = self.measure(batch, self.extra)
        return _output(shown, batch.size)

    def eval_steps(self, batches: Batch, steps: int) -> StepOutput:
        """Measure several batches, given as one."""
        if steps == 1:
            return self.eval_step(batches)
        *shown, _ = self.measurements(batches, steps, self.extra)
        return _output(shown, batches.size // steps, steps)

    def look(self, batch: Batch, extra: dict[str, Any]) -> None:
        """Compute what measuring does, for somebody who looks at the layers.

        With a native recipe only the nets are called: its own steps note what they measure.
        """
        if not self._native:
            self._measure(batch, extra)
            return
        for net in self.state.nets.values():
            net(batch.inputs, training=False)

    def loss(self, batch: Batch, extra: dict[str, Any]) -> Any:
        """Compute the loss of a batch as measuring does, for somebody who wants its gradients."""
        return self._measure(batch, extra)[0]

    @property
    def measured(self) -> StepOutput:
        """Specifications of what measuring gives, once it is traced."""
        *shown, _ = self.measure.results
        return _output(shown, 0)

    @property
    def extra(self) -> dict[str, tf.Tensor]:
        """Tensors that the recipe keeps; they go into each step and come out of it."""
        return {key: value for key, value in self.state.extra.items() if isinstance(value, tf.Tensor)}

    def _learn(self, batch: Batch, extra: dict[str, Any]) -> tuple[Any, ...]:
        state = self._seen(extra, training=True)
        follows = self._native and bool(state.averages)
        before = [tf.identity(optimizer.iterations) for optimizer in state.optimizers.values()] if follows else []
        state, output = self._recipe.train_step(state, batch, self._ops)
        if follows:
            self._follow(before)
        _refuse_other(state.extra, self.state.extra, extra)
        kept = {key: state.extra[key] for key in extra}
        shown = self._meaning.show_step(output)
        return *_shown(shown), kept

    def _measure(self, batch: Batch, extra: dict[str, Any]) -> tuple[Any, ...]:
        output = self._recipe.eval_step(self._seen(extra, training=False), batch, self._ops)
        shown = self._meaning.show_step(output)
        return *_shown(shown), extra

    def _seen(self, extra: dict[str, Any], *, training: bool) -> TrainState:
        nets = self.state.nets if self._native else in_mode(self.state.nets, training=training)
        return replace(self.state, nets=nets, extra={**self.state.extra, **extra})

    def _follow(self, before: list[tf.Tensor]) -> None:
        """Let averages follow where an optimizer of the recipe's own has made an update."""

        def follow() -> None:
            for average in self.state.averages.values():
                average.update()

        optimizers = self.state.optimizers.values()
        moved = [tf.not_equal(then, now.iterations) for then, now in zip(before, optimizers, strict=True)]
        tf.cond(tf.reduce_any(moved), follow, lambda: None)

    # --- variables ------------------------------------------------------------------------------------

    def weights(self) -> Variables:
        """Give the weights of all nets and their averages."""
        averages = self.state.averages.values()
        return weights_of(self.state.nets) | {k: v for average in averages for k, v in average.weights.items()}

    def others(self) -> Variables:
        """Give everything else that steps change, or draw from."""
        return self._mechanics() | self._memory()

    def _mechanics(self) -> Variables:
        """Give what belongs to updates."""
        found = slots_of(self.state) | self._ops.variables
        for average in self.state.averages.values():
            found |= average.counts
        return found

    def _memory(self) -> Variables:
        """Give what nets remember besides weights: seeds, metrics, and what only a graph knows."""
        found = memory_of(self.state.nets) | {"$shared": self._shared.state.value}
        known = (self.weights(), self._mechanics(), found)
        return found | others_in(self.learn.graph, [variable for part in known for variable in part.values()])

    # --- state ----------------------------------------------------------------------------------------

    def save(self) -> FullState:
        """Copy the state."""
        extra = self.extra
        others = save_variables(self.others(), self._aside)
        return FullState(
            weights=save_variables(self.weights(), self._aside),
            optimizer=others | {f"{_EXTRA}{key}": to_raw(value, key) for key, value in extra.items()},
            meta={
                "form": describe_form(self.learn.form),
                "extra": {key: value for key, value in self.state.extra.items() if key not in extra},
            },
        )

    def load(self, saved: FullState) -> None:
        """Go on from a state.

        Raises
        ------
        CheckpointError
            If it doesn't fit; nothing has been written then.
        """
        check_averages(apart(saved.weights)[1], wanted=bool(self.state.averages))
        weights = self.weights()
        check_variables(weights, saved.weights, "model")
        if saved.meta["form"] is not None:
            self.learn.trace(read_form(saved.meta["form"]))
        kept = {key: raw for key, raw in saved.optimizer.items() if not key.startswith(_EXTRA)}
        others = self.others()
        check_variables(others, kept, "optimizer")
        self._ops.check(kept)
        load_variables(weights, saved.weights)
        load_variables(others, kept)
        self.state.extra = saved.meta["extra"] | {
            key.removeprefix(_EXTRA): tf.convert_to_tensor(from_raw(raw))
            for key, raw in saved.optimizer.items()
            if key.startswith(_EXTRA)
        }

    @contextmanager
    def in_evaluation(self, seeds: Callable[[int], list[int]]) -> Iterator[None]:
        """Put averaged weights into the nets, and what evaluation draws or remembers out of training's way.

        Parameters
        ----------
        seeds : callable
            Gives the state in which a generator begins, by its position.
        """
        averaged = [pair for average in self.state.averages.values() for pair in average.pairs]
        drawn = [generator for net in self.state.nets.values() for generator in generators_of(net)]
        touched = [weight.value for weight, _ in averaged] + list(self._memory().values())
        before = [(variable, tf.identity(variable)) for variable in touched]
        self._aside = {variable.ref(): value for variable, value in before}
        try:
            for weight, average in averaged:
                weight.assign(average)
            for position, generator in enumerate([self._shared, *drawn]):
                generator.state.assign(seeds(position))
            yield
        finally:
            for variable, value in before:
                variable.assign(value)
            self._aside = {}


def _shown(output: StepOutput) -> tuple[Any, ...]:
    """Give what a graph shows of a step."""
    return output.loss, output.outputs, output.targets, output.terms, output.noted


def _output(shown: Sequence[Any], size: int, steps: int = 1) -> StepOutput:
    """Read what a graph shows of steps."""
    loss, outputs, targets, terms, noted = shown
    return StepOutput(loss, outputs, targets, size, steps, terms, noted)


def _refuse_other(after: Mapping[str, Any], before: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
    """Raise if a step changes what is no tensor: that would happen once, while it is traced, and be forgotten."""
    changed = sorted(
        key
        for key in after.keys() | before.keys()
        if (key not in after if key in tensors else after.get(key) is not before.get(key))
    )
    if changed:
        msg = (
            f"recipe: a step changes '{changed[0]}' of its extra state, which isn't kept as a tensor; put a number or "
            "an array there in build."
        )
        raise ConfigurationError(msg)
