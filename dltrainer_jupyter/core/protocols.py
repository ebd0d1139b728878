"""The seams of the house: what a part must offer so that the loop can work with it.

Nothing here is inherited from; a class fits by its shape. Arrays are NumPy's on this side of the
adapter and the framework's own (``Any``) on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dltrainer_jupyter.core.spec import RunSpec

    Array = npt.NDArray[Any]

Task = Literal["classification", "regression"]
ResumeKind = Literal["exact", "replay", "epoch"]
"""How data can be taken up again in the middle of an epoch: at the very batch; by going through the epoch again and
leaving out what was consumed; or only at the start of an epoch."""

AVERAGED = "@ema"
"""Behind the name of a net in the names of weights: those of its moving average (``model@ema.linear.weight``)."""


# --- state -----------------------------------------------------------------------------------------


class RawArray(NamedTuple):
    """An array as bytes, so that any framework's dtype survives a file.

    ``dtype`` is safetensors' name (``F32``, ``BF16``, ``I64`` …), ``data`` little-endian and C-contiguous.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview


NamedArrays = dict[str, RawArray]


@dataclass(frozen=True)
class FullState:
    """Everything a run needs to go on as if nothing had happened."""

    weights: NamedArrays
    """Parameters and buffers of every net, named ``<net>.<name>``; of its moving average, ``<net>@ema.<name>``."""
    optimizer: NamedArrays
    """Slots of every optimizer, named ``<optimizer>.<parameter>.<slot>``."""
    meta: dict[str, Any]
    """Cursor, RNG, schedule, metric sums, best-so-far …: JSON types, and NumPy arrays, tuples, bytes,
    non-finite floats and integer keys, which the checkpoint format tags."""


@dataclass
class TrainState:
    """What a recipe trains: nets and optimizers by name, and whatever else it needs to keep."""

    nets: dict[str, Any]
    optimizers: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    averages: dict[str, Any] = field(default_factory=dict)
    """By net, the exponential moving average of its weights, where the specification asks for one."""


# --- one step ---------------------------------------------------------------------------------------


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
    """What a step gives back; everything stays on the device until the recorder asks for it."""

    loss: Any
    """One number, averaged over the batch; None where the recipe measures in another way."""
    outputs: Any
    """None where the recipe doesn't show them; metrics by name can't be measured then."""
    targets: Any
    size: int


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


@dataclass(frozen=True)
class Signature:
    """What goes in and what comes out: enough to build a model for it and to predict with it later."""

    task: Task
    input_shape: tuple[int, ...]
    """Of one sample, after preprocessing."""
    outputs: int
    """Number of classes, or of values predicted; 0 where only the model knows."""
    labels: tuple[str, ...] = ()
    """Names of the classes, in the order of the outputs."""
    encoded: bool = False
    """Whether targets were text or other values, encoded as the index into ``labels``."""
    preprocessing: tuple[dict[str, Any], ...] = ()
    """Fitted steps in order, as :mod:`dltrainer_jupyter.data.preprocessing` describes them."""


class BuildContext(Protocol):
    """What an adapter offers a recipe that builds its nets."""

    signature: Signature

    def model(self) -> Any:
        """Build the model the specification names, or take the user's own."""

    def optimizer(self, net: Any) -> Any:
        """Build the optimizer for a net, or take the user's own."""

    def loss(self) -> Callable[[Any, Any], Any]:
        """Build the loss: a function of outputs and targets."""


# --- parts ------------------------------------------------------------------------------------------


class Metric(Protocol):
    """A number over many batches. Its value does not depend on how batches were grouped into calls."""

    name: str
    higher_is_better: bool

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches.

        Parameters
        ----------
        outputs, targets : numpy.ndarray, shape (sum(sizes), ...)
            Raw outputs of the model and encoded targets of several batches, one after another.
        sizes : sequence of int
            Samples in each batch.
        """

    def compute(self) -> float:
        """Give the value over everything taken in since the last reset; NaN if nothing was."""

    def reset(self) -> None:
        """Forget everything."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on: NumPy arrays and JSON types."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


class Schedule(Protocol):
    """The learning rate as a factor of the base rate. Framework-free, so that it is the same on each."""

    needs_metric: bool
    """Whether :meth:`observe` must be told the monitored value after each validation."""

    def factor(self, step: int) -> float:
        """Factor for the step about to be made, counted from 0: a function of the step and the state."""

    def observe(self, value: float) -> None:
        """Take in the monitored metric (or the training loss where nothing is validated)."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs: JSON types."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


@dataclass(frozen=True)
class Samples:
    """Inputs and encoded targets, sample by sample along the first axis."""

    inputs: Array
    targets: Array

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.inputs)


class Stream(Protocol):
    """Batches that somebody else makes: a loader, a framework's data set, a generator.

    A batch is a structure (tuples, lists, dictionaries) of arrays or of the framework's own tensors.
    """

    resume: ResumeKind
    steps_per_epoch: int | None
    """Batches in an epoch; None where only its end tells."""
    first: Any
    """A batch to try the model on; looking at it consumes nothing."""

    def epoch(self, epoch: int, consumed: int) -> Iterator[Any]:
        """Yield the batches of an epoch that are not consumed yet.

        Parameters
        ----------
        epoch : int
            Counted from 1.
        consumed : int
            Batches of it that were consumed before; 0 where ``resume`` is ``"epoch"``.
        """

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs besides epoch and consumed batches: NumPy arrays and JSON types."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; ``epoch`` is called afterwards."""

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches, or None if it won't; asked again after a replay."""

    def close(self) -> None:
        """Give back worker processes and files."""


@dataclass(frozen=True)
class Dataset:
    """Data ready to train on: split, encoded, preprocessed."""

    train: Samples | Stream
    validation: Samples | Stream | None
    signature: Signature


class DataSource(Protocol):
    """Something that yields a data set."""

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Load, encode, split and preprocess: a pure function of the source, the spec and its seed."""


# --- frameworks ---------------------------------------------------------------------------------------


class Predictor(Protocol):
    """A model of its own, for inference only."""

    def outputs(self, inputs: Array) -> Array:
        """Compute raw outputs for preprocessed inputs, shape (n, *input_shape)."""


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

    def check(self, recipe: Recipe, state: TrainState, batch: Batch) -> int | None:
        """Try the model on one batch without changing anything; raise with both shapes if they don't fit.

        Returns
        -------
        int or None
            How many classes or values an output has; None where the recipe shows no outputs.
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


class Executor(Protocol):
    """A place where a trainer runs."""

    def start(self, store_url: str, run_id: str) -> None:
        """Start ``worker.main(store_url, run_id)`` there and return at once."""
