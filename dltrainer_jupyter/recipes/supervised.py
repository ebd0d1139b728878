"""Supervised learning: outputs compared with targets; classification and regression, on every framework.

What is minimised is one loss, or several losses and regularizations, which the framework's adapter puts together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.protocols import Batch, BuildContext, Composes, Objective, Ops, StepOutput, TrainState


class Supervised:
    """One net, one optimizer, one loss or several as one.

    Parameters
    ----------
    config : Supervised.Config
        There is nothing to set yet.

    Attributes
    ----------
    only_updates : bool
        Steps are nothing but ``ops.update``, so that whoever computes that may compile it.
    composes : bool
        It asks for what is minimised as a whole, with regularizations and terms on layers' results.
    """

    only_updates: ClassVar[bool] = True
    composes: ClassVar[bool] = True

    class Config(BaseModel):
        """Settings."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._loss: Callable[[Any, Any], Any]
        self._objective: Objective | None = None

    def build(self, context: BuildContext) -> TrainState:
        """Make the net and its optimizer."""
        self._objective = context.composition() if isinstance(context, Composes) else None
        if self._objective is None:
            self._loss = context.loss()
        model = context.model()
        if self._objective is not None:
            self._objective.begin(model)
        return TrainState(nets={"model": model}, optimizers={"optimizer": context.optimizer(model)})

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Learn from one batch."""
        if self._objective is not None:
            return self._learn_composed(self._objective, state, batch, ops)

        def objective(nets: Mapping[str, Any]) -> tuple[Any, Any]:
            outputs = called(nets["model"], batch.inputs)
            return self._loss(outputs, batch.targets), outputs

        state, loss, outputs = ops.update(state, objective, wrt="model", using="optimizer")
        return state, StepOutput(loss, outputs, batch.targets, batch.size)

    def _learn_composed(
        self, composed: Objective, state: TrainState, batch: Batch, ops: Ops
    ) -> tuple[TrainState, StepOutput]:
        def objective(nets: Mapping[str, Any]) -> tuple[Any, Any]:
            return composed(nets["model"], batch.inputs, batch.targets, called)

        state, loss, (outputs, terms, noted) = ops.update(state, objective, wrt="model", using="optimizer")
        return state, StepOutput(loss, outputs, batch.targets, batch.size, terms=terms, noted=noted)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:  # noqa: ARG002 - the protocol's
        """Measure on one batch."""
        if self._objective is not None:
            loss, seen = self._objective(state.nets["model"], batch.inputs, batch.targets, called)
            outputs, terms, noted = seen
            return StepOutput(loss, outputs, batch.targets, batch.size, terms=terms, noted=noted)
        outputs = called(state.nets["model"], batch.inputs)
        return StepOutput(self._loss(outputs, batch.targets), outputs, batch.targets, batch.size)
