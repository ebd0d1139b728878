"""A plug-in that owns its whole loop, driven piece by piece so that it answers to the same verbs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import (
    Batch,
    BuildContext,
    Course,
    Dataset,
    Ops,
    ResumeKind,
    StepOutput,
    TrainState,
)

_LOSS = "loss"


class OwnLoop:
    """Lets a plug-in train by itself and takes note of what it reports.

    Its ``train(data, epoch)`` is a generator: it does a piece of its work, however large, and yields a mapping of
    numbers, ``loss`` among them. Each yield is a step: between two of them a run is paused, stopped or saved.
    ``validate(data)`` gives a mapping of numbers; ``save_checkpoint(folder)`` and ``load_checkpoint(folder)`` write and
    read files; ``infer(inputs)`` gives outputs.

    Examples
    --------
    >>> tal.train(model="my_detector", data="shapes", framework="own_loop")  # doctest: +SKIP
    """

    description: ClassVar[str] = "A plug-in that owns its whole loop: train, validate, infer, save and load."
    limits: ClassVar[str] = (
        "The plug-in owns its loop: the run pauses and stops between the pieces of work it reports, a resume begins "
        "with the epoch that was cut short, and is not bit-exact; the order of samples, optimizer, learning rate, "
        "precision and metrics are the plug-in's own, and the learning rate can't be set while it trains."
    )

    class Config(BaseModel, frozen=True, extra="forbid"):
        """There is nothing to set: the plug-in says it all."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._plug_in: Any = None
        self._reported: dict[str, list[float]] = {}
        self._validated: dict[str, float] = {}

    def take_data(self, dataset: Dataset) -> Dataset:
        """Put the plug-in's own course through the data in the place of ours."""
        held_back: Any = None if dataset.validation is None else _Whole(None, dataset.validation)
        return replace(dataset, train=_Pieces(self, dataset.train), validation=held_back)

    def pieces(self, data: Any, epoch: int) -> Iterator[Mapping[str, Any]]:
        """Let the plug-in work through an epoch."""
        yield from self._plug_in.train(data, epoch)

    # --- steps ----------------------------------------------------------------------------------------

    def build(self, context: BuildContext) -> TrainState:
        """Make the plug-in."""
        self._plug_in = context.model()
        return TrainState(nets={"model": self._plug_in})

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:  # noqa: ARG002
        """Take note of what was reported."""
        values = numbers(batch.inputs, "train")
        loss = values.pop(_LOSS, None)
        if loss is None:
            msg = f"train: expected a 'loss' among the numbers it yields, got {', '.join(values) or 'none'}."
            raise ConfigurationError(msg)
        for name, value in values.items():
            self._reported.setdefault(name, []).append(value)
        return state, StepOutput(loss, None, None, 1)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:  # noqa: ARG002 - the protocol's
        """Let the plug-in validate."""
        self._validated = numbers(state.nets["model"].validate(batch.inputs), "validate")
        loss = self._validated.pop(_LOSS, None)
        return StepOutput(loss, None, None, 1)

    # --- the course -----------------------------------------------------------------------------------

    def begin(self, state: TrainState, course: Course) -> None:
        """Prepare nothing."""

    def begin_epoch(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Forget what was reported of the epoch before."""
        self._reported = {}

    def begin_validation(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - as above
        """Forget what was found before."""
        self._validated = {}

    def end_validation(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - as above
        """Give what the plug-in found."""
        return {f"val_{name}": value for name, value in self._validated.items()}

    def end_epoch(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - as above
        """Give the means of what it reported."""
        return {f"train_{name}": sum(values) / len(values) for name, values in self._reported.items()}

    def end(self, state: TrainState, course: Course) -> None:
        """Close nothing."""

    def own_rate(self, state: TrainState) -> float | None:  # noqa: ARG002 - as above
        """Tell none."""
        return None

    def state(self) -> dict[str, Any]:
        """Give what was reported of the epoch so far."""
        return {"reported": {name: list(values) for name, values in self._reported.items()}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._reported = {name: list(values) for name, values in state["reported"].items()}


class _Pieces:
    """The plug-in's way through the training data, as a stream of what it reports."""

    resume: ResumeKind = "epoch"
    steps_per_epoch: int | None = None

    def __init__(self, recipe: OwnLoop | None, data: Any) -> None:
        self._recipe = recipe
        self._data = data
        self.first: Any = {_LOSS: math.nan}

    def epoch(self, epoch: int, consumed: int) -> Iterator[Any]:  # noqa: ARG002 - an epoch begins anew
        assert self._recipe is not None  # noqa: S101 - of what is trained on
        return self._recipe.pieces(self._data, epoch)

    def state(self) -> dict[str, Any]:
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        pass

    def inexact_because(self) -> str | None:
        return None

    def close(self) -> None:
        close = getattr(self._data, "close", None)
        if callable(close):
            close()


class _Whole(_Pieces):
    """What is held back, given to the plug-in as a whole."""

    resume: ResumeKind = "exact"
    steps_per_epoch = 1

    def epoch(self, epoch: int, consumed: int) -> Iterator[Any]:  # noqa: ARG002 - there is one
        yield self._data


def numbers(given: Any, method: str) -> dict[str, float]:
    """Check what a plug-in reports.

    Raises
    ------
    ConfigurationError
        If it isn't a mapping of numbers by name.
    """
    if isinstance(given, Mapping) and all(isinstance(name, str) for name in given):
        try:
            return {name: float(value) for name, value in given.items()}
        except (TypeError, ValueError):
            pass
    msg = f"{method}: expected a mapping of numbers such as {{'loss': 0.5}}, got {brief(given)}."
    raise ConfigurationError(msg)
