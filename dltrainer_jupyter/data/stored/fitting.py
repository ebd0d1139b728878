"""Fit a chain of steps to samples on the disk, some of which lie in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.data.preprocessing import called, learnt, trained_steps
from dltrainer_jupyter.data.steps import Step
from dltrainer_jupyter.data.steps.base import FitsInPieces
from dltrainer_jupyter.data.steps.own import OwnStep
from dltrainer_jupyter.data.stored.rows import Stored, pieces
from dltrainer_jupyter.data.stored.samples import bytes_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_LOOKED_AT = 32
"""Samples that are read to see what a step makes of them."""
_VALUES_FITTED = 2**25
"""Values of samples that a step is fitted to which wants them all at once."""


def fit_stored(
    steps: Sequence[Step], inputs: Stored, rows: npt.NDArray[np.int64], seed: int
) -> tuple[tuple[Step, ...], Array, list[str]]:
    """Fit steps one after another, or take those that a resumed training was fitted with.

    A step that can learn piece by piece sees all samples, and learns what it would of all at once but for rounding;
    another that learns sees as many as fit into memory.

    Parameters
    ----------
    steps : sequence of Step
        In order; each sees what the ones before it gave.
    inputs : Stored
        Raw.
    rows : numpy.ndarray of int64
        Which samples are trained on; sorted.
    seed : int
        The run's, by which samples are drawn where not all are seen.

    Returns
    -------
    (tuple of Step, numpy.ndarray, list of str)
        The fitted steps, a few samples after all of them, and what people should know.
    """
    trained = trained_steps(steps)
    material = _Material(inputs, rows, seed)
    chain: list[Step] = []
    for at, step in enumerate(steps):
        ready = trained[at] if trained else material.fitted(step, chain)
        chain.append(ready)
        if isinstance(ready, OwnStep):
            chain[-1] = ready.noted(material.few(chain))
    return tuple(chain), material.few(chain), material.notices


@dataclass
class _Material:
    """What steps are fitted to."""

    inputs: Stored
    rows: npt.NDArray[np.int64]
    seed: int
    notices: list[str] = field(default_factory=list)

    def few(self, chain: Sequence[Step]) -> Array:
        """Give some samples after the steps before."""
        return self.inputs.prepared(_spread(self.rows, _LOOKED_AT, self.seed), chain)

    def fitted(self, step: Step, chain: Sequence[Step]) -> Step:
        if not chain and (first := self.inputs.fitted(step, self.rows)) is not None:
            return first
        few = self.few(chain)
        if isinstance(step, FitsInPieces):
            return step.fit_in_pieces(self._all(chain, few))
        if not (step.learns if isinstance(step, OwnStep) else learnt(step, step.fit(few))):
            return step.fit(few)
        some = _spread(self.rows, max(1, _VALUES_FITTED // max(1, int(np.prod(few.shape[1:])))), self.seed)
        if len(some) < len(self.rows):
            self.notices.append(
                f"preprocessing: {called(step)} was fitted to {len(some):,} of {len(self.rows):,} training samples, "
                "since they don't lie in memory; with lazy: never it is fitted to all."
            )
        return step.fit(self.inputs.prepared(some, chain))

    def _all(self, chain: Sequence[Step], few: Array) -> Iterator[Array]:
        raw_bytes = bytes_of(self.inputs.shape, self.inputs.dtype)
        for piece in pieces(self.rows, max(bytes_of(few.shape, few.dtype), raw_bytes)):
            yield self.inputs.prepared(piece, chain)


def _spread(rows: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw samples, the same for a seed."""
    if len(rows) <= most:
        return rows
    generator = np.random.Generator(np.random.Philox(derive(seed, "looking")))
    return np.sort(generator.choice(rows, most, replace=False))
