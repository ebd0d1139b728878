from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.models.cnn import CNN


def build(shape: tuple[int, ...], **config) -> nn.Module:
    return CNN(validate(CNN.Config, config)).pytorch(Signature("classification", shape, 10))


@pytest.mark.parametrize("pooling", ["max", "average", "none"])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 11, 9), (3, 32, 64)])
def test_images_of_every_size_are_taken(pooling: str, kernel_size: int, shape: tuple[int, ...]) -> None:
    net = build(shape, pooling=pooling, kernel_size=kernel_size, channels=[4, 8, 8], hidden=0)
    assert net(torch.rand(2, *shape)).shape == (2, 10)


def test_layers_stand_in_the_order_people_expect() -> None:
    assert [name for name, _ in build((1, 8, 8)).named_children()] == [
        *("conv1", "norm1", "activation1", "pool1"),
        *("conv2", "norm2", "activation2", "pool2"),
        *("flatten", "linear", "activation", "dropout", "output"),
    ]


@pytest.mark.parametrize(
    ("shape", "cure"),
    [
        ((64,), "reshape them, or use mlp"),
        ((1, 8, 7), "reshape them, or use mlp"),
        ((1, 4, 4), "reshape them, or use mlp"),
        ((28, 28), "add an axis for the channel: x[:, None]."),
        ((28, 28, 1), "bring the channels to the front: x.transpose(0, 3, 1, 2)."),
        ((8, 8, 3), "bring the channels to the front: x.transpose(0, 3, 1, 2)."),
        ((1, 8, 8, 8), "reshape them, or use mlp"),
    ],
)
def test_what_is_no_image_is_refused_with_both_shapes_and_the_cure(shape: tuple[int, ...], cure: str) -> None:
    message = f"(channels, height, width) from (1, 8, 8) on, got samples of shape {shape}; {cure}"
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        build(shape)


@pytest.mark.parametrize(("shape", "most"), [((1, 8, 8), 3), ((1, 15, 40), 3), ((1, 16, 16), 4)])
def test_too_many_blocks_for_an_image_are_refused(shape: tuple[int, ...], most: int) -> None:
    assert build(shape, channels=[2] * most).eval()(torch.rand(1, *shape)).shape == (1, 10)
    with pytest.raises(ConfigurationError, match=f"use at most {most} blocks"):
        build(shape, channels=[2] * (most + 1))
    assert build(shape, channels=[2] * (most + 1), pooling="none").eval()(torch.rand(1, *shape)).shape == (1, 10)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kernel_size": 4}, "model.kernel_size: expected an odd number, .* got 4"),
        ({"channels": []}, "at least 1 item"),
        ({"pooling": "maximum"}, "'max', 'average' or 'none', got 'maximum'"),
    ],
)
def test_bad_settings_are_refused(config: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        validate(CNN.Config, config, "model")


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
def test_the_default_reads_digits_within_twenty_epochs(one_thread) -> None:
    """A plain loop, written by hand: what the model can do is not the trainer's merit."""
    data = Digits(Digits.Config()).load(RunSpec(model="cnn", data="digits"), {})
    inputs, targets = torch.from_numpy(data.train.inputs), torch.from_numpy(data.train.targets)
    torch.manual_seed(0)
    net = CNN(CNN.Config()).pytorch(data.signature)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(1, 21):
        order = torch.from_numpy(epoch_order(0, epoch, len(inputs)))
        for consumed in range(batches(len(inputs), 32)):
            start, stop = bounds(consumed, len(inputs), 32)
            batch = order[start:stop]
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs[batch]), targets[batch]).backward()
            optimizer.step()
    net.eval()
    right = net(torch.from_numpy(data.validation.inputs)).argmax(1) == torch.from_numpy(data.validation.targets)
    assert right.float().mean() >= 0.97
