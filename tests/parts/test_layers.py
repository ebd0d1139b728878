"""Every registered layer computes what it says it gives, on every framework, alone in a stack."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from flax import nnx

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.models.layers.base import Layer
from dltrainer_jupyter.models.layers.flow import Flow
from tests.parts import samples

TOKENS = 9


def given(name: str) -> tuple[Layer, Flow, Any]:
    """Give a layer, what comes to it, and two samples of that."""
    made, settings = samples.settings("layers", name)
    shape = samples.entry(samples.LAYERS, name)
    flow = Flow(shape, TOKENS if name == "embedding" else 0)
    drawn = np.random.default_rng(0)
    inputs = drawn.integers(0, TOKENS, (2, *shape)) if flow.tokens else drawn.random((2, *shape), np.float32)
    return made(settings), flow, inputs


@pytest.mark.parametrize("name", registry.names("layers"))
def test_it_is_a_layer(name) -> None:
    layer, flow, _ = given(name)
    assert isinstance(layer, Layer)
    assert layer.gives(flow).size > 0


@pytest.mark.parametrize("name", registry.names("layers"))
def test_pytorch_computes_it(name) -> None:
    layer, flow, inputs = given(name)
    assert tuple(layer.pytorch(flow)(torch.from_numpy(inputs)).shape) == (2, *layer.gives(flow).shape)


@pytest.mark.parametrize("name", registry.names("layers"))
def test_keras_computes_it(name) -> None:
    layer, flow, inputs = given(name)
    entered = keras.Input(_last(inputs).shape[1:], dtype=str(inputs.dtype))
    net = keras.Model(entered, layer.tensorflow("it", flow)(entered))
    assert tuple(net(_last(inputs)).shape[1:]) == _last_of(layer.gives(flow).shape)


@pytest.mark.parametrize("name", registry.names("layers"))
def test_flax_computes_it(name) -> None:
    layer, flow, inputs = given(name)
    found = layer.jax(flow, nnx.Rngs(0))(jnp.asarray(_last(inputs)))
    assert found.shape[1:] == _last_of(layer.gives(flow).shape)


def _last(inputs: Any) -> Any:
    """Bring the channels of images to the back."""
    return np.moveaxis(inputs, 1, -1) if inputs.ndim == 4 else inputs


def _last_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape
