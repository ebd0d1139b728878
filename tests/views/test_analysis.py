"""What a model is made of, and how its numbers lay, as faces are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sqlalchemy as sa

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.store.tables import model_graphs
from dltrainer_jupyter.views.analysis import analysis, histogram_names, histograms

if TYPE_CHECKING:
    from dltrainer_jupyter.store import Store

NODES = (
    GraphNode("input", "Input", shape=(1, 8, 8)),
    GraphNode("model/conv", "Conv2d", ("input",), (4, 8, 8), 40, 8, (1, 8, 8), 4608, 0.25, 8),
    GraphNode("model/relu", "ReLU", ("model/conv",), (4, 8, 8), 0, 0, (4, 8, 8), None, 0.05, 8),
)


def lying(epoch: int, kind: Any = "weights", name: str = "model.conv.weight") -> Histogram:
    return Histogram(kind, name, epoch, 10 * epoch, np.array([-1.0, 0.0, float(epoch)]), np.array([3, epoch]))


def test_layers_come_with_shapes_and_costs_and_what_nobody_knows_is_none(begin: Callable, store: Store) -> None:
    begin().set_graph(NODES)
    found = analysis(store, "run-1")
    assert found is not None
    conv, relu = found["layers"]
    assert conv == {
        "name": "model/conv",
        "type": "Conv2d",
        "input_shape": [1, 8, 8],
        "output_shape": [4, 8, 8],
        "parameters": 48,
        "trainable": 40,
        "flops": 4608,
        "milliseconds": 0.25,
    }
    assert relu["flops"] is None
    assert found["total"] == {"parameters": 48, "trainable": 40, "flops": 4608, "milliseconds": 0.3, "samples": 8}
    assert any("Not counted: ReLU." in note for note in found["notes"])
    assert any("8 samples" in note for note in found["notes"])


def test_a_model_nobody_looked_at_has_no_analysis(begin: Callable, store: Store) -> None:
    begin()
    assert analysis(store, "run-1") is None


def test_rows_of_an_older_version_and_of_a_newer_one_are_read(begin: Callable, store: Store) -> None:
    begin().set_graph(NODES[:1])
    old = {"name": "model/a", "kind": "Linear", "inputs": ["input"], "shape": [3], "parameters": 12}
    with store._database.write() as connection:
        connection.execute(sa.update(model_graphs).values(nodes=[old, {**old, "name": "model/b", "colour": "red"}]))
    first, second = store.graph("run-1")
    assert (first, second.name) == (GraphNode("model/a", "Linear", ("input",), (3,), 12), "model/b")
    found = analysis(store, "run-1")
    assert found is not None
    assert found["total"] == {"parameters": 24, "trainable": 24, "flops": None, "milliseconds": None, "samples": None}


def test_histograms_are_given_epoch_by_epoch_and_of_long_runs_evenly_spaced(begin: Callable, store: Store) -> None:
    attempt = begin()
    attempt.add_histograms([lying(epoch) for epoch in range(1, 301)])
    found = histograms(store, "run-1", "weights", "model.conv.weight")
    assert len(found["epochs"]) == len(found["edges"]) == len(found["counts"]) == 100
    assert (found["epochs"][0], found["epochs"][-1]) == (1, 300)
    assert found["edges"][-1] == [-1.0, 0.0, 300.0]
    assert found["counts"][-1] == [3, 300]


def test_what_was_not_measured_is_said_with_the_setting_that_mends_it(begin: Callable, store: Store) -> None:
    attempt = begin()
    attempt.add_histograms([lying(1), lying(1, "activations", "model.conv")])
    names = histogram_names(store, "run-1")
    assert names["names"] == {"activations": ["model.conv"], "weights": ["model.conv.weight"]}
    assert "gradients: true" in names["note"]
    attempt.add_histograms([lying(1, "gradients")])
    assert histogram_names(store, "run-1")["note"] is None


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("weihgts", "model.conv.weight", "Did you mean 'weights'"),
        ("weights", "model.conv.wieght", "Did you mean 'model.conv.weight'"),
        ("gradients", "model.conv.weight", "no gradients were measured"),
    ],
)
def test_a_name_nobody_measured_is_refused(begin: Callable, store: Store, kind: str, name: str, message: str) -> None:
    begin().add_histograms([lying(1)])
    with pytest.raises(UnknownNameError, match=message):
        histograms(store, "run-1", kind, name)
