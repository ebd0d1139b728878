"""What a data source yields, and what the loop needs to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
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
    """Of one sample, after preprocessing."""
    outputs: int
    """Number of classes, or of values predicted; 0 where only the model knows."""
    labels: tuple[str, ...] = ()
    """Names of the classes, in the order of the outputs."""
    encoded: bool = False
    """Whether targets were text or other values, encoded as the index into ``labels``."""
    preprocessing: tuple[dict[str, Any], ...] = ()
    """Fitted steps in order, as :mod:`dltrainer_jupyter.data.preprocessing` describes them."""
    raw: Mapping[str, Any] | None = field(default=None, compare=False)
    """What raw training inputs looked like, as :func:`dltrainer_jupyter.data.raw.describe_raw` says; None where nobody
    knows, as in checkpoints of before it was noted."""


@dataclass(frozen=True)
class Samples:
    """Inputs and encoded targets, sample by sample along the first axis."""

    inputs: Array
    targets: Array
    raw: Array | None = None
    """Rows of a table as they came, for people to read; None where there is no table, a large one, or one whose rows
    are inputs as they came."""

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
