"""What an adapter promises that can look into its models; skipped for one that can't."""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import (
    AVERAGED,
    Distribution,
    Inspected,
    Inspects,
    InspectsGradients,
    RawArray,
    TimesLayers,
)
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.testing.adapter_fixtures import ABILITIES, AdapterFixtures, Make
from dltrainer_jupyter.testing.adapter_runs import WholeRun
from dltrainer_jupyter.testing.adapter_samples import Trainer

_BINS = 16
_TOGETHER = ("ema", "gradient_accumulation")


class InspectionContract(AdapterFixtures):
    """Looking at weights, layers and the graph."""

    @pytest.fixture
    def looking(self, trainer: Make) -> Make:
        """Make trainers whose adapter can look into models."""

        def make(**settings: Any) -> Trainer:
            made = trainer(**settings)
            if not isinstance(made.adapter, Inspects):
                pytest.skip("this adapter can't look into its models")
            return made

        return make

    def test_weights_are_counted_under_the_names_of_a_checkpoint(self, looking: Make) -> None:
        """All of them, and none of an average's."""
        made = looking(**self._together())
        made.step(3)
        kept = {name: _values(raw) for name, raw in made.save().weights.items() if raw.dtype == "F32"}
        own = {name: values for name, values in kept.items() if AVERAGED not in name.partition(".")[0]}
        seen = _looks(made).inspect_weights(made.state, _BINS, 512)
        assert seen.missed == {}
        assert seen.found.keys() == own.keys()
        for name, values in own.items():
            _holds(seen.found[name], values)
        assert any(len(lies.counts) == _BINS for lies in seen.found.values())

    def test_only_the_largest_of_many_arrays_are_counted(self, looking: Make) -> None:
        """In the order in which all would be."""
        made = looking()
        every = _looks(made).inspect_weights(made.state, _BINS, 512).found
        sizes = {name: int(lies.counts.sum()) for name, lies in every.items()}
        some = _looks(made).inspect_weights(made.state, _BINS, 2).found
        assert len(some) == 2
        assert min(sizes[name] for name in some) >= sorted(sizes.values())[-2]
        assert list(some) == [name for name in every if name in some]
        layers = _looks(made).inspect_layers(made.recipe, made.state, made.batch(0), _BINS, 1).found
        assert len(layers) == 1

    def test_layers_are_seen_as_they_are_measured(self, looking: Make) -> None:
        """Without dropout, with the averages of weights and statistics, the same each time."""
        made = looking(**self._together())
        made.step(3)
        seen = self._layers(made)
        assert seen.missed == {}
        assert seen.found.keys() & {name.rpartition(".")[0] for name in made.save().weights}
        outputs = made.evaluate()[1]
        *_, last = seen.found.values()
        _holds(last, outputs)
        again = self._layers(made)
        for name, lies in seen.found.items():
            np.testing.assert_array_equal(lies.counts, again.found[name].counts)
            np.testing.assert_array_equal(lies.edges, again.found[name].edges)

    def test_values_that_are_not_finite_are_in_no_bucket(self, looking: Make) -> None:
        """The others are."""
        made = looking()
        batch = made.batch(0)
        spoilt = made.samples.inputs[made.indices(0)].astype(np.float32)
        spoilt[0] = np.nan
        spoilt[1] = np.inf
        odd = made.adapter.to_batch((spoilt, made.samples.targets[made.indices(0)]))
        seen = _looks(made).inspect_layers(made.recipe, made.state, odd, _BINS, 512).found
        whole = self._layers(made).found
        assert batch.size == odd.size
        *_, last = seen
        per_sample = whole[last].counts.sum() / batch.size
        assert seen[last].counts.sum() == per_sample * (batch.size - 2)
        assert all(np.isfinite(lies.edges).all() for lies in seen.values())

    def test_looking_changes_nothing(self, looking: Make) -> None:
        """Neither the state nor a bit of the steps that follow."""
        settings = self._together()
        undisturbed, made = looking(**settings), looking(**settings)
        expected, found = undisturbed.step(2), made.step(2)
        for _ in range(2):
            before = made.fingerprint()
            _looks(made).inspect_weights(made.state, _BINS, 512)
            self._layers(made)
            _looks(made).graph(made.recipe, made.state, made.batch(1))
            if isinstance(made.adapter, InspectsGradients):
                made.adapter.inspect_gradients(made.recipe, made.state, made.batch(1), _BINS, 512)
            if isinstance(made.adapter, TimesLayers):
                made.adapter.time_layers(made.recipe, made.state, made.batch(1), 0.0)
            assert made.fingerprint() == before
            expected += undisturbed.step(4)
            found += made.step(4)
        assert found == expected
        assert made.fingerprint() == undisturbed.fingerprint()
        assert made.evaluate()[0] == undisturbed.evaluate()[0]

    def test_a_graph_leads_from_the_input_to_the_output(self, looking: Make) -> None:
        """Inputs come first, every layer with weights is in it, and says how many it learns."""
        made = looking()
        nodes = _looks(made).graph(made.recipe, made.state, made.batch(0))
        names = [node.name for node in nodes]
        assert len(set(names)) == len(names)
        assert [node.name for node in nodes if not node.inputs] == names[:1]
        for position, node in enumerate(nodes):
            assert set(node.inputs) <= set(names[:position])
        weights = {name: math.prod(raw.shape) for name, raw in made.save().weights.items() if raw.dtype == "F32"}
        assert {name.rpartition(".")[0].replace(".", "/") for name in weights} <= set(names)
        assert 0 < sum(node.parameters for node in nodes) <= sum(weights.values())
        assert nodes[0].shape == made.samples.inputs.shape[1:]
        assert nodes[-1].shape == made.evaluate()[1].shape[1:]
        assert len(_reached(nodes[-1].name, {node.name: node.inputs for node in nodes})) == len(nodes)

    def test_a_run_has_the_same_bits_with_and_without(self, looking: Make, model: Any, tmp_path: Path) -> None:
        """Undisturbed, and suspended and taken up again in the middle of an epoch; its histograms are the same."""
        made = looking()
        usual: dict[str, Any] = {
            "framework": self.framework,
            "model": model,
            "data": "digits",
            "epochs": 3,
            "batch_size": 256,
            # One step a look at the bell, so that it can be left in the middle of an epoch.
            "fast": {"several_steps": False},
        }
        asked = {"histograms": {"bins": _BINS, "gradients": True}}
        without = WholeRun(tmp_path, **usual, histograms=False)
        looked, resumed = WholeRun(tmp_path, **usual, **asked), WholeRun(tmp_path, **usual, **asked)
        assert without.train().state == looked.train().state == State.COMPLETED
        assert resumed.train(suspend_after=12).state == State.SUSPENDED
        assert resumed.train().state == State.COMPLETED
        assert without.last.digest == looked.last.digest == resumed.last.digest
        assert without.history() == looked.history() == resumed.history()
        assert without.seen() == {}
        assert looked.seen() == resumed.seen()
        assert {epoch for epoch, *_ in looked.seen()} == {1, 2, 3}
        kinds = {"weights", "activations"}
        if isinstance(made.adapter, InspectsGradients):
            kinds.add("gradients")
        assert {kind for _, kind, _ in looked.seen()} == kinds

    def test_gradients_are_counted_under_the_names_of_a_checkpoint(self, looking: Make) -> None:
        """Of what is learnt alone, and as a step that follows them would go."""
        made = looking()
        adapter = made.adapter
        if not isinstance(adapter, InspectsGradients):
            pytest.skip("this adapter can't look at gradients")
        made.step(3)
        seen = adapter.inspect_gradients(made.recipe, made.state, made.batch(0), _BINS, 512)
        assert seen.missed == {}
        kept = {name: math.prod(raw.shape) for name, raw in made.save().weights.items()}
        assert seen.found
        assert {name: int(lies.counts.sum()) for name, lies in seen.found.items()} == {n: kept[n] for n in seen.found}
        learned = sum(node.parameters for node in _looks(made).graph(made.recipe, made.state, made.batch(0)))
        assert sum(lies.counts.sum() for lies in seen.found.values()) == learned
        assert any(lies.edges[0] < 0 < lies.edges[-1] for lies in seen.found.values())
        again = adapter.inspect_gradients(made.recipe, made.state, made.batch(0), _BINS, 512)
        other = adapter.inspect_gradients(made.recipe, made.state, made.batch(1), _BINS, 512)
        for name, lies in seen.found.items():
            np.testing.assert_array_equal(lies.edges, again.found[name].edges)
        assert any(not np.array_equal(lies.edges, other.found[name].edges) for name, lies in seen.found.items())

    def test_layers_are_timed_by_the_names_of_the_graph(self, looking: Make) -> None:
        """All of them that have none inside, in more than no time."""
        made = looking()
        if not isinstance(made.adapter, TimesLayers):
            pytest.skip("this adapter can't time layers")
        names = {node.name for node in _looks(made).graph(made.recipe, made.state, made.batch(0))} - {"input"}
        times = made.adapter.time_layers(made.recipe, made.state, made.batch(0), 60.0)
        assert names <= times.keys()
        assert all(0 < times[name] < 60_000 for name in names)

    def test_a_graph_knows_what_layers_compute(self, looking: Make) -> None:
        """What goes in where, and how many operations those with weights take."""
        made = looking()
        nodes = _looks(made).graph(made.recipe, made.state, made.batch(0))
        shapes = {node.name: node.shape for node in nodes}
        for node in nodes[1:]:
            assert node.input_shape == shapes[node.inputs[0]]
            # Each weight of a fully connected layer is used once, and a multiply-add counts twice; biases don't.
            if node.parameters and len(node.shape or ()) == 1 and node.flops is not None:
                assert node.flops >= 2 * (node.parameters - math.prod(node.shape or ()))
        assert sum(node.flops or 0 for node in nodes) > 0

    # --- small helps --------------------------------------------------------------------------------

    def _together(self) -> dict[str, Any]:
        return {
            key: value for ability in _TOGETHER if ability in self.supports for key, value in ABILITIES[ability].items()
        }

    @staticmethod
    def _layers(made: Trainer) -> Inspected:
        return _looks(made).inspect_layers(made.recipe, made.state, made.batch(0), _BINS, 512)


def _looks(made: Trainer) -> Inspects:
    assert isinstance(made.adapter, Inspects)
    return made.adapter


def _values(raw: RawArray) -> Any:
    return np.frombuffer(raw.data, "<f4")


def _holds(lies: Distribution, values: Any) -> None:
    """Compare with what NumPy counts."""
    assert lies.edges.dtype == np.float64
    assert lies.counts.dtype == np.int64
    assert lies.counts.sum() == values.size
    assert (np.diff(lies.edges) > 0).all()
    if len(lies.counts) > 1:
        np.testing.assert_allclose(lies.edges[[0, -1]], [values.min(), values.max()], rtol=1e-6)
        np.testing.assert_allclose(lies.counts, np.histogram(values.astype(np.float64), lies.edges)[0], atol=2)
    else:
        assert lies.edges[0] <= values.min() <= values.max() <= lies.edges[-1]


def _reached(name: str, inputs: dict[str, tuple[str, ...]]) -> set[str]:
    found, waiting = {name}, [name]
    for one in waiting:
        waiting.extend(set(inputs[one]) - found)
        found.update(inputs[one])
    return found
