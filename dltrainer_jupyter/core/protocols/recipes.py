"""What a learning algorithm offers, and what it is offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from dltrainer_jupyter.core.protocols.data import Signature
from dltrainer_jupyter.core.protocols.state import TrainState


class Batch(NamedTuple):
    """Some samples, on the device."""

    inputs: Any
    """A tensor, or a structure of tensors where a loader gives one."""
    targets: Any
    """None where a loader gives none, or something that isn't a pair."""
    size: int
    whole: Any = None
    """The batch in the structure its loader gave it; None for one that was cut from samples."""


class StepOutput(NamedTuple):
    """What a step gives back, or several made in one call; everything stays on the device until the recorder asks."""

    loss: Any
    """One number for each step, averaged over its batch; None where the recipe measures in another way."""
    outputs: Any
    """None where the recipe doesn't show them; metrics by name can't be measured then."""
    targets: Any
    size: int
    """Samples in a batch."""
    steps: int = 1
    """Where there are several, losses stand in their order, and outputs and targets are joined along the first axis."""
    terms: Mapping[str, Any] | None = None
    """What the loss is put together from, by name: numbers like it, each with a series of its own."""
    noted: Mapping[str, Any] | None = None
    """What metrics are computed on besides outputs, by the name of the layer that gave it."""


LossFunction = Callable[[Mapping[str, Any]], tuple[Any, Any]]
"""Receives the nets by name (and never closes over them); returns the loss and the outputs."""


class Ops(Protocol):
    """The dozen operations a portable recipe uses; never a tensor library."""

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        """Compute the loss and its gradient with respect to one net, and let one optimizer apply it.

        Returns the state, the loss and the outputs.
        """


@runtime_checkable
class Recipe(Protocol):
    """A learning algorithm."""

    def build(self, context: BuildContext) -> TrainState:
        """Make the nets and optimizers."""

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Learn from one batch."""

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:
        """Measure on one batch, changing nothing."""


class Course(NamedTuple):
    """Where a training stands."""

    epoch: int
    """Counted from 1."""
    epochs: int
    step: int
    """Steps made."""
    consumed: int
    """Batches consumed in this epoch."""
    steps_per_epoch: int | None
    """None while it isn't known."""
    validates: bool
    """Whether there is validation data."""


@runtime_checkable
class Follower(Protocol):
    """Somebody who is told where the training stands, measures by itself, and has a state of its own."""

    def begin(self, state: TrainState, course: Course) -> None:
        """Prepare for steps, of a fresh training or of one that goes on from a saved state."""

    def begin_epoch(self, state: TrainState, course: Course) -> None:
        """Prepare for an epoch; not called where training goes on in the middle of one."""

    def begin_validation(self, state: TrainState, course: Course) -> None:
        """Prepare for validation, inside ``Adapter.evaluation``."""

    def end_validation(self, state: TrainState, course: Course) -> Mapping[str, float]:
        """Close the validation; give what was measured, under the names people read (``val_accuracy``)."""

    def end_epoch(self, state: TrainState, course: Course) -> Mapping[str, float]:
        """Close the epoch, after its validation; give what was measured in training."""

    def end(self, state: TrainState, course: Course) -> None:
        """Close the training, after the last epoch and before its last checkpoint."""

    def own_rate(self, state: TrainState) -> float | None:
        """Give the learning rate where the recipe sets it itself; None where the loop's schedule does."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on, at any step: NumPy arrays and JSON types."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; nets and optimizers have theirs already."""


@runtime_checkable
class NativeRecipe(Recipe, Follower, Protocol):
    """A recipe of a framework's own code, which knows about epochs."""


class Objective(Protocol):
    """What is minimised: several losses and regularizations, some of them of layers' results or of parameters."""

    def begin(self, model: Any) -> None:
        """Receive the model once it is built."""

    def __call__(self, net: Any, inputs: Any, targets: Any, call: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
        """Compute the loss of a batch with a net that ``call(net, inputs)`` calls.

        Returns the loss, and ``outputs``, ``terms`` and ``noted`` as :class:`StepOutput` has them.
        """


@runtime_checkable
class Composes(Protocol):
    """What a context has besides if it can put several losses and regularizations together."""

    def composition(self) -> Objective | None:
        """Build what is minimised where it is more than one loss of outputs and targets, else give None."""


class BuildContext(Protocol):
    """What an adapter offers a recipe that builds its nets."""

    signature: Signature

    def model(self) -> Any:
        """Build the model the specification names, or take the user's own."""

    def optimizer(self, net: Any) -> Any:
        """Build the optimizer for a net, or take the user's own."""

    def loss(self) -> Callable[[Any, Any], Any]:
        """Build the loss: a function of outputs and targets."""
