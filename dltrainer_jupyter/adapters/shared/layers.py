"""Which layers of a model were called, in which order, on whose outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dltrainer_jupyter.core.tracking import GraphNode

MOST_VALUES = 1 << 18
"""Of what a layer gives, so many values are measured: those of the first samples, of one sample at least."""
INPUT = "input"
"""The node where a graph begins."""

Upstream = Callable[[Any], Iterable[Any]]


class Weights(NamedTuple):
    """How many numbers a layer has."""

    learned: int
    frozen: int = 0
    """Weights that are kept from learning."""


@dataclass(frozen=True)
class Facts:
    """What is known of a layer's call besides whom it took from."""

    own: Weights
    """Without those of layers inside it."""
    whole: Weights
    """And with them."""
    shape: tuple[int, ...] | None = None
    """Of its output, for one sample."""
    input_shape: tuple[int, ...] | None = None
    """Of the first thing it takes, for one sample."""
    flops: int | None = None
    """Operations for one sample, of the layer as a whole."""


@dataclass
class Call:
    """A layer's call, when it has ended."""

    name: str
    """With dots, beginning with the net's: ``model.conv1``."""
    kind: str
    takes: Sequence[Any]
    """Keys of the tensors it was given."""
    gives: Sequence[Any]
    """Keys of the tensors it gave."""
    facts: Facts
    composed: bool
    """Whether it called layers inside it."""


@dataclass
class Calls:
    """What is noted while a model computes once.

    Attributes
    ----------
    ended : list of Call
        In the order in which they ended, so that layers come before those they are inside of.
    """

    ended: list[Call] = field(default_factory=list)
    _running: list[int] = field(default_factory=list)

    def begin(self) -> None:
        """Note that a layer is called."""
        self._running.append(len(self.ended))

    def forget(self) -> None:
        """Forget a call that raised, or of which nothing can be known."""
        self._running.pop()

    def end(self, name: str, kind: str, takes: Sequence[Any], gives: Sequence[Any], facts: Facts) -> None:
        """Note that the layer called last, of those still running, gave something.

        Parameters
        ----------
        name, kind, takes, gives, facts
            As a call has them.
        """
        composed = self._running.pop() < len(self.ended)
        self.ended.append(Call(name, kind, takes, gives, facts, composed))


def graph_of(
    calls: Sequence[Call],
    entries: Sequence[Any],
    shape: tuple[int, ...] | None,
    upstream: Upstream,
    *,
    complete: bool = False,
) -> tuple[GraphNode, ...]:
    """Make the graph of a model from its calls.

    A layer that only puts others together is no node. What is computed between layers, by functions, isn't either:
    whoever takes it, takes what that was made of.

    Parameters
    ----------
    calls : sequence of Call
        In the order in which they ended.
    entries : sequence of hashable
        Keys of the tensors the model was given.
    shape : tuple of int, optional
        Of the first of them, for one sample.
    upstream : callable
        Gives the keys of what a tensor was computed from, as far as known.
    complete : bool, default False
        Whether that is all of it. Then a layer is seen as a whole if what it gives isn't made of what the calls inside
        it gave: a loop does the work, and they were only tried.

    Returns
    -------
    tuple of GraphNode
        The input first; of a layer that is called several times the first call counts, and operations add up.
    """
    tags: dict[Hashable, str] = dict.fromkeys(entries, INPUT)
    nodes = {INPUT: GraphNode(INPUT, "Input", shape=shape)} if entries else {}
    for call in calls:
        name, composed = call.name.replace(".", "/"), call.composed
        inputs = _sources(call.gives if composed else call.takes, tags, upstream)
        inside = [node for node in nodes if composed and complete and node.startswith(f"{name}/")]
        if inside and not set(inside) & set(inputs):
            composed = False
            nodes = {node: known for node, known in nodes.items() if node not in inside}
            tags = {key: node for key, node in tags.items() if node not in inside}
            inputs = _sources(call.takes, tags, upstream)
        facts = call.facts
        weights = facts.own if composed else facts.whole
        if composed and not weights.learned + weights.frozen:
            continue
        # What layers inside it compute is theirs.
        flops = None if composed else facts.flops
        if (known := nodes.get(name)) is None:
            nodes[name] = GraphNode(
                name,
                call.kind,
                tuple(inputs),
                facts.shape,
                weights.learned,
                frozen=weights.frozen,
                input_shape=facts.input_shape,
                flops=flops,
            )
        elif known.flops is not None and flops is not None:
            nodes[name] = replace(known, flops=known.flops + flops)
        tags |= dict.fromkeys(call.gives, name)
    return tuple(nodes.values())


def _sources(keys: Sequence[Any], tags: dict[Hashable, str], upstream: Upstream) -> list[str]:
    """Name the nodes that tensors come from, nearest first."""
    found: dict[str, None] = {}
    waiting, seen = list(keys), set[Any]()
    for key in waiting:
        if key in seen:
            continue
        seen.add(key)
        if key in tags:
            found[tags[key]] = None
        else:
            waiting.extend(upstream(key))
    return list(found)


def tree_of(layers: Iterable[tuple[str, str, Weights]]) -> tuple[GraphNode, ...]:
    """Make a graph without edges, for a model that nobody outside can call: names with dots, kinds, weights."""
    return tuple(
        GraphNode(name.replace(".", "/"), kind, parameters=weights.learned, frozen=weights.frozen)
        for name, kind, weights in layers
    )


def rows_of(shape: Sequence[int | None]) -> int | None:
    """Say how many of the first samples of an output are measured; None if a sample's size isn't known."""
    sizes = [size for size in shape[1:] if size is not None]
    return max(1, MOST_VALUES // max(1, math.prod(sizes))) if len(sizes) == len(shape) - 1 else None
