"""What the larger ready-made models are on PyTorch and on Keras: the same nets, which learn, and go on exactly."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Samples, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.models.lstm import LSTM
from dltrainer_jupyter.models.mobilenet import MobileNetV2
from dltrainer_jupyter.models.resnet import ResNet
from dltrainer_jupyter.models.transformer import Transformer
from dltrainer_jupyter.models.vit import ViT, ViTTiny
from dltrainer_jupyter.testing.adapter_samples import Trainer
from tests.models.trial import BATCH, few_digits, few_tokens, of_arrays, trial

PHOTOS = Signature("classification", (3, 224, 224), 1000)
FRAMEWORKS = ["pytorch", "tensorflow"]

SMALL: dict[str, dict[str, Any]] = {
    "resnet": {"type": "resnet", "depth": 20, "width": 4, "dropout": 0.1},
    "mobilenet_v2": {"type": "mobilenet_v2", "width": 0.1, "dropout": 0.1},
    "vit": {"type": "vit", "width": 16, "depth": 2, "heads": 2, "dropout": 0.1},
    "lstm": {"type": "lstm", "rows": True, "units": 12, "layers": 2, "bidirectional": True, "dropout": 0.1},
    "transformer": {"type": "transformer", "rows": True, "width": 16, "depth": 1, "heads": 2},
}
"""Little of each, for digits."""
READERS: dict[str, dict[str, Any]] = {
    "lstm": SMALL["lstm"] | {"rows": False, "padding": 0},
    "transformer": SMALL["transformer"] | {"rows": False, "padding": 0, "pooling": "cls"},
}
"""And for tokens."""


def build(model: type, shape: tuple[int, ...], framework: str = "pytorch", **config: Any) -> Any:
    made = model(validate(model.Config, config))
    return getattr(made, framework)(Signature("classification", shape, 10))


# --- as many weights as their papers' -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "config", "signature", "count"),
    [
        (ResNet, {"depth": 18}, PHOTOS, 11_689_512),
        (ResNet, {"depth": 34}, PHOTOS, 21_797_672),
        (ResNet, {"depth": 50}, PHOTOS, 25_557_032),
        (ResNet, {"depth": 101}, PHOTOS, 44_549_160),
        (ResNet, {"depth": 152}, PHOTOS, 60_192_808),
        (ResNet, {"depth": 20}, Signature("classification", (3, 32, 32), 10), 269_722),
        (ResNet, {"depth": 32}, Signature("classification", (3, 32, 32), 10), 464_154),
        (MobileNetV2, {}, PHOTOS, 3_504_872),
        (ViT, {"size": "tiny"}, PHOTOS, 5_717_416),
        (ViT, {"size": "small"}, PHOTOS, 22_050_664),
        (ViT, {"size": "base"}, PHOTOS, 86_567_656),
        (ViTTiny, {}, PHOTOS, 5_717_416),
    ],
)
def test_there_are_as_many_weights_as_known(
    model: type, config: dict[str, Any], signature: Signature, count: int
) -> None:
    with torch.device("meta"):
        net = model(model.Config(**config)).pytorch(signature)
    assert sum(weight.numel() for weight in net.parameters()) == count


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "config", "count"),
    [
        (ResNet, {"depth": 18}, 11_689_512),
        (ResNet, {"depth": 34}, 21_797_672),
        (ResNet, {"depth": 50}, 25_557_032),
        (MobileNetV2, {}, 3_504_872),
        (ViTTiny, {}, 5_717_416),
    ],
)
def test_and_as_many_in_keras(model: type, config: dict[str, Any], count: int) -> None:
    net = model(model.Config(**config)).tensorflow(PHOTOS)
    assert sum(int(np.prod(weight.shape)) for weight in net.trainable_weights) == count


# --- the same net on both frameworks ------------------------------------------------------------------


def keras_name(name: str, value: np.ndarray, norms: set[str], depthwise: set[str]) -> tuple[str, np.ndarray]:
    """Say where a weight of PyTorch's stands in the Keras model, and how it lies there."""
    path, _, key = name.rpartition(".")
    if not path or not key.startswith(("weight", "bias", "running")):
        return {"pos_embed": "pos_embed/embedding", "positions": "positions/embedding"}.get(
            name, f"{name}/token"
        ), value
    if path in norms:
        keys = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        return f"{path}/{keys[key]}", value
    if key == "bias":
        return f"{path}/bias", value
    if path.endswith("embedding"):
        return f"{path}/embeddings", value
    if value.ndim == 4:
        return f"{path}/kernel", value.transpose((2, 3, 0, 1) if path in depthwise else (2, 3, 1, 0))
    return f"{path}/kernel", value.T


def given_to(keras_model: Any, net: nn.Module) -> set[str]:
    """Give a Keras model the weights of a net of PyTorch's; say which of its own are left."""
    norms = {name for name, module in net.named_modules() if isinstance(module, nn.LayerNorm | nn.BatchNorm2d)}
    depthwise = {name for name, module in net.named_modules() if getattr(module, "groups", 1) > 1}
    variables = {variable.path: variable for variable in keras_model.weights if "seed" not in variable.path}
    values = {name: tensor.detach().numpy() for name, tensor in net.state_dict().items()}
    for name in [name for name in values if name.endswith("num_batches_tracked")]:
        del values[name]
    for name in [name for name in values if "_l0" in name]:
        path, _, key = name.rpartition(".")
        if key == "weight_ih_l0":
            variables.pop(f"{path}/lstm_cell/kernel").assign(values[name].T)
            variables.pop(f"{path}/lstm_cell/recurrent_kernel").assign(values[f"{path}.weight_hh_l0"].T)
            bias = values[f"{path}.bias_ih_l0"] + values[f"{path}.bias_hh_l0"]
            variables.pop(f"{path}/lstm_cell/bias").assign(bias)
    for name, value in values.items():
        if "_l0" not in name:
            path, lain = keras_name(name, value, norms, depthwise)
            variables.pop(path).assign(lain)
    return set(variables)


def roughened(net: nn.Module) -> nn.Module:
    """Put something into what begins as zeros or ones, so that nothing is left out unnoticed."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                # Not more alone, or activations with a bound would all lie on it.
                tensor.add_(0.1 * (torch.rand(tensor.shape, generator=generator) - 0.2))
    return net.eval()


def late(*values: Any) -> Any:
    """Mark what takes long: Keras is slow to make graphs of many layers."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("model", "config", "shape"),
    [
        (ResNet, {"depth": 20, "width": 4}, (1, 30, 21)),
        # Both with the stem for large images; the other with bottlenecks besides.
        late(ResNet, {"depth": 18, "width": 4}, (3, 65, 64)),
        late(ResNet, {"depth": 50, "width": 4}, (2, 64, 64)),
        (MobileNetV2, {"width": 0.1}, (1, 30, 21)),
        late(MobileNetV2, {"width": 0.2}, (2, 128, 130)),
        (ViT, {"width": 8, "depth": 1, "heads": 2}, (3, 9, 14)),
        (ViT, {"width": 8, "depth": 1, "heads": 2, "pooling": "mean"}, (3, 8, 8)),
        (LSTM, {"units": 5, "layers": 2, "bidirectional": True}, (7, 3)),
        (LSTM, {"units": 5, "pooling": "max", "rows": True}, (2, 9, 4)),
        (Transformer, {"width": 8, "heads": 2, "positions": "learned"}, (7, 3)),
        (Transformer, {"width": 8, "heads": 2, "pooling": "cls", "rows": True}, (2, 9, 4)),
    ],
)
def test_with_the_same_weights_both_frameworks_give_the_same(
    model: type, config: dict[str, Any], shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    net, keras_model = roughened(build(model, shape, **config)), build(model, shape, "tensorflow", **config)
    assert given_to(keras_model, net) == set()
    inputs = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(inputs)).numpy()
    assert expected.shape == (3, 10)
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(np.asarray(keras_model(inputs, training=False)), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_tokens_that_fill_up_change_nothing(pooling: str) -> None:
    config = {"units": 5, "bidirectional": True, "pooling": pooling, "embedding": 4, "padding": 0}
    check_filling(LSTM, config)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_tokens_that_fill_up_are_looked_at_by_none(pooling: str) -> None:
    check_filling(Transformer, {"width": 8, "heads": 2, "pooling": pooling, "padding": 0})


def check_filling(model: type, config: dict[str, Any]) -> None:
    """Nothing that is behind a sequence changes what is said of it, nor does it matter how much there is."""
    samples, signature = few_tokens(8)
    short = samples.inputs[:, :3].copy()
    short[:, 0] = np.maximum(short[:, 0], 1)
    filled = np.concatenate([short, np.zeros_like(short)], axis=1)
    made = model(validate(model.Config, config))
    torch.manual_seed(0)
    net = roughened(made.pytorch(signature))
    keras_model = made.tensorflow(signature)
    assert given_to(keras_model, net) == set()
    # As long as the tokens are, and not longer.
    alone = model(validate(model.Config, config)).pytorch(
        Signature("classification", (3,), 2, preprocessing=signature.preprocessing, raw=signature.raw)
    )
    state = {
        name: tensor[:, : 3 + (config["pooling"] == "cls")] if name == "positions" else tensor
        for name, tensor in net.state_dict().items()
    }
    alone.load_state_dict(state)
    with torch.no_grad():
        expected, given = alone.eval()(torch.from_numpy(short)).numpy(), net(torch.from_numpy(filled)).numpy()
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.asarray(keras_model(filled, training=False)), expected, rtol=1e-3, atol=1e-4)
    with torch.no_grad():
        # Nobody knows 500; it is a token all the same.
        assert np.isfinite(net(torch.full((1, 6), 500)).numpy()).all()


# --- what is refused ----------------------------------------------------------------------------------

WHOLE = ({"type": "input", "shapes": [[6]], "dtype": "int64"},)


@pytest.mark.parametrize("model", [ResNet, MobileNetV2, ViT])
def test_what_is_no_image_is_refused(model: type) -> None:
    message = "takes images of shape (channels, height, width) from (1, 8, 8) on, got samples of shape"
    for shape, cure in (((13,), "use mlp"), ((28, 28), "x[:, None]"), ((28, 28, 3), "x.transpose(0, 3, 1, 2)")):
        with pytest.raises(ConfigurationError, match=f"{re.escape(message)}.*{re.escape(cure)}"):
            build(model, shape)


@pytest.mark.parametrize(
    ("signature", "config", "message"),
    [
        (Signature("classification", (1, 8, 8), 2), {}, "read images row by row with rows: true, or use cnn"),
        (Signature("classification", (13,), 2), {}, "one value a step needs an axis of its own (x[..., None])"),
        (Signature("classification", (2, 3, 4, 5), 2), {}, "got samples of shape (2, 3, 4, 5)"),
        (Signature("classification", (8, 8), 2), {"rows": True}, "leave rows out for what is a sequence already"),
        (Signature("classification", (6,), 2, raw={"dtype": "int64", "high": 3, "low": 0}), {}, "vocabulary: 10000"),
        (
            Signature("classification", (6,), 2, preprocessing=WHOLE, raw={"dtype": "int64", "high": 3, "low": -1}),
            {},
            "takes tokens that count from 0, but the lowest is -1",
        ),
    ],
)
@pytest.mark.parametrize("model", [LSTM, Transformer])
def test_what_is_no_sequence_is_refused(
    model: type, signature: Signature, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        model(model.Config(**config)).pytorch(signature)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="shares 10 values out among its heads, and 4 don't divide them"):
        build(Transformer, (5, 3), width=10)
    with pytest.raises(ConfigurationError, match="model: vit shares 192 values .* use heads: 4"):
        build(ViT, (3, 8, 8), heads=5)


def test_a_step_of_the_preprocessing_tells_of_its_tokens() -> None:
    chain = ({"type": "words", "vocabulary": ["a", "b", "c"], "padding": 2},)
    plan = LSTM(LSTM.Config()).plan(Signature("classification", (6,), 2, preprocessing=chain))
    assert (plan.read.tokens, plan.read.padding, plan.read.steps) == (3, 2, 6)


# --- in training --------------------------------------------------------------------------------------

_QUICK = ("transformer of tokens",)
"""Of what Keras builds."""
RUNS = [
    (pytest.param if framework == "pytorch" or name in _QUICK else late)(framework, config, data)
    for framework in FRAMEWORKS
    for name, config, data in (
        *((name, config, few_digits) for name, config in SMALL.items()),
        *((f"{name} of tokens", config, few_tokens) for name, config in READERS.items()),
    )
]


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "config", "data"), RUNS)
def test_it_learns_and_goes_on_exactly(
    framework: str, config: dict[str, Any], data: Callable[[], tuple[Samples, Signature]]
) -> None:
    samples = data()
    with trial(framework, config, samples) as undisturbed:
        first = undisturbed.step(3)
        assert undisturbed.adapter.inexact_because() is None
        saved, digest = undisturbed.save(), undisturbed.digest()
        losses = undisturbed.step(12)
        end, outputs = undisturbed.digest(), undisturbed.outputs()
        assert sum(losses[-3:]) < sum(first)
    with trial(framework, config, samples) as resumed:
        resumed.step(1)
        resumed.state = resumed.adapter.load(resumed.state, saved)
        resumed.steps = 3
        assert resumed.digest() == digest
        assert (resumed.step(12), resumed.digest()) == (losses, end)
        np.testing.assert_array_equal(resumed.outputs(), outputs)


@pytest.mark.parametrize(
    ("framework", "name"),
    [
        *(("pytorch", name) for name in SMALL),
        *((pytest.param if name == "transformer" else late)("tensorflow", name) for name in SMALL),
    ],
)
def test_what_is_inside_can_be_looked_at(framework: str, name: str) -> None:
    with trial(framework, SMALL[name], few_digits()) as looked_at:
        adapter, before = looked_at.adapter, looked_at.digest()
        nodes = adapter.graph(looked_at.recipe, looked_at.state, looked_at.batch(0))
        learned = sum(node.parameters for node in nodes)
        trained = {
            "pytorch": lambda net: sum(weight.numel() for weight in net.parameters()),
            "tensorflow": lambda net: sum(int(np.prod(weight.shape)) for weight in net.trainable_weights),
        }
        assert learned == trained[framework](looked_at.net)
        assert sum(node.flops or 0 for node in nodes) > 0
        times = adapter.time_layers(looked_at.recipe, looked_at.state, looked_at.batch(0), 0.05)
        assert times
        assert looked_at.digest() == before
        if name in ("resnet", "mobilenet_v2"):
            predictor = type(adapter).predictor(looked_at.spec, {}, looked_at.signature, looked_at.save().weights)
            maps = predictor.heatmaps(looked_at.samples.inputs[:2], np.array([0, 1]))
            assert maps.shape == (2, 8, 8)


@pytest.mark.parametrize("name", list(SMALL))
def test_the_fast_paths_take_it(name: str) -> None:
    """Each alone, against plain PyTorch: what they can't take falls back, and what they take is the same."""
    plain = {"direct_calls": False, "channels_last": False}
    given = few_digits()
    with (
        trial("pytorch", SMALL[name], given, fast=plain) as slow,
        trial("pytorch", SMALL[name], given, fast={**plain, "direct_calls": True}) as direct,
        trial("pytorch", SMALL[name], given, fast={**plain, "channels_last": True}) as laid_out,
    ):
        expected = slow.step(3)
        assert direct.step(3) == expected
        np.testing.assert_allclose(laid_out.step(3), expected, rtol=1e-3)


def test_arrays_of_sequences_are_read_as_they_are() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 5, 3))
    _, signature = of_arrays(values, np.arange(20) % 2)
    assert LSTM(LSTM.Config()).plan(signature).read.features == 3
    _, signature = of_arrays(rng.integers(0, 30, (20, 7)), np.arange(20) % 2)
    read = Transformer(Transformer.Config()).plan(signature).read
    assert (read.steps, read.features) == (7, 0)
    assert 1 <= read.tokens <= 30


# --- how well it learns -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "least"),
    [
        ("resnet", {"depth": 20, "width": 8}, 0.65),
        ("mobilenet_v2", {"width": 0.2, "dropout": 0.0}, 0.65),
        ("vit", {"width": 32, "depth": 2, "heads": 4}, 0.6),
        ("lstm", {"rows": True, "units": 64}, 0.6),
        ("transformer", {"rows": True, "width": 32, "dropout": 0.0}, 0.7),
    ],
)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_three_epochs_of_digits_teach_it(framework: str, name: str, settings: dict[str, Any], least: float) -> None:
    data = Digits(Digits.Config()).load(RunSpec(model="cnn", data="digits"), {})
    assert data.validation is not None
    model = {"type": name, **settings}
    with trial(framework, model, (data.train, data.signature), learning_rate=3e-3) as learning:
        learning.step(3 * len(data.train) // BATCH)
        predictor = type(learning.adapter).predictor(learning.spec, {}, data.signature, learning.save().weights)
        right = predictor.outputs(data.validation.inputs).argmax(axis=1) == data.validation.targets
    assert right.mean() >= least


# --- in 16 bits, and as a graph -------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_it_learns_in_16_bits_on_a_processor(name: str, precision: str) -> None:
    """On most processors PyTorch has no layer that reads sequences in 16 bits."""
    with Trainer(model=SMALL[name], data="digits", precision=precision) as trainer:
        losses = trainer.step(24)
    assert np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_step_is_one_graph_in_16_bits_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced as a compiler gets it, but not made machine code of, which is PyTorch's affair and takes minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    settings = {"model": SMALL[name], "data": "digits", "batch_size": 32, "compile": True}
    with Trainer(**settings) as plain, Trainer(**settings, precision="bf16-mixed") as half:
        np.testing.assert_allclose(half.step(2), plain.step(2), rtol=0.05)
