"""The port to what a model does inside: how its numbers lie, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols.recipes import Batch, Recipe
    from dltrainer_jupyter.core.protocols.state import TrainState
    from dltrainer_jupyter.core.tracking import GraphNode


class Distribution(NamedTuple):
    """How the values of one array lie."""

    edges: npt.NDArray[np.float64]
    """Shape (n + 1,), rising: from the least value to the greatest, all buckets of one width."""
    counts: npt.NDArray[np.int64]
    """Shape (n,); values that aren't finite are in none."""


@dataclass(frozen=True)
class Inspected:
    """What was seen of arrays, and what could not be."""

    found: dict[str, Distribution] = field(default_factory=dict)
    """By name; empty arrays, and those without a finite value, are left out."""
    missed: dict[str, str] = field(default_factory=dict)
    """By name, why it was not measured."""


@runtime_checkable
class Inspects(Protocol):
    """What an adapter has besides if it can look into its models.

    Looking must not change the training by one bit: it draws from no generator of the training's, leaves modes,
    statistics and whatever else layers remember as they are, and has nothing compiled anew that steps use. Of many
    arrays the largest ``most`` are measured, and their order stays. Any method may raise whatever a strange model
    raises; the loop goes on without it, and says so once.
    """

    def inspect_weights(self, state: TrainState, bins: int, most: int) -> Inspected:
        """See how weights and statistics lie, by the names they have in a checkpoint; not those of averages."""

    def inspect_layers(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how what layers give for a batch lies, in evaluation mode, with averaged weights where there are any.

        A layer is called like its weights: ``model.conv1`` has ``model.conv1.weight``. One that only hands on what a
        layer inside it gave is left out; one that is called several times is seen at its first call.
        """

    def graph(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[GraphNode, ...]:
        """Say what the model is made of, in an order in which inputs come first.

        Nodes are called like layers, with slashes: ``model/conv1``. What nobody can tell (inputs, shapes) is left out.
        """


@runtime_checkable
class InspectsGradients(Protocol):
    """What an adapter has besides if it can see in which direction a batch would move the weights."""

    def inspect_gradients(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how the gradients of a batch's loss lie, by the names that weights have in a checkpoint.

        In evaluation mode, with averaged weights where there are any: no value is dropped, and no statistic moves.
        Nothing is learnt, and gradients that wait for an update stay as they are.
        """


@runtime_checkable
class TimesLayers(Protocol):
    """What an adapter has besides if it can say how long layers take."""

    def time_layers(self, recipe: Recipe, state: TrainState, batch: Batch, seconds: float) -> Mapping[str, float]:
        """Time each layer while the model computes a batch several times over, in evaluation mode.

        Parameters
        ----------
        recipe : Recipe
            What computes.
        state : TrainState
            Not changed, and nothing is drawn from its generators.
        batch : Batch
            What is computed with.
        seconds : float
            About how long it may take; each layer is timed once at least, unless preparing alone takes longer.

        Returns
        -------
        mapping of str to float
            Milliseconds by the names that nodes of :meth:`Inspects.graph` have; the median of the passes. Layers that
            could not be timed are left out.
        """
