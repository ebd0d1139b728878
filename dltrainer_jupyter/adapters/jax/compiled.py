"""The two kinds of step, each compiled as a whole: once a shape of batch, for as long as the run lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax

from dltrainer_jupyter.adapters.jax.arrays import strongly_typed
from dltrainer_jupyter.adapters.jax.averages import Average
from dltrainer_jupyter.adapters.jax.nets import Net, forget_intermediates
from dltrainer_jupyter.adapters.jax.precision import computing
from dltrainer_jupyter.adapters.jax.shown import Shown
from dltrainer_jupyter.adapters.jax.state import split_extra
from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Ops, Recipe, StepOutput, TrainState


class Arrays(NamedTuple):
    """Everything of a training that a step exchanges; its memory is given to the step, which writes into it."""

    nets: dict[str, list[Any]]
    averages: dict[str, tuple[list[Any], Any]]
    optimizers: dict[str, dict[str, Any]]
    extra: dict[str, Any]

    def put_into(self, state: TrainState) -> None:
        """Let a state hold these."""
        for name, net in state.nets.items():
            net.values = self.nets[name]
        for name, average in state.averages.items():
            average.net.values, average.updates = self.averages[name]
        for name, optimizer in state.optimizers.items():
            optimizer.kept = self.optimizers[name]
        state.extra = self.extra | split_extra(state.extra)[1]


class Steps:
    """A recipe's steps, compiled.

    What Python does in a recipe, a model or a loss happens once, while a step is traced; only what is computed with
    arrays happens in each step. Nothing here waits for the device.

    Parameters
    ----------
    recipe : Recipe
        Whose steps.
    ops : Ops
        What it is offered.
    precision : str
        In which nets compute.

    Attributes
    ----------
    compiled : callable
        Makes a step of arrays, inputs, targets and structure of a batch, and its size; gives arrays, and what it shows.
    measuring : callable
        Measures, by the nets' values and the recipe's arrays, such a batch; gives what that shows.
    """

    def __init__(self, recipe: Recipe, ops: Ops, precision: str) -> None:
        self._recipe = recipe
        self._ops = ops
        self._precision = precision
        self._built: TrainState
        self.compiled = jax.jit(self._traced_learning, static_argnames="size", donate_argnums=0)
        self.measuring = jax.jit(self._traced_measuring, static_argnames="size")

    def learn(self, state: TrainState, batch: Batch) -> StepOutput:
        """Make one step; the state holds what it computes."""
        computed: tuple[Arrays, Shown] = self.compiled(self.taken(state), _given(batch), size=batch.size)
        arrays, shown = computed
        arrays.put_into(state)
        return shown.output(batch.size)

    def measure(self, state: TrainState, batch: Batch) -> StepOutput:
        """Measure one batch; nothing changes."""
        shown: Shown = self.measuring(*self.shown_to(state), _given(batch), size=batch.size)
        return shown.output(batch.size)

    def traced(self, state: TrainState, batch: Batch) -> jax.stages.Traced:
        """Trace a step, as making one would; nothing is compiled or computed."""
        return self.compiled.trace(self.taken(state), _given(batch), size=batch.size)

    def traced_measuring(self, state: TrainState, batch: Batch) -> jax.stages.Traced:
        """Trace measuring a batch; nothing is compiled or computed."""
        return self.measuring.trace(*self.shown_to(state), _given(batch), size=batch.size)

    def taken(self, state: TrainState) -> Arrays:
        """Take the arrays of a state, for :attr:`compiled`, which gives them back changed."""
        self._built = state
        return Arrays(
            {name: net.values for name, net in state.nets.items()},
            {name: (average.net.values, average.updates) for name, average in state.averages.items()},
            {name: optimizer.kept for name, optimizer in state.optimizers.items()},
            split_extra(state.extra)[0],
        )

    def shown_to(self, state: TrainState) -> tuple[dict[str, list[Any]], dict[str, Any]]:
        """Take what :attr:`measuring` looks at."""
        self._built = state
        return {name: net.values for name, net in state.nets.items()}, split_extra(state.extra)[0]

    # --- what is traced -------------------------------------------------------------------------------

    def _traced_learning(self, arrays: Arrays, given: tuple[Any, Any, Any], *, size: int) -> tuple[Arrays, Shown]:
        built = self._built
        state = TrainState(
            nets=self._modules(built.nets, arrays.nets, training=True),
            optimizers={
                name: replace(optimizer, kept=arrays.optimizers[name]) for name, optimizer in built.optimizers.items()
            },
            extra=self._extra(arrays.extra),
            averages={
                name: Average(average.net.module(arrays.averages[name][0]), arrays.averages[name][1])
                for name, average in built.averages.items()
            },
        )
        inputs, targets, whole = given
        state, output = self._recipe.train_step(state, Batch(inputs, targets, size, whole), self._ops)
        for name in built.nets:
            forget_intermediates(state.nets[name].module)
        extra, static = split_extra(state.extra)
        _refuse_other(static, split_extra(built.extra)[1])
        after = Arrays(
            {name: net.values_of(state.nets[name].module) for name, net in built.nets.items()},
            {
                name: (average.net.values_of(state.averages[name].net), state.averages[name].updates)
                for name, average in built.averages.items()
            },
            {name: optimizer.kept for name, optimizer in state.optimizers.items()},
            jax.tree.map(jax.numpy.asarray, extra),
        )
        return strongly_typed(after), _arrays_of(output)

    def _traced_measuring(
        self, nets: dict[str, list[Any]], extra: dict[str, Any], given: tuple[Any, Any, Any], *, size: int
    ) -> Shown:
        return _arrays_of(self.measured(nets, extra, given, size))

    def measured(
        self,
        nets: dict[str, list[Any]],
        extra: dict[str, Any],
        given: tuple[Any, Any, Any],
        size: int,
        prepare: Callable[[str, Any], None] | None = None,
    ) -> StepOutput:
        """Measure a batch, as it is traced; ``prepare`` is given each net by its name before."""
        inputs, targets, whole = given
        modules = self._modules(self._built.nets, nets, training=False, prepare=prepare)
        state = TrainState(nets=modules, extra=self._extra(extra))
        return self._recipe.eval_step(state, Batch(inputs, targets, size, whole), self._ops)

    def _modules(
        self,
        nets: dict[str, Net],
        values: dict[str, list[Any]],
        *,
        training: bool,
        prepare: Callable[[str, Any], None] | None = None,
    ) -> dict[str, Any]:
        modules = {name: net.module(values[name]) for name, net in nets.items()}
        for name, module in modules.items():
            # Of modules made for this trace alone: no mode has to be put back.
            nets[name].set_mode(module, training=training)
            if prepare is not None:
                prepare(name, module)
        return {name: computing(module, self._precision) for name, module in modules.items()}

    def _extra(self, arrays: dict[str, Any]) -> dict[str, Any]:
        return arrays | split_extra(self._built.extra)[1]


def _given(batch: Batch) -> tuple[Any, Any, Any]:
    return batch.inputs, batch.targets, batch.whole


def _arrays_of(output: StepOutput) -> Shown:
    for what, value in (("model", output.outputs), ("loss", output.loss)):
        several = what == "model" and is_several(value) and all(map(_is_array, jax.tree.leaves(value)))
        if not several and not isinstance(value, jax.Array | None):
            msg = f"{what}: expected an array, got {type(value).__name__}."
            raise ConfigurationError(msg)
    return Shown(output.loss, output.outputs, output.targets, output.terms, output.noted)


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.Array)


def _refuse_other(static: dict[str, Any], before: dict[str, Any]) -> None:
    """Raise if a step changes what is no array: that would happen once, while it is traced."""
    changed = sorted(key for key in static.keys() | before.keys() if static.get(key) is not before.get(key))
    if changed:
        msg = f"recipe: a step changes '{changed[0]}' of its extra state, which is no array; keep it as one."
        raise ConfigurationError(msg)
