"""Looking into a model at the close of an epoch: how its numbers lie, and once what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import (
    Adapter,
    Batch,
    Inspected,
    Inspects,
    InspectsGradients,
    Recipe,
    Samples,
    Stream,
    TimesLayers,
    TrainState,
)
from dltrainer_jupyter.core.spec import HistogramSpec, RunSpec
from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.store.attempts import Attempt

Result = TypeVar("Result")

SAMPLES = 64
"""Held-back samples that layers are looked at with: the first ones. Of a stream it is the batch that it shows."""
MOST = 512
"""Arrays of a kind that are measured, the largest ones; so many rows an epoch has at most."""
_FEW = 8
"""Samples that are enough to see which layer is called on whose outputs, and how long each takes."""
_TIMING = 0.5
"""Seconds that timing layers may take, once a run."""

USUAL = HistogramSpec(activations=False)
"""What is measured of a run whose settings leave it open: weights alone, and seldom."""


def settings_of(spec: RunSpec) -> HistogramSpec | None:
    """Give the settings in force; None if nothing is to be measured."""
    if spec.histograms is None:
        return USUAL
    if isinstance(spec.histograms, HistogramSpec):
        return spec.histograms
    return HistogramSpec() if spec.histograms else None


class Inspector:
    """Looks into a model after each epoch that its settings name. Whatever a model does then, the run goes on.

    Parameters
    ----------
    adapter : Adapter
        Who can look into it; one that can't is told of once.
    recipe : Recipe
        What computes with it.
    settings : HistogramSpec
        How often, and how finely.
    source : Samples or Stream
        Where a few samples are from: the first ones, or those of the batch that a stream shows.
    attempt : Attempt
        Where it is written to.
    knows_graph : bool
        Whether the run's graph is in the store already.
    """

    def __init__(
        self,
        adapter: Adapter,
        recipe: Recipe,
        settings: HistogramSpec,
        source: Samples | Stream,
        attempt: Attempt,
        *,
        knows_graph: bool,
    ) -> None:
        self._adapter = adapter
        self._recipe = recipe
        self._settings = settings
        self._source = source
        self._attempt = attempt
        self._draws_graph = not knows_graph
        self._cut: tuple[Batch, Batch] | None = None
        self._given_up: set[str] = set()
        self._told: set[str] = set()

    def look(self, state: TrainState, epoch: int, step: int, *, last: bool) -> Callable[[], None]:
        """Look into the model, if it is time.

        Parameters
        ----------
        state : TrainState
            Not changed.
        epoch, step : int
            The epoch that closes, and how many steps were made.
        last : bool
            Whether it is the last.

        Returns
        -------
        callable
            Writes what was seen, within the transaction of the epoch's row.
        """
        if not (last or self._is_due(epoch)):
            return lambda: None
        seen = _Seen(epoch, step)
        if isinstance(self._adapter, Inspects):
            self._look(self._adapter, state, seen)
        else:
            seen.missed["weights and activations"] = "the framework's adapter can't look into models"
        return lambda: self._write(seen)

    def _is_due(self, epoch: int) -> bool:
        # After epochs 1, 2, 4, 8 … what nobody asked for costs a long run next to nothing.
        return epoch.bit_count() == 1 if self._settings is USUAL else epoch % self._settings.every_epochs == 0

    def _look(self, adapter: Inspects, state: TrainState, seen: _Seen) -> None:
        recipe, bins = self._recipe, self._settings.bins
        seen.add("weights", self._tried("weights", lambda: adapter.inspect_weights(state, bins, MOST), seen))
        if (batches := self._tried("samples", self._batches, seen)) is None:
            return
        whole, few = batches
        if self._settings.activations:
            found = self._tried("activations", lambda: adapter.inspect_layers(recipe, state, whole, bins, MOST), seen)
            seen.add("activations", found)
        if self._settings.gradients:
            seen.add("gradients", self._tried("gradients", lambda: self._gradients(adapter, state, whole), seen))
        if self._draws_graph:
            seen.graph = self._tried("graph", lambda: adapter.graph(recipe, state, few), seen)
            if seen.graph and isinstance(adapter, TimesLayers):
                times = self._tried("times", lambda: adapter.time_layers(recipe, state, few, _TIMING), seen)
                seen.graph = timed(seen.graph, times or {}, few.size)
            self._draws_graph = False

    def _gradients(self, adapter: Inspects, state: TrainState, batch: Batch) -> Inspected:
        if not isinstance(adapter, InspectsGradients):
            msg = "the framework's adapter can't look at gradients"
            raise ConfigurationError(msg)
        return adapter.inspect_gradients(self._recipe, state, batch, self._settings.bins, MOST)

    def _write(self, seen: _Seen) -> None:
        self._attempt.add_histograms(seen.histograms)
        if seen.graph is not None:
            self._attempt.set_graph(seen.graph)
        if new := {what: why for what, why in seen.missed.items() if what not in self._told}:
            self._told |= new.keys()
            what, why = next(iter(new.items()))
            more = f" ({len(new) - 1} more like it)" if len(new) > 1 else ""
            message = f"Could not be measured: {what}, since {why}{more}. The training goes on."
            self._attempt.event("not_measured", message, seen.step, {"missed": new})

    def _batches(self) -> tuple[Batch, Batch]:
        """Give what layers are looked at with, and a smaller batch for the graph; cut once."""
        if self._cut is None:
            if isinstance(self._source, Samples):
                few = self._source.at(slice(SAMPLES))
                placed, count = self._adapter.place(few), len(few)
                order = self._adapter.order(placed, np.arange(count, dtype=np.int64))
                whole, pair = (self._adapter.batch(placed, order, 0, stop) for stop in (count, min(_FEW, count)))
            else:
                # Looking at it takes it away from nobody.
                whole = pair = self._adapter.to_batch(self._source.first)
            self._cut = whole, pair
        return self._cut

    def _tried(self, what: str, look: Callable[[], Result], seen: _Seen) -> Result | None:
        """Look; who raises isn't asked again by this trainer."""
        if what in self._given_up:
            return None
        try:
            return look()
        except Exception as error:  # noqa: BLE001 - a model's own code may raise anything
            self._given_up.add(what)
            seen.missed[what] = first_line(error)
            return None


def timed(graph: Sequence[GraphNode], times: Mapping[str, float], samples: int) -> tuple[GraphNode, ...]:
    """Write into the nodes of a graph how long each takes; one that has others inside it isn't timed by itself.

    Parameters
    ----------
    graph : sequence of GraphNode
        As an adapter gives it.
    times : mapping of str to float
        Milliseconds by name.
    samples : int
        In the batch it was timed with.
    """
    names = [node.name for node in graph]
    lone = {name for name in names if not any(other.startswith(f"{name}/") for other in names)}
    return tuple(
        replace(node, milliseconds=times[node.name], samples=samples)
        if node.name in times and node.name in lone
        else node
        for node in graph
    )


@dataclass
class _Seen:
    """What was seen at the close of an epoch, until it is written."""

    epoch: int
    step: int
    histograms: list[Histogram] = field(default_factory=list)
    graph: tuple[GraphNode, ...] | None = None
    missed: dict[str, str] = field(default_factory=dict)

    def add(self, kind: Literal["weights", "activations", "gradients"], inspected: Inspected | None) -> None:
        """Take in what an adapter saw, if it saw anything."""
        if inspected is None:
            return
        self.missed |= {f"{kind} of {name}": why for name, why in inspected.missed.items()}
        self.histograms += [
            Histogram(kind, name, self.epoch, self.step, lies.edges, lies.counts)
            for name, lies in inspected.found.items()
        ]
