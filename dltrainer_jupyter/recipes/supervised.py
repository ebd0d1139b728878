"""Supervised learning: outputs compared with targets; classification and regression, on every framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter.core.protocols import Batch, BuildContext, Ops, StepOutput, TrainState


class Supervised:
    """One net, one optimizer, one loss.

    Parameters
    ----------
    config : Supervised.Config
        There is nothing to set yet.

    Attributes
    ----------
    only_updates : bool
        Steps are nothing but ``ops.update``, so that whoever computes that may compile it.
    """

    only_updates: ClassVar[bool] = True

    class Config(BaseModel):
        """Settings."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._loss: Callable[[Any, Any], Any]

    def build(self, context: BuildContext) -> TrainState:
        """Make the net and its optimizer."""
        self._loss = context.loss()
        model = context.model()
        return TrainState(nets={"model": model}, optimizers={"optimizer": context.optimizer(model)})

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Learn from one batch."""

        def objective(nets: Mapping[str, Any]) -> tuple[Any, Any]:
            outputs = nets["model"](batch.inputs)
            return self._loss(outputs, batch.targets), outputs

        state, loss, outputs = ops.update(state, objective, wrt="model", using="optimizer")
        return state, StepOutput(loss, outputs, batch.targets, batch.size)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:  # noqa: ARG002 - the protocol's
        """Measure on one batch."""
        outputs = state.nets["model"](batch.inputs)
        return StepOutput(self._loss(outputs, batch.targets), outputs, batch.targets, batch.size)
