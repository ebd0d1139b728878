"""Steps that make several samples of one, and putting together again what a model says of the pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.data.steps.base import Step

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

Merge = Literal["mean", "max", "first", "none"]
"""What becomes of the outputs for the pieces of a sample: their mean, their largest values, those of the first piece,
or nothing, so that each piece has a prediction of its own."""


@runtime_checkable
class Splitter(Step, Protocol):
    """A step that makes several samples of one.

    In training and validation each piece is a sample with its whole's target; whatever is held back is divided
    before, so that no sample lies on both sides. In predictions outputs are put together by ``merge``.
    """

    @property
    def yields(self) -> bool:
        """Whether it does; one of the user's own may not."""

    @property
    def merge(self) -> Merge:
        """How outputs for pieces are put together."""

    def split(self, inputs: Array) -> tuple[Array, npt.NDArray[np.int64]]:
        """Give the pieces of all samples, one sample's after another's, and how many there are of each, shape (n,)."""


@dataclass(frozen=True)
class Pieces:
    """Into how many pieces each sample was made, and how outputs are put together."""

    counts: npt.NDArray[np.int64]
    """Of each sample, shape (n,); 1 at least."""
    merge: Merge


def repeated(values: Array, pieces: Sequence[Pieces]) -> Array:
    """Repeat each sample's value, such as its target, for each of its pieces.

    Examples
    --------
    >>> repeated(np.array([7, 8]), [Pieces(np.array([2, 1]), "mean")])
    array([7, 7, 8])
    """
    for one in pieces:
        values = np.repeat(values, one.counts, axis=0)
    return values


def merged(outputs: Any, pieces: Sequence[Pieces]) -> Any:
    """Put together what a model says of pieces.

    Parameters
    ----------
    outputs : numpy.ndarray, shape (pieces, ...), or a mapping or tuple of such
        As the model gave them.
    pieces : sequence of Pieces
        One for each step that made several samples of one, in the chain's order.

    Returns
    -------
    numpy.ndarray, shape (n, ...), or several
        One for each sample; more where ``merge`` is ``"none"``.

    Examples
    --------
    >>> merged(np.array([[1.0], [3.0], [5.0]]), [Pieces(np.array([2, 1]), "mean")])
    array([[2.],
           [5.]])
    """
    if is_several(outputs):
        if isinstance(outputs, Mapping):
            return {name: merged(one, pieces) for name, one in outputs.items()}
        return tuple(merged(one, pieces) for one in outputs)
    for counts, merge in _rounds(pieces):
        if merge != "none" and len(counts):
            outputs = _of_each(outputs, counts, merge)
    return outputs


def answers(count: int, pieces: Sequence[Pieces]) -> list[int]:
    """Say how many predictions of each sample :func:`merged` leaves.

    Parameters
    ----------
    count : int
        How many samples there are.
    pieces : sequence of Pieces
        As for :func:`merged`.

    Examples
    --------
    >>> answers(2, [Pieces(np.array([2, 1]), "none")])
    [2, 1]
    """
    left = [1] * count
    for counts, merge in _rounds(pieces):
        left = counts.tolist() if merge == "none" else [1] * len(counts)
    return left


def _rounds(pieces: Sequence[Pieces]) -> Iterator[tuple[npt.NDArray[np.int64], Merge]]:
    """Give how many outputs belong together in each round of merging, the last step's first."""
    left: npt.NDArray[np.int64] | None = None
    for one in reversed(pieces):
        counts = one.counts if left is None else np.add.reduceat(left, _starts(one.counts))
        left = counts if one.merge == "none" else None
        yield counts, one.merge


def _of_each(outputs: Array, counts: npt.NDArray[np.int64], merge: Merge) -> Array:
    starts = _starts(counts)
    if merge == "first":
        return outputs[starts]
    if merge == "max":
        return np.maximum.reduceat(outputs, starts, axis=0)
    sums = np.add.reduceat(outputs, starts, axis=0, dtype=np.float64)
    mean: Array = (sums / counts.reshape(-1, *[1] * (outputs.ndim - 1))).astype(outputs.dtype)
    return mean


def _starts(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    starts: npt.NDArray[np.int64] = np.cumsum(counts) - counts
    return starts
