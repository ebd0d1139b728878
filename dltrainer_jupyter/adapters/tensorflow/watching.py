"""Which random operations a step uses: seen in its graph, so that none can hide in a layer, a loss or a function.

``keras.random`` and ``tf.random.Generator`` keep where they are in variables, which belong to the state like any other,
and what ``keras.random`` draws without a seed it draws from a generator of the run's. Functions such as
``tf.random.normal`` keep it in the memory of a kernel, which nobody can read or put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tensorflow.python.ops import stateful_random_ops

if TYPE_CHECKING:
    import tensorflow as tf

_PYTHON = ("EagerPyFunc", "PyFunc")


def why_inexact(graph: tf.Graph, *, owns_process: bool) -> str | None:
    """Say why what a graph computes can't be repeated to the bit, or None if it can.

    Parameters
    ----------
    graph : tensorflow.Graph
        A traced step; functions that it calls are looked through as well.
    owns_process : bool
        Whether nothing else draws random numbers in this process.
    """
    kinds = set(_operations(graph))
    if drawing := sorted({kind for kind, seeded in kinds if seeded}):
        return (
            f"{', '.join(drawing)} (tf.random) draws from a state that no checkpoint can hold; take keras.random or "
            "a tf.random.Generator instead"
        )
    if any(kind in _PYTHON for kind, _ in kinds):
        return "tf.py_function runs in Python, and no checkpoint keeps what it remembers there"
    everybodys = stateful_random_ops.global_generator
    if not owns_process and everybodys is not None:
        state = everybodys.state.ref()
        if any(variable.ref() == state for variable in graph.variables):
            return (
                "tf.random.get_global_generator() draws from a generator that other cells share; --executor process "
                "keeps it apart"
            )
    return None


def _operations(graph: tf.Graph) -> Iterator[tuple[str, bool]]:
    """Give the kind of each operation, and whether it draws by a seed and a state of its kernel's own."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    for node in nodes:
        yield node.op, {"seed", "seed2"} <= set(node.attr)
