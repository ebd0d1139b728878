from __future__ import annotations

import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.models.mlp import MLP

TABLE = Signature(task="regression", input_shape=(13,), outputs=2)


def test_layers_stand_in_the_order_people_expect() -> None:
    net = MLP(MLP.Config(hidden=(32, 16), dropout=0.2, batch_norm=True, activation="tanh")).pytorch(TABLE)
    assert list(map(str, net.children())) == [
        "Flatten(start_dim=1, end_dim=-1)",
        "Linear(in_features=13, out_features=32, bias=True)",
        str(nn.BatchNorm1d(32)),
        "Tanh()",
        "Dropout(p=0.2, inplace=False)",
        "Linear(in_features=32, out_features=16, bias=True)",
        str(nn.BatchNorm1d(16)),
        "Tanh()",
        "Dropout(p=0.2, inplace=False)",
        "Linear(in_features=16, out_features=2, bias=True)",
    ]


def test_no_hidden_layer_is_a_linear_model() -> None:
    net = MLP(MLP.Config(hidden=())).pytorch(TABLE)
    inputs = torch.rand(5, 13)
    output = dict(net.named_children())["output"]
    assert torch.equal(net(inputs), nn.functional.linear(inputs, output.weight, output.bias))


@pytest.mark.parametrize("shape", [(13,), (2, 3), (3, 4, 5), (1, 2, 3, 4)])
def test_samples_of_any_shape_are_taken(shape: tuple[int, ...]) -> None:
    net = MLP(MLP.Config()).pytorch(Signature(task="classification", input_shape=shape, outputs=3))
    assert net(torch.rand(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"hidden": [0]}, "greater than or equal to 1, got 0"),
        ({"hidden": 64}, "list, got 64"),
        ({"dropout": 1}, "less than 1, got 1"),
        ({"activation": "rely"}, "'relu'"),
        ({"hiden": [3]}, r"Did you mean 'hidden'\?"),
    ],
)
def test_bad_settings_are_refused(config: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        validate(MLP.Config, config, "model")
