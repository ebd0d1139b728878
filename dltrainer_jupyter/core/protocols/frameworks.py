"""The port to a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from dltrainer_jupyter.core.protocols.data import Samples, Signature
from dltrainer_jupyter.core.protocols.measures import Interval, ScheduleRates
from dltrainer_jupyter.core.protocols.recipes import Batch, Ops, Recipe, StepOutput
from dltrainer_jupyter.core.protocols.state import FullState, NamedArrays, TrainState

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols.state import Array
    from dltrainer_jupyter.core.spec import RunSpec


class Predictor(Protocol):
    """A model of its own, for inference only."""

    @property
    def native(self) -> Any:
        """The framework's own object, in evaluation mode: a module or a model; whole once outputs were computed."""

    def outputs(self, inputs: Any) -> Array:
        """Compute raw outputs for preprocessed inputs, shape (n, *input_shape), or structures of several such."""


class Adapter(Protocol):
    """The port to a framework; one object a trainer, used on the trainer's thread only."""

    ops: Ops

    # The machine.

    def open(self) -> dict[str, Any]:
        """Choose device and threads; return what exactness depends on, recorded with the attempt."""

    def close(self) -> None:
        """Give back what was taken."""

    # Building.

    def build(self, recipe: Recipe, objects: Mapping[str, Any], signature: Signature) -> TrainState:
        """Build nets and optimizers under the run's own generators."""

    def begin_with(self, state: TrainState, weights: NamedArrays) -> None:
        """Begin with these weights instead of fresh ones; optimizers stay fresh."""

    def learning_rate(self, state: TrainState) -> float | None:
        """Give the base rate: the specification's, or the one the user's own optimizer came with.

        None where the optimizer follows a schedule of its own, which nobody sets from outside.
        """

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> Any:
        """Try the model on one batch without changing anything; raise with both shapes if they don't fit.

        Returns
        -------
        int, structure of int, or None
            How many classes or values an output has, or each of several; None where the recipe shows no outputs.
        """

    def inexact_because(self) -> str | None:
        """Say why a resumed run would not be bit-identical, or None if it would; known after ``check``."""

    # Data.

    def place(self, samples: Samples) -> Any:
        """Bring samples to the device where they fit, else to where batches are cut from them."""

    def order(self, placed: Any, indices: npt.NDArray[np.int64]) -> Any:
        """Bring an order of samples to where ``batch`` wants it."""

    def batch(self, placed: Any, order: Any, start: int, stop: int) -> Batch:
        """Cut the batch of samples ``order[start:stop]``."""

    def to_batch(self, whole: Any) -> Batch:
        """Bring a batch that a loader made to the device.

        Of a pair the first is the inputs and the second the targets; of anything else all is inputs.
        """

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch at random as the specification says: a function of seed, epoch and batch number."""

    # Steps.

    def train_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[TrainState, StepOutput]:
        """Make one step."""

    def evaluation(self, state: TrainState) -> AbstractContextManager[TrainState]:
        """Put the nets into evaluation mode, and back into the modes they were in.

        Gives the state to measure, in which averaged nets take the place of those in training.
        """

    def eval_step(self, recipe: Recipe, state: TrainState, batch: Batch) -> StepOutput:
        """Measure one batch, inside ``evaluation``."""

    def set_learning_rate(self, state: TrainState, rate: float) -> None:
        """Use this rate from the next step on."""

    # To the host.

    def losses(self, values: Sequence[Any]) -> npt.NDArray[np.float32]:
        """Bring losses to the host in one transfer."""

    def arrays(self, values: Sequence[Any]) -> Array:
        """Bring batches of outputs or targets to the host in one transfer, joined along the first axis."""

    def tensors(self, array: Array) -> Any:
        """Give an array as the framework's own, for metric objects that expect it."""

    # State.

    def save(self, state: TrainState) -> FullState:
        """Copy the state; later steps don't change the copy. ``meta`` holds the framework's RNG and options.

        In the middle of an ``evaluation`` it is the state of the training, as it was when that began.
        """

    def load(self, state: TrainState, saved: FullState) -> TrainState:
        """Put a saved state into a freshly built one.

        Raises
        ------
        CheckpointError
            If names or shapes differ; the message says which.
        """

    @classmethod
    def predictor(
        cls, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays
    ) -> Predictor:
        """Build a model of its own with these weights, in evaluation mode."""


class Stretch(NamedTuple):
    """Full batches that follow each other in an order of samples."""

    placed: Any
    """What :meth:`Adapter.place` gave."""
    order: Any
    """What :meth:`Adapter.order` gave."""
    start: int
    """Where in the order the first batch begins."""
    size: int
    """Samples in each batch."""
    steps: int
    """How many batches."""


@runtime_checkable
class SeveralSteps(Protocol):
    """What an adapter has besides if it can make several steps in one call into its framework.

    Where steps are short, most of their time goes into the calls. Any split of the same steps into calls must give the
    same bits: how many are made at once is chosen by the time they take. Keras calls that number
    ``steps_per_execution``, and there a person chooses it.
    """

    def most_steps(self) -> int:
        """Say how many steps one call can hold; 1 where they are better made one by one.

        Known after :meth:`Adapter.check`, and the same for every trainer of a run.
        """

    def train_steps(
        self, recipe: Recipe, state: TrainState, stretch: Stretch, rates: npt.NDArray[np.float64] | None
    ) -> tuple[TrainState, StepOutput]:
        """Make the steps of a stretch, and return when they are made.

        Parameters
        ----------
        recipe : Recipe
            What a step is.
        state : TrainState
            What learns.
        stretch : Stretch
            Its batches, at most ``most_steps`` of them.
        rates : numpy.ndarray of float64, shape (stretch.steps,), optional
            The learning rate of each step, set before it, and left at the last; if left out it stays as it is.
        """


@runtime_checkable
class SeveralBatches(Protocol):
    """What an adapter has besides if it can measure several batches in one call into its framework.

    As with :class:`SeveralSteps`, any split of the same batches into calls must give the same bits.
    """

    def most_batches(self) -> int:
        """Say how many batches one call can hold; 1 where they are better measured one by one.

        Known after :meth:`Adapter.check`.
        """

    def eval_steps(self, recipe: Recipe, state: TrainState, stretch: Stretch) -> StepOutput:
        """Measure the batches of a stretch, inside ``evaluation``, and return when that is done.

        Parameters
        ----------
        recipe : Recipe
            What is measured.
        state : TrainState
            What :meth:`Adapter.evaluation` gave.
        stretch : Stretch
            The batches, at most ``most_batches`` of them.
        """


@runtime_checkable
class Lends(Protocol):
    """What an adapter has besides if factories of a person's own may receive what was built."""

    def lent(self, state: TrainState) -> dict[str, Any]:
        """Give the ``model``, and an ``optimizer`` for a scheduler to be made of, where there is such a thing."""

    def rates(self, state: TrainState, given: Any, interval: Interval | None) -> ScheduleRates | None:
        """Give the rates of a schedule of the framework's own; None for what is none."""
