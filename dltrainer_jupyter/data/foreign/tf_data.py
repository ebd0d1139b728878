"""A ``tf.data.Dataset``: read from its beginning, batched where its elements are single samples.

TensorFlow counts in the data set how often it was gone through, and shuffles otherwise each time; nobody can turn the
count back. So each pass is made of the data set's graph, with seeds of our own for whatever is drawn in it: a
function of the run's seed and the pass. A graph that TensorFlow can't write down, that calls Python, or that holds
too much is read as it is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.data.ops import dataset_ops
from tensorflow.python.ops import gen_experimental_dataset_ops

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.data.foreign.recognition import gives_samples
from dltrainer_jupyter.data.foreign.replaying import Replaying

_LARGEST = 100_000_000
"""Bytes of a graph, with the arrays in it, that is written anew for every pass."""


class TfData(Replaying):
    """Passes of a ``tf.data.Dataset``.

    Parameters
    ----------
    dataset : tf.data.Dataset
        Of batches, or of samples: elements whose parts have no axis in common, such as an image and its class number.
    batch_size : int
        Samples in a batch, where it gives samples.
    seed : int
        The run's seed.
    """

    def __init__(self, dataset: Any, batch_size: int, seed: int) -> None:
        batched = dataset.batch(batch_size).prefetch(1) if gives_samples(dataset) else dataset
        count = int(batched.cardinality())
        # TensorFlow's ways of saying endless and unknown are negative.
        super().__init__(count if count > 0 else None, dataset)
        self._dataset = batched
        self._seed = seed
        self._graph = _graph(batched)

    def read(self, number: int) -> Generator[Any, None, None]:
        """Read a pass from its first batch on."""
        yield from self._dataset if self._graph is None else self._seeded(self._graph, number)

    def _seeded(self, graph: Any, number: int) -> Any:
        """Make the data set of a pass."""
        for scope in _scopes(graph):
            nodes = {node.name: node for node in scope}
            for node in scope:
                if node.op == "ShuffleDataset":
                    # The same order every time was asked for where it isn't shuffled anew.
                    which = number if node.attr["reshuffle_each_iteration"].b else 0
                    for index, name in enumerate(node.input[2:4]):
                        value = np.int64(self._draw(node, which, index))
                        constant = nodes[name.partition(":")[0]]
                        constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
                elif "seed" in node.attr and "seed2" in node.attr:
                    for index, name in enumerate(("seed", "seed2")):
                        node.attr[name].i = self._draw(node, number, index)
        variant = gen_experimental_dataset_ops.dataset_from_graph(graph.SerializeToString())
        return dataset_ops.from_variant(variant, self._dataset.element_spec)

    def _draw(self, node: Any, number: int, index: int) -> int:
        # Two zeros would mean that TensorFlow is to choose.
        return seeds.derive(self._seed, "tf.data", node.name, number, index) % (2**31 - 1) + 1


def _graph(dataset: Any) -> Any:
    """Give the graph of a data set with operations that take their seeds; None where it has to be read as it is."""
    policy = tf.data.experimental.ExternalStatePolicy.IGNORE
    try:
        written = dataset._as_serialized_graph(external_state_policy=policy).numpy()  # noqa: SLF001 - nothing public
    except (tf.errors.OpError, ValueError):
        return None
    if len(written) > _LARGEST:
        return None
    graph = tf.compat.v1.GraphDef.FromString(written)
    for scope in _scopes(graph):
        for node in scope:
            if "PyFunc" in node.op or "Table" in node.op:
                return None
            if node.op == "ShuffleDatasetV3":
                # The older operation takes its seeds from the graph, not from a count that TensorFlow keeps.
                node.op = "ShuffleDataset"
                del node.input[4:]
    return graph


def _scopes(graph: Any) -> Iterable[Any]:
    """Give the nodes of the graph and of each function in it."""
    yield graph.node
    for function in graph.library.function:
        yield function.node_def
