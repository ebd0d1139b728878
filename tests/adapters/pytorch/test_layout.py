"""Channels lie last where that is faster and nobody can notice but by the bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.adapter import PyTorchAdapter
from dltrainer_jupyter.adapters.pytorch.layout import lay_out
from dltrainer_jupyter.adapters.pytorch.losses import CrossEntropy
from dltrainer_jupyter.adapters.pytorch.optimizers import SGD
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.recipes.supervised import Supervised
from tests.adapters.pytorch.bench import IMAGES, LABELS, Bench, check_exact, seeded
from tests.adapters.pytorch.test_state import convolutional

DATA = IMAGES, LABELS
FIRST = {"fast": {"channels_last": False}}


class Viewing(nn.Module):
    """Counts on images that lie with their channels first."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.convolution(x).view(len(x), 4, -1).mean(2)


def hooked(register: str = "register_forward_hook", on: str = "") -> nn.Module:
    net = convolutional()
    getattr(getattr(net[1], on) if on else net[1], register)(lambda *_: None)
    return net


class ViewingByName(CrossEntropy):
    def build(self) -> Any:
        return viewing_loss


class OptimizerByName(SGD):
    """An optimizer that another package has registered."""


class RecipeByName(Supervised):
    """A recipe that another package has registered."""


def viewing_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(outputs.view(len(outputs), -1), targets)


def channels_last(net: nn.Module) -> bool:
    weights = [parameter for parameter in net.parameters() if parameter.dim() == 4]
    found = {not weight.is_contiguous() for weight in weights}
    assert len(found) == 1
    return found.pop()


def trained(build: Callable[[], nn.Module], **settings: Any) -> tuple[bool, list[float], str]:
    """Say whether channels lay last, and what the losses and the state became."""
    with Bench(seeded(build), DATA, **settings) as bench:
        losses = bench.step(5)
        return channels_last(bench.net), losses, bench.digest()


def test_standard_nets_are_laid_out_unless_told_otherwise() -> None:
    (laid_out, last, digest), (not_laid_out, first, other) = trained(convolutional), trained(convolutional, **FIRST)
    assert (laid_out, not_laid_out) == (True, False)
    assert last == pytest.approx(first, rel=1e-3)
    assert digest != other


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (Viewing, {}),
        (hooked, {}),
        (lambda: hooked("register_full_backward_pre_hook"), {}),
        (lambda: hooked("register_hook", on="weight"), {}),
        (lambda: hooked("register_post_accumulate_grad_hook", on="bias"), {}),
        (lambda: nn.Sequential(nn.Conv2d(3, 3, 3), Viewing()), {}),
        (convolutional, {"loss": viewing_loss}),
        (convolutional, {"optimizer": torch.optim.SGD}),
        (convolutional, {"recipe": Supervised(Supervised.Config())}),
    ],
    ids=["module", "hook", "backward hook", "hook of a parameter", "another", "part", "loss", "optimizer", "recipe"],
)
def test_code_of_ones_own_finds_tensors_as_ever(build: Callable[[], nn.Module], settings: dict[str, Any]) -> None:
    found = trained(build, **settings)
    assert not found[0]
    assert found == trained(build, **settings, **FIRST)


def test_hooks_of_all_modules_find_tensors_as_ever() -> None:
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert not trained(convolutional)[0]
    finally:
        handle.remove()
    assert trained(convolutional)[0]


@pytest.mark.parametrize(
    ("kind", "part"),
    [("loss", ViewingByName), ("optimizer", OptimizerByName), ("recipe", RecipeByName), ("loss", None)],
)
def test_parts_of_other_packages_find_tensors_as_ever(kind: str, part: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a package isn't there any more, and a predictor is made of what was trained."""
    find = registry.find

    def found(of: Any, name: str, framework: str | None = None) -> Any:
        return part if name == "theirs" and part is not None else find(of, name, framework)

    monkeypatch.setattr(registry, "find", found)
    net = convolutional()
    lay_out(net, RunSpec.model_validate({"model": "cnn", "data": "digits", kind: "theirs"}), torch.device("cpu"))
    assert not channels_last(net)
    lay_out(net, RunSpec(model="cnn", data="digits"), torch.device("cpu"))
    assert channels_last(net)


def test_a_net_may_have_convolutions_of_other_dimensions() -> None:
    def volumes() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.Unflatten(1, (2, 2)), nn.Conv3d(2, 3, (2, 3, 3)), nn.Flatten(), nn.Linear(48, 4)
        )

    with Bench(seeded(volumes), DATA) as last, Bench(seeded(volumes), DATA, **FIRST) as first:
        assert last.step(3) == pytest.approx(first.step(3), rel=1e-3)
        assert channels_last(last.net)
        assert last.net[2].weight.is_contiguous()


def test_a_model_that_is_trained_in_place_gets_its_layout_back() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 4))
    model[2].to(memory_format=torch.channels_last)
    strides = [parameter.stride() for parameter in model.parameters()]
    with Bench(model, DATA) as bench:
        bench.step(2)
        assert not model[0].weight.is_contiguous()
        trained = {name: value.clone() for name, value in model.state_dict().items()}
    assert [parameter.stride() for parameter in model.parameters()] == strides
    assert [parameter.grad.stride() for parameter in model.parameters()] == strides
    assert all(torch.equal(value, trained[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("settings", [{}, FIRST], ids=["last", "first"])
def test_training_goes_on_bit_for_bit(settings: dict[str, Any], tmp_path: Path) -> None:
    check_exact(tmp_path, convolutional, DATA, optimizer="adamw", ema=0.9, **settings)


def test_both_ways_are_told_apart_in_the_record() -> None:
    with Bench(seeded(convolutional), DATA) as last, Bench(seeded(convolutional), DATA, **FIRST) as first:
        assert (last.environment["channels_last"], first.environment["channels_last"]) == (True, False)


def test_predictions_have_the_bits_of_the_evaluation_and_a_model_is_handed_out_as_pytorch_makes_it() -> None:
    with Bench(lambda: seeded(convolutional), DATA) as bench:
        bench.step(3)
        predictor = PyTorchAdapter.predictor(bench.spec, bench.objects, bench.signature, bench.save().weights)
        assert not channels_last(predictor.model)
        with bench.adapter.evaluation(bench.state):
            expected = bench.net(torch.from_numpy(IMAGES)).numpy()
        np.testing.assert_array_equal(predictor.outputs(IMAGES), expected)
        assert channels_last(predictor.model)


def test_what_comes_to_the_host_lies_as_ever() -> None:
    images = torch.from_numpy(IMAGES).to(memory_format=torch.channels_last)
    with Bench(seeded(convolutional), DATA) as bench:
        array = bench.adapter.arrays([images[:4], images[4:]])
    np.testing.assert_array_equal(array, IMAGES)
    assert array.flags.c_contiguous
