"""What a data source yields, and what the loop needs to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from dltrainer_jupyter.core.structures import mapped, samples_in

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols.state import Array
    from dltrainer_jupyter.core.spec import RunSpec


Task = Literal["classification", "regression", "segmentation", "detection"]
ResumeKind = Literal["exact", "replay", "epoch"]
"""How data can be taken up again in the middle of an epoch: at the very batch; by going through the epoch again and
leaving out what was consumed; or only at the start of an epoch."""


@dataclass(frozen=True)
class Signature:
    """What goes in and what comes out: enough to build a model for it and to predict with it later."""

    task: Task
    input_shape: tuple[int, ...]
    """Of one sample, after preprocessing; empty where there are several inputs."""
    outputs: int
    """Number of classes, or of values predicted; 0 where only the model knows."""
    labels: tuple[str, ...] = ()
    """Names of the classes, in the order of the outputs."""
    encoded: bool = False
    """Whether targets were text or other values, encoded as the index into ``labels``."""
    preprocessing: tuple[dict[str, Any], ...] = ()
    """Fitted steps in order, as :mod:`dltrainer_jupyter.data.preprocessing` describes them."""
    class_weights: tuple[float, ...] = ()
    """How much each class counts in the loss, by its index: float32 values; empty where nobody asked for weights."""
    raw: Mapping[str, Any] | None = field(default=None, compare=False)
    """What raw training inputs looked like, as :func:`dltrainer_jupyter.data.raw.describe_raw` says; None where nobody
    knows, as in checkpoints of before it was noted."""
    inputs: tuple[str | int, ...] = ()
    """Names of several inputs, or their positions; empty where there is one. Steps of ``preprocessing`` then say by
    ``input`` whose they are."""
    targets: tuple[Mapping[str, Any], ...] = ()
    """What each of several targets is, the first as above: ``name`` (or its position), ``task``, ``outputs``,
    ``labels``, ``encoded`` and ``class_weights``; empty where there is one."""

    @property
    def target_names(self) -> tuple[str | int, ...]:
        """Names of several targets, or their positions; empty where there is one."""
        return tuple(target["name"] for target in self.targets)

    def of_target(self, which: str | int | None) -> Signature:
        """Give what holds for one of several targets, by its name or position; itself where there is no such one."""
        names = self.target_names
        found = names.index(which) if which in names else which
        if not isinstance(found, int) or not -len(names) <= found < len(names):
            return self
        target = self.targets[found]
        return replace(
            self,
            task=target["task"],
            outputs=target["outputs"],
            labels=tuple(target["labels"]),
            encoded=target["encoded"],
            class_weights=tuple(target["class_weights"]),
            targets=(),
        )


@dataclass(frozen=True)
class Samples:
    """Inputs and encoded targets, sample by sample along the first axis."""

    inputs: Any
    """An array; of several inputs a tuple or a mapping of arrays, as the net is called with them."""
    targets: Any
    """As the inputs."""
    raw: Array | None = None
    """Rows of a table as they came, for people to read; None where there is no table, a large one, or one whose rows
    are inputs as they came."""

    def __len__(self) -> int:
        """Count the samples."""
        return samples_in(self.inputs)

    def at(self, which: Any) -> Samples:
        """Give some of them, by a slice or by indices."""
        rows = None if self.raw is None else self.raw[which]
        return Samples(mapped(self.inputs, lambda one: one[which]), mapped(self.targets, lambda one: one[which]), rows)


@runtime_checkable
class Lazy(Protocol):
    """Samples that are read when their batch is due, such as files in folders.

    Their order, and how far into it a run is, are the run's as with samples in memory. A ``fingerprint``, where there
    is one, tells a resumed run whether they are still those it began with; ``together``, where there is one, how many
    are best read in one go.
    """

    def __len__(self) -> int:
        """Count the samples."""

    def read(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read samples, as the model takes them; called from several threads at a time.

        Parameters
        ----------
        indices : numpy.ndarray of int64, shape (n,)
            Which ones.

        Returns
        -------
        (numpy.ndarray, numpy.ndarray)
            Inputs and targets, shapes (n, ...); fewer where samples are left out.
        """


class Stream(Protocol):
    """Batches that somebody else makes: a loader, a framework's data set, a generator.

    A batch is a structure (tuples, lists, dictionaries) of arrays or of the framework's own tensors.
    """

    resume: ResumeKind
    steps_per_epoch: int | None
    """Batches in an epoch; None where only its end tells."""

    @property
    def first(self) -> Any:
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
class Partition:
    """Which samples are trained on, which are held back, and how that was decided.

    Samples are numbered in the order of their source. Those of a source that brings its own validation part are
    counted on after the training part's.
    """

    train: npt.NDArray[np.int64]
    """Sorted."""
    validation: npt.NDArray[np.int64]
    """Sorted."""
    how: str
    """A half-sentence for people: ``"20% of each class held back"``."""


@dataclass(frozen=True)
class Dataset:
    """Data ready to train on: split, encoded, preprocessed."""

    train: Samples | Stream
    validation: Samples | Stream | None
    signature: Signature
    notices: Callable[[], Sequence[str]] | None = field(default=None, compare=False)
    """Gives what people should know of the data and haven't been told yet, in sentences; asked again and again while a
    run trains."""
    partition: Partition | None = field(default=None, compare=False)
    """How samples were divided, where a source says so."""


class DataSource(Protocol):
    """Something that yields a data set."""

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Load, encode, split and preprocess: a pure function of the source, the spec and its seed."""
