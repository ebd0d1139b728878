"""The port for plug-ins that own their whole loop: state as the files they save, and nothing else of a framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from dltrainer_jupyter.adapters.own_loop import files
from dltrainer_jupyter.adapters.own_loop.refusals import lacking, refusals
from dltrainer_jupyter.adapters.shared.parts import part_by_name
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import (
    Batch,
    FullState,
    NamedArrays,
    Recipe,
    Signature,
    StepOutput,
    TrainState,
)
from dltrainer_jupyter.core.spec import RunSpec


class OwnLoopAdapter:
    """One trainer's hold on a plug-in.

    Parameters
    ----------
    spec : RunSpec
        Names the plug-in as its model.
    owns_process : bool
        Makes no difference.
    """

    ops = None

    def __init__(self, spec: RunSpec, *, owns_process: bool) -> None:  # noqa: ARG002 - the port's signature
        self._spec = spec

    def open(self) -> dict[str, Any]:
        """Refuse what only the loop could do, for whoever comes here without the check before a run.

        Raises
        ------
        ConfigurationError
            Names the setting.
        """
        for msg in refusals(self._spec).values():
            raise ConfigurationError(msg)
        return {"device": "chosen by the plug-in"}

    def close(self) -> None:
        """Give nothing back, since nothing was taken."""

    # --- building -----------------------------------------------------------------------------------

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:  # noqa: ARG002
        """Make the plug-in."""
        return recipe.build(_Context(self._spec, signature))  # type: ignore[arg-type] # it has no optimizer, no loss

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with what another run saved."""
        files.load(state.nets["model"], weights)

    def learning_rate(self, state: TrainState) -> float | None:  # noqa: ARG002 - the port's signature
        """Tell none: it is the plug-in's own affair."""
        return None

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Set none."""

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> int | None:  # noqa: ARG002
        """Try nothing: a piece of work can't be undone."""
        return None

    def inexact_because(self) -> str | None:
        """Say why a resumed run is another one."""
        return "the plug-in owns its loop, and goes on from what it saves at the end of an epoch"

    # --- data ---------------------------------------------------------------------------------------

    def place(self, samples: Any) -> Any:
        """Leave them where they are."""
        return samples

    def order(self, placed: Any, indices: Any) -> Any:  # noqa: ARG002 - the port's signature
        """Leave it where it is."""
        return indices

    def batch(self, placed: Any, order: Any, start: int, stop: int) -> Batch:
        """Cut a batch."""
        picked = order[start:stop]
        return Batch(placed.inputs[picked], placed.targets[picked], stop - start)

    def to_batch(self, whole: Any) -> Batch:
        """Take a report as it is."""
        return Batch(whole, None, 1, whole)

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:  # noqa: ARG002 - refused
        """Give it back."""
        return batch

    # --- steps --------------------------------------------------------------------------------------

    def train_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[TrainState, StepOutput]:
        """Take note of a piece of work that was done."""
        return recipe.train_step(state, batch, self.ops)  # type: ignore[arg-type] # it has no operations

    @contextmanager
    def evaluation(self, state: TrainState) -> Iterator[TrainState]:
        """Leave the plug-in as it is."""
        yield state

    def eval_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> StepOutput:
        """Let the plug-in validate."""
        return recipe.eval_step(state, batch, self.ops)  # type: ignore[arg-type] # as above

    # --- to the host --------------------------------------------------------------------------------

    def losses(self, values: Sequence[Any]) -> Any:
        """Put losses into one array."""
        return np.concatenate([np.atleast_1d(np.asarray(value, np.float32)) for value in values])

    def arrays(self, values: Sequence[Any]) -> Any:
        """Join batches."""
        return np.concatenate(values)

    def tensors(self, array: Any) -> Any:
        """Give it as it is."""
        return array

    # --- state --------------------------------------------------------------------------------------

    def save(self, state: TrainState) -> FullState:
        """Let the plug-in save itself."""
        return FullState(files.saved(state.nets["model"]), {}, {})

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Let the plug-in load what it saved."""
        files.load(state.nets["model"], saved.weights)
        return state

    @classmethod
    def predictor(
        cls,
        spec: RunSpec,
        objects: Mapping[str, Any],  # noqa: ARG003 - the port's signature
        signature: Signature,
        weights: NamedArrays,
    ) -> OwnLoopPredictor:
        """Make a plug-in of its own from what one saved."""
        plug_in = _Context(spec, signature).model()
        files.load(plug_in, weights)
        return OwnLoopPredictor(plug_in)


class OwnLoopPredictor:
    """A plug-in of its own, for inference only."""

    def __init__(self, plug_in: Any) -> None:
        self.model = self.native = plug_in

    def outputs(self, inputs: Any) -> Any:
        """Let it infer."""
        return np.asarray(self.model.infer(inputs))


class _Context:
    """What the recipe is offered: the plug-in."""

    def __init__(self, spec: RunSpec, signature: Signature) -> None:
        self._spec = spec
        self.signature = signature

    def model(self) -> Any:
        """Make the plug-in.

        Raises
        ------
        ConfigurationError
            If it lacks a method.
        """
        plug_in = part_by_name("models", self._spec.model, "model")
        if lacks := lacking(plug_in):
            msg = (
                f"model: '{self._spec.model}' doesn't own its loop: it lacks {', '.join(lacks)}; leave framework "
                "own_loop out."
            )
            raise ConfigurationError(msg)
        plug_in.signature = self.signature
        return plug_in
