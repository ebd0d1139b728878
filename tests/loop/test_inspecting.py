"""Histograms come with their epochs, and whatever a model does meanwhile, its run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.loop import inspecting
from dltrainer_jupyter.tal import Run

Train = Callable[..., Run]


def _epochs(run: Run, kind: str) -> list[int]:
    return sorted({it.epoch for it in run.store.histograms(run.id, kind=kind)})  # type: ignore[arg-type]


def _counts(run: Run) -> dict[tuple[int, str, str], bytes]:
    return {(it.epoch, it.kind, it.name): it.counts.tobytes() for it in run.store.histograms(run.id)}


def _missed(run: Run) -> list[dict[str, str]]:
    return [event.data["missed"] for event in run.store.events(run.id) if event.kind == "not_measured"]


def test_histograms_come_with_their_epochs(train: Train) -> None:
    run = train(executor="inline", histograms={"every_epochs": 2, "bins": 8}, epochs=5)
    assert _epochs(run, "weights") == _epochs(run, "activations") == [2, 4, 5]
    steps = {record.epoch: record.step for record in run.store.epochs(run.id)}
    found = run.store.histograms(run.id)
    assert all(it.step == steps[it.epoch] for it in found)
    assert {len(it.counts) for it in found} <= {1, 8}
    assert _missed(run) == []
    named = {node.name.replace("/", ".") for node in run.store.graph(run.id)}
    assert set(run.store.histogram_names(run.id)["activations"]) <= named


def test_the_last_epoch_is_measured_when_it_comes_early(train: Train) -> None:
    stopping = {"patience": 1, "min_delta": 100}
    run = train(executor="inline", histograms={"every_epochs": 100}, epochs=9, early_stopping=stopping)
    assert _epochs(run, "weights") == [record.epoch for record in run.store.epochs(run.id)][-1:]


def test_weights_alone(train: Train) -> None:
    run = train(executor="inline", histograms={"activations": False})
    assert run.store.histogram_names(run.id).keys() == {"weights"}
    assert run.store.graph(run.id)


def test_layers_are_looked_at_with_samples_in_training_where_none_are_held_back(train: Train) -> None:
    run = train(executor="inline", histograms=True, validation=False)
    (first, *_) = run.store.histograms(run.id, kind="activations", name="model.output")
    assert first.counts.sum() == inspecting.SAMPLES * 10


def test_a_run_of_a_few_samples(train: Train) -> None:
    inputs = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    data = (inputs, np.array([0, 1, 0, 1, 0, 1]))
    run = train(executor="inline", histograms=True, data=data, validation=False, model={"type": "mlp"}, batch_size=2)
    assert _missed(run) == []
    (first, *_) = run.store.histograms(run.id, kind="activations", name="model.output")
    assert first.counts.sum() == 12


def test_what_nobody_asked_for_is_looked_at_seldom(train: Train) -> None:
    """Weights alone after epochs 1, 2, 4 … and the last, and once what the model is made of."""
    run = train(executor="inline", epochs=6)
    assert run.store.histogram_names(run.id).keys() == {"weights"}
    assert _epochs(run, "weights") == [1, 2, 4, 6]
    graph = run.store.graph(run.id)
    assert {node.samples for node in graph if node.parameters} == {8}
    assert all(node.milliseconds is not None for node in graph if node.parameters)
    assert _missed(run) == []


def test_gradients_if_asked_for(train: Train) -> None:
    run = train(executor="inline", histograms={"gradients": True, "activations": False})
    names = run.store.histogram_names(run.id)
    assert set(names["gradients"]) <= set(names["weights"])
    assert _epochs(run, "gradients") == _epochs(run, "weights")


def test_nothing_is_looked_at_if_it_is_switched_off(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(inspecting.Inspector, "__init__", refuse)
    run = train(executor="inline", histograms=False)
    assert run.state == State.COMPLETED
    assert run.store.histograms(run.id) == []


def test_no_more_arrays_than_there_is_room_for(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspecting, "MOST", 3)
    run = train(executor="inline", histograms=True, epochs=1)
    names = run.store.histogram_names(run.id)
    assert (len(names["weights"]), len(names["activations"])) == (3, 3)


def test_a_run_that_goes_on_has_the_histograms_of_one_that_never_ended(train: Train) -> None:
    """To the same bits, by another trainer."""
    usual = {"executor": "inline", "histograms": True, "scheduler": None}
    whole, longer = train(**usual, epochs=3), train(**usual, epochs=2)
    assert len(_counts(longer)) < len(_counts(whole))
    longer.resume(epochs=3, executor="inline")
    assert _counts(longer) == _counts(whole)


# --- strange models ---------------------------------------------------------------------------------------


class Strange(nn.Module):
    """A network with something about it, switched on while it is looked at: when it is measured a second time."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.linear = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(self.flat(x))


class Raising(Strange):
    """Doesn't bear few samples, as nobody else gives them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training and len(x) == inspecting.SAMPLES:
            msg = "No such luck.\nAnd more."
            raise ValueError(msg)
        return super().forward(x)


class Remembering(Strange):
    """Draws, counts and remembers, in evaluation as well, and lets it all into what it learns."""

    seen: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))
        self.calls = 0
        self.log: list[int] = []
        self.plain = torch.zeros(10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen += len(x) / 100
        self.calls += 1
        self.log.append(len(x))
        self.plain += 0.01
        self.last = x.mean()
        noise = 0.01 * torch.rand(10)
        return super().forward(x) + self.seen + self.calls / 100 + len(self.log) / 100 + self.plain + noise


class Answers(Strange):
    """Has a layer that answers with a mapping, and one that gives no tensor at all."""

    class Inner(nn.Module):
        def __init__(self, linear: nn.Module) -> None:
            super().__init__()
            self.linear = linear

        def forward(self, x: torch.Tensor) -> dict[str, Any]:
            return {"logits": self.linear(x), "about": ["nothing", None]}

    class Silent(nn.Module):
        def forward(self, x: torch.Tensor) -> None:
            """Give nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.silent = self.Inner(self.linear), self.Silent()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.silent(x)
        answer = self.inner(self.flat(x))
        return answer["logits"] + 1  # type: ignore[no-any-return]


@pytest.fixture
def alone(train: Train) -> Callable[..., Run]:
    """Train a model of one's own, with the same first weights each time."""

    def start(kind: type[nn.Module], **settings: Any) -> Run:
        torch.manual_seed(0)
        usual = {"executor": "inline", "fast": {"direct_calls": False}, "scheduler": None}
        return train(model=kind(), **{**usual, **settings})

    return start


def test_a_model_that_raises_ends_no_run(alone: Callable[..., Run]) -> None:
    """It is told of once, and what can be seen is."""
    run = alone(Raising, histograms=True, epochs=3)
    assert run.state == State.COMPLETED
    assert _missed(run) == [{"activations": "No such luck"}]
    (event,) = [event for event in run.store.events(run.id) if event.kind == "not_measured"]
    assert event.message == "Could not be measured: activations, since No such luck. The training goes on."
    assert _epochs(run, "weights") == [1, 2, 3]
    assert _epochs(run, "activations") == []
    assert [node.name for node in run.store.graph(run.id)] == ["input", "model/flat", "model/linear"]


def test_a_model_that_can_never_be_called_has_a_tree(
    alone: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "_FEW", inspecting.SAMPLES)
    run = alone(Raising, histograms=True)
    nodes = run.store.graph(run.id)
    assert [(node.name, node.kind, node.inputs, node.parameters) for node in nodes] == [
        ("model/flat", "Flatten", (), 0),
        ("model/linear", "Linear", (), 650),
    ]


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9}, {"validation": False}])
def test_a_model_that_remembers_each_pass_trains_to_the_same_bits(
    alone: Callable[..., Run], changes: dict[str, Any]
) -> None:
    without, looked = alone(Remembering, **changes), alone(Remembering, histograms=True, **changes)
    assert _missed(looked) == []
    assert looked.store.histograms(looked.id, kind="activations")
    assert looked.last.record.digest == without.last.record.digest
    assert [record.values for record in looked.store.epochs(looked.id)] == [
        record.values for record in without.store.epochs(without.id)
    ]


def test_layers_that_give_no_plain_tensor(alone: Callable[..., Run]) -> None:
    run = alone(Answers, histograms=True)
    assert _missed(run) == []
    assert run.store.histogram_names(run.id)["activations"] == ["model", "model.flat", "model.linear"]
    graph = {node.name: node.inputs for node in run.store.graph(run.id)}
    assert graph["model/linear"] == ("model/flat",)


def test_an_adapter_that_cannot_look_is_told_of_once(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        pass

    monkeypatch.setattr(inspecting, "Inspects", Nobody)
    run = train(executor="inline", histograms=True)
    assert (run.state, run.error) == (State.COMPLETED, None)
    assert [list(missed) for missed in _missed(run)] == [["weights and activations"]]
