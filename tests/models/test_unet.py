from __future__ import annotations

import pickle

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models.unet import UNet


def build(shape: tuple[int, ...] = (3, 16, 16), classes: int = 5, **config) -> nn.Module:
    return UNet(UNet.Config(**{"width": 4, "depth": 2, **config})).pytorch(Signature("segmentation", shape, classes))


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_every_parameter_learns(activation: str, batch_norm: bool) -> None:
    net = build(activation=activation, batch_norm=batch_norm, dropout=0.1)
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    nn.functional.cross_entropy(net(images), torch.arange(5).repeat(4 * 16 * 16)[: 4 * 256].view(4, 16, 16)).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 17, 30), (2, 33, 9)])
@pytest.mark.parametrize("depth", [1, 3])
def test_outputs_are_as_large_as_the_image(shape: tuple[int, ...], depth: int) -> None:
    assert build(shape, 3, depth=depth)(torch.rand(2, *shape)).shape == (2, 3, *shape[1:])


def test_a_coarse_level_sees_far_and_a_fine_one_sees_pixels() -> None:
    torch.manual_seed(0)
    net = build((1, 64, 64), 1, depth=3, batch_norm=False, activation="silu")
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    net(image)[0, 0, 32, 32].backward()
    seen = image.grad[0, 0].abs() > 0
    assert (seen[32, 32], seen[32, 10]) == (True, True)


def test_pixels_of_which_all_features_are_negative_are_still_learnt_from() -> None:
    net = build()
    last = [layer for layer in net.up[0].modules() if isinstance(layer, nn.BatchNorm2d)][-1]
    nn.init.constant_(last.bias, -100)
    nn.functional.cross_entropy(net(torch.rand(2, 3, 16, 16)), torch.ones(2, 16, 16, dtype=torch.int64)).backward()
    assert last.weight.grad.abs().sum() > 0


def test_whole_numbers_are_made_floats() -> None:
    assert build()(torch.ones(1, 3, 16, 16, dtype=torch.int64)).dtype == torch.float32


def test_dropout_is_a_layer_of_torchs_own() -> None:
    assert [layer.p for layer in build(dropout=0.3).modules() if isinstance(layer, nn.Dropout2d)] == [0.3]
    assert not [layer for layer in build().modules() if isinstance(layer, nn.Dropout2d)]


def test_it_can_be_pickled() -> None:
    net = build().eval()
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(net(images), pickle.loads(pickle.dumps(net))(images))  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("shape", "said"), [((64,), r"got samples of shape \(64,\)"), ((1, 4, 4), "from"), ((1, 8, 40), "at most 3")]
)
def test_what_is_no_image_or_too_small_is_refused(shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        build(shape, depth=5)


def test_it_is_a_part_as_every_other_and_says_where_it_can_be_built() -> None:
    assert "PyTorch only" in UNet.description
    assert UNet.task == ("segmentation",)
    assert [it for it in ("pytorch", "tensorflow", "jax") if hasattr(UNet, it)] == ["pytorch"]
    assert all(field["description"] for field in UNet.Config.model_json_schema()["properties"].values())
    with pytest.raises(ValidationError, match="Extra inputs"):
        UNet.Config(layers=3)
