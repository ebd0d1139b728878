"""What PyTorch's adapter sees of nets of any make, and what it leaves as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch import distributions
from dltrainer_jupyter.adapters.pytorch.distributions import _counted
from dltrainer_jupyter.adapters.pytorch.inspection import graph, inspect_layers, inspect_weights
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.tracking import GraphNode


def _graph(net: nn.Module, *inputs: Any) -> dict[str, GraphNode]:
    given = inputs[0] if len(inputs) == 1 else inputs

    def compute() -> None:
        with torch.no_grad():
            net(*inputs)

    nodes = graph({"net": net.eval()}, Batch(given, None, 2), compute)
    return {node.name: node for node in nodes}


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = self.first(x)
        kept = kept + torch.relu(self.second(kept))
        return self.last(kept * self.scale)


def test_functions_between_layers_pass_on_what_they_were_given() -> None:
    nodes = _graph(Residual(), torch.ones(2, 4))
    assert nodes["net/second"].inputs == ("net/first",)
    assert set(nodes["net/last"].inputs) == {"net/first", "net/second"}
    assert nodes["net/last"].parameters == 10
    assert nodes["net/last"].shape == (2,)
    # It has a number of its own, so that it is more than its layers.
    assert (nodes["net"].inputs, nodes["net"].parameters) == (("net/last",), 4)


class Unrolled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = nn.GRUCell(3, 5), nn.Linear(5, 1)

    def forward(self, x: torch.Tensor, *, mask: torch.Tensor | None = None) -> torch.Tensor:
        state = torch.zeros(len(x), 5)
        for moment in x.unbind(1):
            state = self.cell(moment, state)
        return self.out(state)


def test_a_layer_called_again_and_again_is_there_once() -> None:
    nodes = _graph(Unrolled(), torch.ones(2, 7, 3))
    assert list(nodes) == ["input", "net/cell", "net/out"]
    assert nodes["net/cell"].inputs == ("input",)
    assert nodes["net/out"].inputs == ("net/cell",)


def test_two_inputs_and_a_layer_that_gives_several_tensors() -> None:
    net = nn.LSTM(3, 5, batch_first=True)
    nodes = _graph(net, torch.ones(2, 7, 3), (torch.ones(1, 2, 5), torch.ones(1, 2, 5)))
    assert list(nodes) == ["input", "net"]
    assert nodes["net"].shape == (7, 5)
    assert nodes["net"].parameters == sum(p.numel() for p in net.parameters())


def test_attention_is_seen_as_a_whole() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    nodes = _graph(nn.Sequential(nn.Linear(3, 8), layer, nn.Linear(8, 1)), torch.ones(2, 5, 3))
    assert nodes["net/0"].inputs == ("input",)
    assert "net/1" in nodes or {"net/1/self_attn", "net/1/norm2"} <= nodes.keys()
    assert nodes["net/2"].inputs[0].startswith("net/1")


def _layers(net: nn.Module, x: torch.Tensor, most: int = 512) -> Any:
    with torch.no_grad():
        return inspect_layers({"net": net.eval()}, lambda: net(x), 8, most)


def test_a_layer_is_seen_before_the_next_one_writes_over_it() -> None:
    seen = _layers(nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True)), torch.randn(16, 4)).found
    assert list(seen) == ["net.0"]
    assert seen["net.0"].edges[0] < 0


def test_of_large_outputs_the_first_samples_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltrainer_jupyter.adapters.shared.layers.MOST_VALUES", 100)
    seen = _layers(nn.Linear(4, 30), torch.randn(16, 4)).found
    assert seen["net"].counts.sum() == 90
    (whole,) = _layers(nn.Linear(4, 300), torch.randn(16, 4)).found.values()
    assert whole.counts.sum() == 300


def test_what_is_no_real_number_is_left_out() -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.argmax(1)

    net = nn.Sequential(nn.BatchNorm1d(4), Odd())
    assert list(_layers(net, torch.randn(16, 4)).found) == ["net.0"]
    names = inspect_weights({"net": net}, 8, 512).found
    assert list(names) == ["net.0.weight", "net.0.bias", "net.0.running_mean", "net.0.running_var"]


def test_half_precision_is_counted() -> None:
    net = nn.Linear(4, 4).to(torch.bfloat16)
    assert inspect_weights({"net": net}, 8, 512).found["net.weight"].counts.sum() == 16


def test_hooks_and_whatever_was_there_before_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).eval()
    heard: list[int] = []
    net[0].register_forward_hook(lambda *_: heard.append(1))
    before = {name: dict(vars(module)) for name, module in net.named_modules()}
    hooks = [len(module._forward_hooks) for module in net.modules()]
    _layers(net, torch.ones(2, 4))
    _graph(net, torch.ones(2, 4))
    assert len(heard) == 2
    assert hooks == [len(module._forward_hooks) for module in net.modules()]
    assert not any(module._forward_pre_hooks or module._forward_hooks_with_kwargs for module in net.modules())
    for name, module in net.named_modules():
        assert vars(module).keys() == before[name].keys()


def test_a_model_that_compiles_itself_is_left_alone() -> None:
    net = nn.Sequential(nn.Linear(4, 4))
    net.compile(backend="eager")
    with pytest.raises(ConfigurationError, match="net is compiled"):
        inspect_layers({"net": net}, lambda: None, 8, 512)
    assert graph({"net": net}, Batch(torch.ones(2, 4), None, 2), lambda: None) == (
        GraphNode("net/0", "Linear", parameters=20),
    )


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float64])
def test_an_accelerator_counts_as_the_host_does(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way for other devices, on a CPU."""
    monkeypatch.setattr(distributions, "_PIECE", 100)
    values = torch.randn(7, 49, generator=torch.Generator().manual_seed(0)).to(kind)
    values[0, :3] = torch.tensor([torch.nan, torch.inf, -torch.inf])
    low, high, *counts = _counted(values, 8).tolist()
    finite = values[values.isfinite()].double().numpy()
    assert (low, high) == (finite.min(), finite.max())
    np.testing.assert_allclose(counts, np.histogram(finite, 8)[0], atol=1)
    assert sum(counts) == finite.size


@pytest.mark.parametrize("value", [0.0, torch.nan, 3.4e38])
def test_an_accelerator_counts_constants_and_nothing(value: float) -> None:
    *_, first, second = _counted(torch.full((5,), value), 2).tolist()
    assert first + second == (5 if np.isfinite(value) else 0)
