"""Predicted masks of a few examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.metrics.examining.kept import Kept

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_MOST = 128
_MOST_BYTES = 2**26
_LARGEST = 255


class Masks:
    """Masks of the first examples of a set, or, of a set too large to be kept as a whole, of some of those kept.

    At most 128 come out, and 64 MiB; three times as many are held meanwhile.

    Parameters
    ----------
    seed, most : int
        As those of the :class:`.kept.Kept` that chooses examples; the masks are of examples it keeps.

    Examples
    --------
    >>> masks = Masks(seed=0, most=10)
    >>> masks.add(np.ones((3, 2, 2), np.int64))
    >>> masks.columns(np.arange(3))["masks"].shape
    (3, 2, 2)
    """

    def __init__(self, seed: int, most: int) -> None:
        self._seed = seed
        self._most = most
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._seen = 0
        self._first: list[Array] = []
        self._chosen: Kept | None = None
        self._fitting = 0
        self._clipped = False
        self._shape: tuple[int, ...] = ()

    def add(self, predicted: Array) -> None:
        """Take in the predicted classes of the next examples, shape (n, h, w); nothing once their size changes."""
        if self._chosen is None:
            self._shape = predicted.shape[1:]
            each = max(int(np.prod(self._shape)), 1)
            self._fitting = min(_MOST, self._most, _MOST_BYTES // each)
            # The smallest of the numbers by which examples are kept: so they are among those.
            self._chosen = Kept(self._seed, self._fitting)
        if predicted.shape[1:] != self._shape:
            self._fitting = 0
        if self._fitting == 0:
            return
        if (left := self._fitting - self._seen) > 0:
            self._first.append(self._small(predicted[:left]))
        self._seen += len(predicted)
        rows = self._chosen.choose(len(predicted))
        self._chosen.add(masks=self._small(predicted[rows]))

    def _small(self, predicted: Array) -> Array:
        self._clipped |= bool(predicted.max(initial=0) > _LARGEST)
        return predicted.clip(0, _LARGEST).astype(np.uint8)

    def notes(self) -> list[str]:
        """Say what is missing."""
        if self._clipped:
            return [f"Masks show classes up to {_LARGEST}; those of higher numbers look alike in them."]
        return []

    def columns(self, indices: Array) -> dict[str, Any]:
        """Give the masks, and in which rows of the columns about examples they belong.

        Parameters
        ----------
        indices : numpy.ndarray of int64
            Positions of the examples that are kept, ascending.

        Returns
        -------
        dict
            ``masks`` uint8 (p, h, w) and ``mask_rows`` int32 (p,); empty if there are none.
        """
        if self._fitting == 0 or self._chosen is None:
            return {}
        if self._seen <= self._most:
            masks = np.concatenate(self._first)
            return {"masks": masks, "mask_rows": np.arange(len(masks), dtype=np.int32)}
        chosen = self._chosen.columns()
        return {"masks": chosen["masks"], "mask_rows": np.searchsorted(indices, chosen["index"]).astype(np.int32)}
