"""What every store must do with what is known of a model inside."""

# ruff: noqa: S101 - assert is how a test speaks

from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter.core.records import EpochRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.store import Attempt, Store
from dltrainer_jupyter.testing.store_samples import claimed, histogram, new_run


class HistogramContract:
    """The part of :class:`~dltrainer_jupyter.testing.store_contract.StoreContract` about histograms and graphs."""

    def test_histograms_come_back_to_the_bit_in_order(self, store: Store) -> None:
        """By epoch, kind and name; those of another run stay out."""
        attempt, other = claimed(store, new_run(store)), claimed(store, new_run(store))
        other.add_histograms([histogram("b", 1)])
        written = [
            histogram("b", 2),
            histogram("a", 2, kind="activations"),
            histogram("a", 1),
            Histogram("weights", "narrow", 1, 4, np.array([0.5 - 1e-16, 0.5 + 1e-16]), np.array([7], np.int64)),
        ]
        attempt.add_histograms(written)
        attempt.add_histograms([])
        found = store.histograms(attempt.run_id)
        _are_alike(found, [written[2], written[3], written[1], written[0]])
        assert store.histogram_epochs(attempt.run_id) == [1, 2]
        assert store.histogram_names(attempt.run_id) == {"activations": ["a"], "weights": ["a", "b", "narrow"]}

    def test_histograms_are_found_by_what_is_looked_for(self, store: Store) -> None:
        """Later epochs, one kind, one array, chosen epochs, and no more than so many."""
        attempt = claimed(store, new_run(store))
        attempt.add_histograms([histogram(name, epoch) for epoch in range(1, 6) for name in ("a", "b")])
        attempt.add_histograms([histogram("a", epoch, kind="activations") for epoch in range(1, 6)])

        def keys(*given: int, **wanted: object) -> list[tuple[int, str, str]]:
            found = store.histograms(attempt.run_id, *given, **wanted)  # type: ignore[arg-type]
            return [(histogram.epoch, histogram.kind, histogram.name) for histogram in found]

        assert keys(4) == [(5, "activations", "a"), (5, "weights", "a"), (5, "weights", "b")]
        assert keys(3, kind="weights", name="b") == [(4, "weights", "b"), (5, "weights", "b")]
        assert keys(only=[2, 4], kind="activations") == [(2, "activations", "a"), (4, "activations", "a")]
        assert keys(1, limit=2) == [(2, "activations", "a"), (2, "weights", "a")]
        assert keys(5) == []

    def test_an_array_has_one_histogram_an_epoch(self, store: Store) -> None:
        """The last that was written."""
        attempt = claimed(store, new_run(store))
        attempt.add_histograms([histogram("a", 1), histogram("b", 1)])
        newer = Histogram("weights", "a", 1, 5, np.array([0.0, 1.0]), np.array([3], np.int64))
        attempt.add_histograms([newer])
        _are_alike(store.histograms(attempt.run_id), [newer, histogram("b", 1)])

    def test_rewinding_forgets_later_histograms_and_keeps_the_graph(self, store: Store) -> None:
        """As it does with metrics; the model is the same."""
        attempt = claimed(store, new_run(store))
        attempt.add_histograms([histogram("a", epoch) for epoch in (1, 2, 3)])
        attempt.set_graph([GraphNode("model/a", "Linear")])
        attempt.rewind(8, 2, None)
        _are_alike(store.histograms(attempt.run_id), [histogram("a", 1), histogram("a", 2)])
        assert store.graph(attempt.run_id) == (GraphNode("model/a", "Linear"),)

    def test_histograms_are_there_with_their_epoch_or_not_at_all(self, store: Store) -> None:
        """They are written in its transaction."""
        attempt = claimed(store, new_run(store))

        def cut_short() -> None:
            with attempt.transaction():
                attempt.epoch(EpochRecord(1, 4, {"train_loss": 0.5}), None, None)
                attempt.add_histograms([histogram("a", 1)])
                msg = "power cut"
                raise RuntimeError(msg)

        with pytest.raises(RuntimeError, match="power"):
            cut_short()
        assert (store.epochs(attempt.run_id), store.histograms(attempt.run_id)) == ([], [])

    def test_any_name_can_be_kept(self, store: Store) -> None:
        """Layers are called by people."""
        attempt = claimed(store, new_run(store))
        attempt.add_histograms([histogram("a\0b\ud800 'é' 層", 1)])
        (found,) = store.histograms(attempt.run_id)
        assert found.name.endswith("'é' 層")

    def test_a_graph_comes_back_as_it_was(self, store: Store) -> None:
        """With shapes known and unknown; the newest one counts."""
        attempt = claimed(store, new_run(store))
        assert store.graph(attempt.run_id) == ()
        attempt.set_graph([GraphNode("old", "Dense")])
        nodes = (
            GraphNode("model/entry", "InputLayer", (), (1, 8, 8)),
            GraphNode("model/deep/0", "Conv2d", ("model/entry",), (16, 8, 8), 160),
            GraphNode("model/add", "Add", ("model/entry", "model/deep/0")),
            GraphNode("model/loss", "Mean", ("model/add",), ()),
        )
        attempt.set_graph(nodes)
        assert store.graph(attempt.run_id) == nodes

    def test_what_is_known_of_a_model_goes_with_its_run(self, store: Store) -> None:
        """Deleted with it."""
        attempt: Attempt = claimed(store, new_run(store))
        attempt.add_histograms([histogram("a", 1)])
        attempt.set_graph([GraphNode("model/a", "Linear")])
        attempt.end(State.STOPPED)
        store.delete_run(attempt.run_id)
        assert (store.histograms(attempt.run_id), store.graph(attempt.run_id)) == ([], ())


def _are_alike(found: list[Histogram], expected: list[Histogram]) -> None:
    assert [(one.kind, one.name, one.epoch, one.step) for one in found] == [
        (one.kind, one.name, one.epoch, one.step) for one in expected
    ]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.edges, other.edges, strict=True)
        np.testing.assert_array_equal(one.counts, other.counts, strict=True)
