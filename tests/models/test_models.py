"""What is true of every ready-made model."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.models.cnn import CNN
from dltrainer_jupyter.models.mlp import MLP

ALL = [MLP, CNN]
ACTIVATIONS = ["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]


def build(model: type, signature: Signature | None = None, **config) -> nn.Module:
    signature = signature or Signature(task="classification", input_shape=(1, 8, 8), outputs=10)
    return model(validate(model.Config, config)).pytorch(signature)


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_every_parameter_learns(model: type, activation: str, batch_norm: bool) -> None:
    net = build(model, activation=activation, batch_norm=batch_norm, dropout=0.1)
    outputs = net(torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert outputs.shape == (4, 10)
    nn.functional.cross_entropy(outputs, torch.tensor([0, 1, 2, 3])).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


@pytest.mark.parametrize("model", ALL)
def test_outputs_follow_the_signature(model: type) -> None:
    for task, outputs in (("classification", 3), ("classification", 1), ("regression", 2)):
        net = build(model, Signature(task=task, input_shape=(3, 9, 12), outputs=outputs))
        assert net(torch.rand(2, 3, 9, 12)).shape == (2, outputs)


@pytest.mark.parametrize("model", ALL)
def test_dropout_is_a_layer_of_torchs_own(model: type) -> None:
    # An adapter replaces these by ones that draw from the run's own generator.
    assert [layer.p for layer in build(model, dropout=0.3).modules() if isinstance(layer, nn.Dropout)]
    assert not [layer for layer in build(model, dropout=0).modules() if isinstance(layer, nn.Dropout)]


@pytest.mark.parametrize("model", ALL)
def test_a_net_draws_from_the_generator_in_force_only_to_begin(model: type) -> None:
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        weights.append([value.clone() for value in build(model).state_dict().values()])
    assert all(torch.equal(first, second) for first, second in zip(*weights, strict=True))


@pytest.mark.parametrize("model", ALL)
def test_whole_numbers_are_made_floats(model: type) -> None:
    chain = ({"type": "input", "shapes": [[1, 8, 8]], "dtype": "int64"},)
    net = build(model, Signature("classification", (1, 8, 8), 2, preprocessing=chain))
    assert net(torch.ones(3, 1, 8, 8, dtype=torch.int64)).shape == (3, 2)
    assert "to_float" not in dict(build(model).named_children())


@pytest.mark.parametrize("model", ALL)
def test_a_net_can_be_pickled(model: type) -> None:
    chain = ({"type": "input", "shapes": [[1, 8, 8]], "dtype": "int64"},)
    net = build(model, Signature("classification", (1, 8, 8), 2, preprocessing=chain)).eval()
    again = pickle.loads(pickle.dumps(net))  # noqa: S301 - our own
    inputs = torch.ones(2, 1, 8, 8)
    assert torch.equal(net(inputs), again(inputs))


@pytest.mark.parametrize("model", ALL)
def test_a_model_is_a_part_as_every_other(model: type) -> None:
    assert model.description.endswith(".")
    assert model.task == ("classification", "regression")
    assert all(field["description"] for field in model.Config.model_json_schema()["properties"].values())
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.Config(layers=3)
    with pytest.raises(ValidationError, match="frozen"):
        model.Config().dropout = 0.5


def test_models_are_described_without_torch() -> None:
    code = (
        "import sys\n"
        "from dltrainer_jupyter.models.cnn import CNN\n"
        "from dltrainer_jupyter.models.mlp import MLP\n"
        "for model in (CNN, MLP):\n"
        "    model(model.Config()); model.Config.model_json_schema()\n"
        "print([name for name in ('torch', 'numpy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
