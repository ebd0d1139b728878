"""A stack has the same shapes and as many parameters on PyTorch, Keras and JAX, and as many as is said beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
import pytest
import torch
from flax import nnx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models.layers.flow import Flow
from dltrainer_jupyter.models.layers.outline import outline
from dltrainer_jupyter.models.layers.stacked import LayerPart
from dltrainer_jupyter.models.stack import Stack

BATCH = 3
ACTIVATIONS = st.sampled_from(["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", None])
KINDS = st.sampled_from(["max", "average"])
SMALL = st.integers(1, 9)
LAYERS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "activation": {"kind": ACTIVATIONS.filter(bool)},
    "attention": {"heads": st.integers(1, 3)},
    "conv": {
        "features": SMALL,
        "kernel_size": st.sampled_from([1, 3, 5]),
        "stride": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid"]),
        "activation": ACTIVATIONS,
        "bias": st.booleans(),
    },
    "dense": {"units": SMALL, "activation": ACTIVATIONS, "bias": st.booleans()},
    "dropout": {"rate": st.floats(0, 0.9)},
    "flatten": {},
    "global_pool": {"kind": KINDS},
    "norm": {"kind": st.sampled_from(["batch", "layer", "group"]), "groups": st.integers(1, 3)},
    "pool": {"kind": KINDS, "size": st.integers(1, 3), "stride": st.none() | st.integers(1, 3)},
    "position": {},
    "recurrent": {
        "kind": st.sampled_from(["lstm", "gru"]),
        "units": SMALL,
        "bidirectional": st.booleans(),
        "gives": st.sampled_from(["last", "all"]),
    },
    "residual": {"features": st.none() | SMALL, "kernel_size": st.sampled_from([1, 3]), "stride": st.integers(1, 2)},
    "transformer_block": {"heads": st.integers(1, 3), "mlp_ratio": st.floats(0.5, 3), "dropout": st.floats(0, 0.5)},
    "upsample": {"factor": st.integers(2, 3)},
}
ENTRIES = [
    Signature("classification", (13,), 4),
    Signature("regression", (9, 6), 1),
    Signature("regression", (2, 12, 11), 2),
]
TOKENS = Signature(
    "classification",
    (7,),
    3,
    preprocessing=({"type": "input", "dtype": "int64", "shapes": [[7]]}, {"type": "tokens", "vocabulary": 20}),
)


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Signature, list[dict[str, Any]]]:
    """Draw an input, and layers that fit one after another."""
    signature = draw(st.sampled_from([*ENTRIES, TOKENS]))
    flow = Flow(signature.input_shape)
    chosen: list[dict[str, Any]] = []
    if signature is TOKENS:
        chosen.append({"type": "embedding", "width": draw(SMALL)})
        flow = Flow((*flow.shape, chosen[0]["width"]))
    for kind in draw(st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=6)):
        layer = {"type": kind, **{name: draw(values) for name, values in LAYERS[kind].items()}}
        line = outline([LayerPart.model_validate(layer)], flow, signature.outputs)[0]
        if line.gives is not None and np.prod(line.gives) < 5000:
            chosen.append(layer)
            flow = Flow(line.gives)
    return signature, chosen or ["flatten"]


def check(signature: Signature, layers: list[Any], *, computes: bool = False) -> None:
    stack = Stack(Stack.Config(layers=layers))
    tokens = 20 if signature is TOKENS else 0
    lines = outline(stack.config.layers, Flow(signature.input_shape, tokens), signature.outputs)
    said = sum(line.parameters for line in lines)
    shape = (BATCH, *signature.input_shape)
    drawn = np.random.default_rng(0)
    inputs = drawn.integers(0, 20, shape) if tokens else drawn.normal(size=shape).astype(np.float32)

    on_torch = stack.pytorch(signature).eval()
    on_keras = stack.tensorflow(signature)
    # Only shapes: to compile each layer would take most of the time.
    on_jax = (nnx.eval_shape if not computes else _called)(lambda: stack.jax(signature, nnx.Rngs(0)))
    on_jax.eval()
    counts = [
        sum(it.numel() for it in on_torch.parameters()),
        sum(int(np.prod(it.shape)) for it in on_keras.trainable_variables),
        sum(it.size for it in jax.tree.leaves(nnx.state(on_jax, nnx.Param))),
    ]
    assert counts == [said] * 3
    with torch.inference_mode():
        found = [on_torch(torch.from_numpy(inputs))]
    if computes:
        found += [on_keras(inputs, training=False), on_jax(jax.numpy.asarray(inputs))]
        assert all(np.isfinite(np.asarray(it)).all() for it in found)
    else:
        found += [
            on_keras.compute_output_spec(keras.KerasTensor(shape)),
            nnx.eval_shape(lambda net, given: net(given), on_jax, inputs),
        ]
    assert [tuple(it.shape) for it in found] == [(BATCH, signature.outputs)] * 3


def _called(function: Callable[[], Any]) -> Any:
    return function()


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["table", "image", "sequence", "text"])
def test_what_one_may_start_from(preset: str) -> None:
    suited = {"table": ENTRIES[0], "image": ENTRIES[2], "sequence": ENTRIES[1], "text": TOKENS}
    check(suited[preset], Stack.Config.presets[preset]["layers"], computes=True)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(stacks())
def test_a_few_stacks_of_chance(stack: tuple[Signature, list[Any]]) -> None:
    check(*stack)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(stacks())
def test_two_hundred_stacks_of_chance(stack: tuple[Signature, list[Any]]) -> None:
    check(*stack)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_what_reads_a_sequence_has_the_same_equations(kind: str) -> None:
    """With the weights of PyTorch's, Keras' and Flax' give its values."""
    layer = {"type": "recurrent", "kind": kind, "units": 4, "bidirectional": True, "gives": "all"}
    stack = Stack(Stack.Config(layers=[layer, {"type": "dense", "units": 2}]))
    signature = Signature("regression", (9, 6), 2)
    on_torch, on_jax = stack.pytorch(signature), stack.jax(signature, nnx.Rngs(0))
    ways = on_torch.recurrent.ways
    for mine, theirs in zip((on_jax.recurrent.onward, on_jax.recurrent.back), ways, strict=True):
        given_weights = [it.detach().numpy() for it in theirs.parameters()]
        mine.kernel[...], mine.recurrent[...] = given_weights[0].T, given_weights[1].T
        mine.bias[...] = given_weights[2]
        if kind == "gru":
            mine.recurrent_bias[...] = given_weights[3]
    steps = np.random.default_rng(1).normal(size=(BATCH, 9, 6)).astype(np.float32)
    expected = on_torch.recurrent(torch.from_numpy(steps)).detach().numpy()
    np.testing.assert_allclose(on_jax.recurrent(jax.numpy.asarray(steps)), expected, atol=1e-6)

    on_keras = stack.tensorflow(signature)
    read = on_keras.get_layer("recurrent")
    arrays = []
    for theirs in ways:
        kernel, recurrent, *biases = [it.detach().numpy() for it in theirs.parameters()]
        order = _keras_order(kind, 4)
        arrays += [kernel.T[:, order], recurrent.T[:, order]]
        arrays.append(biases[0][order] if kind == "lstm" else np.stack([it[order] for it in biases]))
    read.set_weights(arrays)
    np.testing.assert_allclose(read(steps), expected, atol=1e-6)


def _keras_order(kind: str, units: int) -> np.ndarray:
    """Say where Keras' gates are among PyTorch's: of a GRU the update comes first."""
    gates = [0, 1, 2, 3] if kind == "lstm" else [1, 0, 2]
    return np.concatenate([np.arange(units) + units * gate for gate in gates])
