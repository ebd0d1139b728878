"""A model's graph as TensorBoard draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.graph_pb2 import GraphDef

from dltrainer_jupyter.core.tracking import GraphNode

_ANY_NUMBER = -1
"""Of samples in a batch."""


def of_graph(nodes: Sequence[GraphNode], time: float) -> Any:
    """Give the event with a model's graph."""
    return Event(step=0, wall_time=time, graph_def=drawn(nodes).SerializeToString())


def drawn(nodes: Sequence[GraphNode]) -> Any:
    """Make TensorFlow's form of a graph, with shapes of whole batches and numbers of parameters."""
    names = _names(nodes)
    graph = GraphDef()
    for node in nodes:
        # An input nobody has named would make the page refuse the whole graph.
        inputs = [names[name] for name in node.inputs if name in names]
        made = graph.node.add(name=names[node.name], op=node.kind, input=inputs)
        if node.shape is not None:
            shape = made.attr["_output_shapes"].list.shape.add()
            for size in (_ANY_NUMBER, *node.shape):
                shape.dim.add(size=size)
        made.attr["parameters"].i = node.parameters
    graph.versions.producer = 22
    return graph


def _names(nodes: Sequence[GraphNode]) -> dict[str, str]:
    """Give each node a name in which nothing is a sign: a colon leads an output's number, a caret a mere order."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for node in nodes:
        plain = node.name.replace(":", "_").replace("^", "_").strip("/") or "model"
        name, number = plain, 1
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        names[node.name] = name
        taken.add(name)
    return names
