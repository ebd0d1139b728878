"""Several losses and regularizations as one, on PyTorch, against a loop by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from dltrainer_jupyter import tal
from dltrainer_jupyter.adapters.pytorch.context import PyTorchContext
from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.tal.description import describe

EPOCHS, SIZE, RATE = 2, 8, 0.1


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.drop = nn.Linear(4, 8), nn.Dropout(0.3)
        self.kind, self.size = nn.Linear(8, 3), nn.Linear(8, 1)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(torch.tanh(self.encoder(x)))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        hidden = self.embed(x)
        return {"kind": self.kind(hidden), "size": self.size(hidden)}


class Samples(Dataset[Any]):
    def __init__(self) -> None:
        self.x = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, at: int) -> Any:
        return self.x[at], {"kind": torch.tensor(at % 3), "size": self.x[at, :1] * 2}


def between(outputs, targets):
    return (outputs["kind"].mean() - targets["size"].mean()).abs()


def small(hidden):
    return hidden.abs().mean()


def of_weights(model):
    weight = model.encoder.weight
    return lambda value: (weight.norm() * value["size"].mean()).abs()


def ridge(model):
    return model.size.weight.square().sum()


class Switched:
    """Switches itself off."""

    def __call__(self, outputs, targets):
        return (outputs["kind"].square().mean() - targets["size"].mean()).abs()

    def off(self, loss, outputs, targets):
        return loss > 1.7


LOSS = [
    {"type": "cross_entropy", "output": "kind"},
    {"type": "mse", "output": "size", "weight": 0.5},
    {"type": between, "weight": 0.1},
]
REGULARIZATION = [
    {"type": "l2", "weight": 1e-3, "match": "encoder.*"},
    {"type": "l1", "match": "*.bias"},
    {"type": "orthogonal", "weight": 0.01, "match": "kind.*"},
    {"type": "activity_l1", "on": "enc*", "weight": 0.001},
    {"type": small, "on": "embed", "weight": 0.01},
    {"type": "activity_l2", "on": "encoder", "weight": 0.001},
    {"type": of_weights, "weight": 0.01},
    {"type": ridge, "weight": 0.02},
    {"type": Switched(), "weight": 0.3},
    {"type": "confidence_penalty", "output": "kind", "off_below": 1.9},
]


def by_hand(net: Net) -> tuple[Net, list[float]]:
    """Compute the same with nothing but PyTorch; dropout is left out."""
    net = copy.deepcopy(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
    losses = []
    for _ in range(EPOCHS):
        for x, targets in DataLoader(Samples(), batch_size=SIZE):
            encoded = net.encoder(x)
            hidden = torch.tanh(encoded)
            out = {"kind": net.kind(hidden), "size": net.size(hidden)}
            main = functional.cross_entropy(out["kind"], targets["kind"])
            main = main + 0.5 * functional.mse_loss(out["size"], targets["size"]) + 0.1 * between(out, targets)
            gram = net.kind.weight @ net.kind.weight.T - torch.eye(3)
            shares = out["kind"].softmax(1)
            loss = main + 1e-3 * (net.encoder.weight.square().sum() + net.encoder.bias.square().sum())
            loss = loss + 1e-5 * sum(layer.bias.abs().sum() for layer in (net.encoder, net.kind, net.size))
            loss = loss + 0.01 * gram.square().sum() + 0.001 * encoded.abs().sum() / len(x)
            loss = loss + 0.001 * encoded.square().sum() / len(x)
            loss = loss + 0.01 * small(hidden) + 0.01 * (net.encoder.weight.norm() * out["size"].mean()).abs()
            loss = loss + 0.02 * ridge(net)
            if main <= 1.7:
                loss = loss + 0.3 * Switched()(out, targets)
            if main >= 1.9:
                loss = loss + 0.1 * (shares * shares.log()).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return net, losses


def started(net: nn.Module, **more: Any) -> Any:
    settings: dict[str, Any] = {"loss": LOSS, "regularization": REGULARIZATION, "epochs": EPOCHS, "verbose": False}
    loader = DataLoader(Samples(), batch_size=SIZE)
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
    settings |= {"optimizer": optimizer, "executor": "inline", "histograms": False} | more
    return tal.train(model=net, data=loader, validation=loader, **settings)


@pytest.fixture
def net() -> Net:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Net()


def test_it_is_what_a_loop_by_hand_computes(net) -> None:
    net.drop.p = 0.0
    metrics = [{"type": "accuracy", "output": "kind"}, {"type": "mae", "output": "size"}]
    run = started(net, metrics=metrics).wait()
    wanted, losses = by_hand(net)
    steps, found = run.curve("train_loss")
    assert len(steps) == len(losses)
    assert found == pytest.approx(losses, rel=1e-6)
    for name, tensor in run.last.model().state_dict().items():
        torch.testing.assert_close(tensor, wanted.state_dict()[name], rtol=1e-6, atol=1e-6)
    given = run.last.predict(Samples().x.numpy())
    assert {name: value.shape for name, value in given.items()} == {"kind": (40, 3), "size": (40, 1)}
    _, off = run.curve("train_confidence_penalty_kind")
    assert (off == 0).any()
    assert (off != 0).any()
    table = run.metrics()
    terms = {name: table[f"val_{name}"].iloc[-1] for name in ("cross_entropy_kind_loss", "l2", "ridge", "small_embed")}
    assert all(value > 0 for value in terms.values())
    last = {name.removeprefix("train_"): value for name, value in table.iloc[-1].items() if name.startswith("train_")}
    weights = {"mse_size_loss": 0.5, "between_loss": 0.1, "l2": 1e-3, "l1": 1e-5, "orthogonal": 0.01}
    weights |= {
        "activity_l2_encoder": 0.001,
        "activity_l1_enc": 0.001,
        "small_embed": 0.01,
        "of_weights": 0.01,
        "ridge": 0.02,
        "Switched": 0.3,
    }
    weights |= {"confidence_penalty_kind": 0.1, "cross_entropy_kind_loss": 1}
    assert sum(weights[name] * last[name] for name in weights) == pytest.approx(last["loss"], rel=1e-5)
    assert not any(module._forward_hooks for module in run.last.model().modules())


@pytest.mark.slow
def test_a_resumed_run_is_the_uninterrupted_one(net) -> None:
    whole = started(net, epochs=3).wait()
    part = started(net, epochs=1).wait()
    part.resume(epochs=3).wait(60)
    part.wait(60)
    assert part.last.record.digest == whole.last.record.digest
    assert part.curve("train_l2")[1].tolist() == whole.curve("train_l2")[1].tolist()


def test_a_list_of_one_loss_is_that_loss_to_the_bit() -> None:
    given: dict[str, Any] = {"model": "mlp", "data": "wine", "epochs": 1, "executor": "inline", "verbose": False}
    plain = tal.train(loss="cross_entropy", **given).wait()
    listed = tal.train(loss=[{"type": "cross_entropy", "weight": 1}], **given).wait()
    assert plain.last.record.digest == listed.last.record.digest


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"regularization": {"type": "activity_l1", "on": "encode"}}, "no layer or method 'encode'.* encoder, drop"),
        ({"regularization": {"type": "l2", "match": "nobody"}}, "no parameter that learns is called 'nobody'"),
        ({"loss": [{"type": "mse", "output": "sise"}]}, "no output 'sise'. Did you mean 'size'\\? Known: kind, size"),
        ({"loss": ["mse", "huber"]}, "several outputs \\(kind, size\\)"),
        ({"regularization": lambda value: value["kind"]}, "expected one number"),
    ],
)
def test_what_is_wrong_is_said_with_what_there_is(net, more, said) -> None:
    spec, own = describe({"model": net, "data": "wine", "loss": LOSS} | more)
    composition = PyTorchContext(spec, own, Signature("regression", (4,), 1), torch.device("cpu")).composition()
    assert composition is not None
    composition.begin(net)
    with pytest.raises(ConfigurationError, match=said):
        composition(net, *next(iter(DataLoader(Samples(), batch_size=SIZE))), called)


def test_a_term_that_is_no_number_is_named(net) -> None:
    with pytest.raises(TrainingFailed, match="bad is nan"):
        started(net, regularization={"type": lambda value: value["kind"].sum() * float("nan"), "name": "bad"}).wait()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"regularization": {"type": "l2", "weight": -1}}, "regularization.weight"),
        ({"loss": [{"type": between, "weight": "much"}]}, "loss.weight"),
        ({"regularization": "l3"}, "Did you mean 'l"),
        ({"regularization": ["l2", {"type": "l1", "name": "l2"}]}, "called 'l2' already"),
        ({"loss": [{"type": "mse", "outptu": "size"}]}, "outptu"),
    ],
)
def test_wrong_settings_are_refused_at_once(net, more, said) -> None:
    with pytest.raises(ConfigurationError, match=said):
        started(net, **more)


@pytest.mark.slow
def test_a_clone_has_the_same_terms(net) -> None:
    run = started(net).wait()
    cloned = run.clone(executor="inline").wait()
    assert cloned.last.record.digest == run.last.record.digest


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu, self.last = nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.last(self.relu(self.first(x)))
        return found


def composed(net: nn.Module, task: Any = "classification", **given: Any) -> Any:
    spec, own = describe({"model": net, "data": "wine", **given})
    made = PyTorchContext(spec, own, Signature(task, (4,), 3), torch.device("cpu")).composition()
    assert made is not None
    made.begin(net)
    return made


X, Y = torch.randn(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3


def test_a_result_that_the_next_layer_changes_in_place_is_refused_with_the_cure() -> None:
    net = InPlace()
    with pytest.raises(ConfigurationError, match="what 'first' gives is changed in place by what comes after it"):
        composed(net, regularization={"type": "activity_l1", "on": "first"})(net, X, Y, called)
    assert not any(module._forward_hooks for module in net.modules())
    loss, seen = composed(net, regularization={"type": "activity_l1", "on": "relu"})(net, X, Y, called)
    assert seen.terms["activity_l1_relu"].item() == pytest.approx(net.relu(net.first(X)).abs().sum().item() / 8)
    loss.backward()


class Often(nn.Module):
    """Calls one layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.again, self.last = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.last(self.again(self.again(x).tanh()))
        return found


def test_a_layer_that_is_called_twice_counts_twice() -> None:
    net = Often()
    _, seen = composed(net, regularization={"type": "activity_l2", "on": "again"})(net, X, Y, called)
    first = net.again(X)
    both = (first.square().sum() + net.again(first.tanh()).square().sum()) / 8
    torch.testing.assert_close(seen.terms["activity_l2_again"], both)


def test_what_weighs_nothing_is_watched_and_spoils_nothing() -> None:
    net = Often()
    watched = {"type": lambda outputs, _targets: outputs.sum() * float("nan"), "weight": 0, "name": "watched"}
    loss, seen = composed(net, loss=["cross_entropy", watched])(net, X, Y, called)
    torch.testing.assert_close(loss, functional.cross_entropy(net(X), Y), rtol=0, atol=0)
    assert seen.terms["watched"].isnan()
    off = {"type": "l2", "weight": 0}
    loss, seen = composed(net, regularization=off)(net, X, Y, called)
    torch.testing.assert_close(loss, functional.cross_entropy(net(X), Y), rtol=0, atol=0)
    assert seen.terms["l2"] > 0


def test_weights_of_classes_keep_their_values_in_16_bits() -> None:
    weights, net = (1.0009765625, 2.001953125, 3.00390625), Often()
    spec, own = describe({"model": net, "data": "wine", "loss": "focal", "precision": "bf16-mixed"})
    signature = Signature("classification", (4,), 3, class_weights=weights)
    loss = PyTorchContext(spec, own, signature, torch.device("cpu")).loss()
    outputs = net(X).detach().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(outputs, Y)
    torch.testing.assert_close(found, loss(outputs.float(), Y), rtol=1e-6, atol=0)
