"""The recipe ``lightning``: a ``LightningModule`` with its own steps, optimizers, schedulers, hooks and logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter.core.protocols import Batch, BuildContext, Course, Ops, StepOutput, TrainState
from dltrainer_jupyter.core.spec import RunSpec

if TYPE_CHECKING:
    from dltrainer_jupyter.recipes.lightning.fit import Fit
    from dltrainer_jupyter.recipes.lightning.optimization import Pieces


class Lightning:
    """Trains a ``LightningModule`` in the order in which Lightning's Trainer would.

    Parameters
    ----------
    config : Lightning.Config
        There is nothing to set: the module says it all.
    """

    class Config(BaseModel):
        """Settings."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._spec: RunSpec | None = None
        self._course: Course | None = None
        self._datamodule: Any = None
        self._fit: Fit

    @classmethod
    def check_model(cls, model: Any, spec: RunSpec) -> None:
        """Refuse by name what can't be done for a module; called before a run is recorded.

        Raises
        ------
        ConfigurationError
            Says what, and what to do instead.
        """
        from dltrainer_jupyter.recipes.lightning.refusals import check_model

        check_model(model, spec)

    def prepare(self, spec: RunSpec, course: Course, objects: Mapping[str, Any]) -> None:
        """Take in what is known before anything is built: a scheduler may ask for the number of steps."""
        self._spec, self._course = spec, course
        data = objects.get("data")
        self._datamodule = data if callable(getattr(data, "train_dataloader", None)) else None

    def build(self, context: BuildContext) -> TrainState:
        """Set the module up, and let it make its optimizers."""
        from dltrainer_jupyter.recipes.lightning.fit import Fit

        self._fit = Fit(context.model(), spec=self._spec, course=self._course, datamodule=self._datamodule)
        return TrainState(nets={"model": self._fit.module}, optimizers=self._fit.optimizers)

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Let the module learn from a batch."""
        self._fit.serve(state, cast("Pieces", ops))
        return state, StepOutput(self._fit.train_batch(batch), None, None, batch.size)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:
        """Let the module measure a batch; outside a validation there is nothing it could be asked."""
        self._fit.serve(state, cast("Pieces", ops))
        self._fit.validate_batch(batch)
        return StepOutput(None, None, None, batch.size)

    def begin(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Call what comes before the first step."""
        self._fit.begin(course)

    def follow(self, course: Course) -> None:
        """Take in that the training has another length from here on."""
        self._fit.follow(course)

    def length_in_use(self) -> str | None:
        """Say why the training can't have another length from here on; None if it can."""
        return self._fit.length_in_use()

    def begin_epoch(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Call what comes before an epoch."""
        self._fit.begin_epoch(course)

    def begin_validation(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Call what comes before a validation."""
        self._fit.begin_validation()

    def end_validation(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - the protocol's
        """Close a validation; give what the module logged in it."""
        return self._fit.end_validation()

    def end_epoch(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - the protocol's
        """Close an epoch; give what the module logged in training."""
        return self._fit.end_epoch()

    def end(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Call what comes after the last step."""
        self._fit.end()

    def own_rate(self, state: TrainState) -> float | None:  # noqa: ARG002 - the protocol's
        """Give the learning rate of the first optimizer, where the module sets it; None where nobody but us does."""
        return self._fit.own_rate

    def inexact_because(self) -> str | None:
        """Say what of the module changes in training and is in no checkpoint; known once it has changed."""
        return self._fit.inexact_because()

    def state(self) -> dict[str, Any]:
        """Give what is logged so far, schedulers, counters and changed attributes."""
        return self._fit.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state, once training begins."""
        self._fit.load_state(state)
