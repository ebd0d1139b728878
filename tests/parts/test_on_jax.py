"""Every part registered for JAX does its work once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from dltrainer_jupyter.adapters.jax.augmenting import Augmentation
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.spec import Part
from tests.adapters.images import CLASSES, COLOURED, signature
from tests.parts import samples

FRAMEWORK = "jax"


@pytest.mark.slow
@pytest.mark.parametrize("name", samples.models(FRAMEWORK))
def test_a_model_answers_and_learns(name) -> None:
    made, settings = samples.settings("models", name)
    wanted = samples.entry(samples.MODELS, name)
    net = made(settings).jax(wanted, nnx.Rngs(params=0, dropout=1))
    inputs = jnp.asarray(np.random.default_rng(0).random((2, *wanted.input_shape), np.float32))
    outputs = net(inputs)
    assert len(outputs) == 2
    assert np.isfinite(outputs).all()
    gradients = nnx.grad(lambda it: jnp.square(it(inputs)).sum())(net)
    assert all(np.isfinite(it).all() for it in jax.tree.leaves(gradients))


@pytest.mark.parametrize("name", registry.names("optimizers", FRAMEWORK))
def test_an_optimizer_makes_a_step_downhill(name) -> None:
    made, settings = samples.settings("optimizers", name, FRAMEWORK)
    weights = jnp.array([1.0, -2.0])
    optimizer = made(settings).build(samples.SMALLEST_RATE)
    updates, _ = optimizer.update(2 * weights, optimizer.init(weights), weights)
    assert jnp.square(optax.apply_updates(weights, updates)).sum() < jnp.square(weights).sum()


@pytest.mark.parametrize("name", registry.names("losses", FRAMEWORK))
def test_a_loss_has_a_value_and_a_gradient(name) -> None:
    made, settings = samples.settings("losses", name, FRAMEWORK)
    outputs, targets = (jnp.asarray(it) for it in samples.entry(samples.LOSSES, name))
    value, gradient = jax.value_and_grad(made(settings).build())(outputs, targets)
    assert np.isfinite(value)
    assert np.abs(gradient).sum() > 0


@pytest.mark.parametrize("name", registry.names("regularizations", FRAMEWORK))
def test_a_regularization_has_a_value_and_a_gradient(name) -> None:
    made, settings = samples.settings("regularizations", name, FRAMEWORK)
    compute = made(settings).build()
    value, gradient = jax.value_and_grad(lambda it: compute({"weight": it} if made.takes == "parameters" else it))(
        jnp.asarray(samples.REGULARIZED)
    )
    assert np.isfinite(value)
    assert np.abs(gradient).sum() > 0


@pytest.mark.parametrize("name", registry.names("augmentations", FRAMEWORK))
def test_an_augmentation_changes_a_batch(name) -> None:
    part = Part.model_validate({"type": name, **samples.SETTINGS.get(("augmentations", name), {})})
    augment = Augmentation([part], 0, signature(COLOURED, 10))
    batch = Batch(jnp.asarray(COLOURED), jnp.asarray(CLASSES.astype(np.int32)), len(COLOURED))
    augment.check(batch)
    changed = np.asarray(augment(batch, 1, 0).inputs)
    assert changed.shape == COLOURED.shape
    assert np.isfinite(changed).all()
    assert not np.array_equal(changed, COLOURED)
