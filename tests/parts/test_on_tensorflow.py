"""Every part registered for TensorFlow does its work once."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.augmenting import Augmentation
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.spec import Part
from tests.adapters.images import CLASSES, COLOURED, signature
from tests.parts import samples

FRAMEWORK = "tensorflow"


@pytest.mark.parametrize("name", samples.models(FRAMEWORK))
def test_a_model_answers_and_learns(name) -> None:
    made, settings = samples.settings("models", name)
    wanted = samples.entry(samples.MODELS, name)
    net = made(settings).tensorflow(wanted)
    with tf.GradientTape() as tape:
        outputs = net(np.random.default_rng(0).random((2, *wanted.input_shape), np.float32))
        loss = tf.reduce_sum(tf.square(outputs))
    assert len(outputs) == 2
    assert np.isfinite(outputs).all()
    assert all(it is not None for it in tape.gradient(loss, net.trainable_variables))


@pytest.mark.parametrize("name", registry.names("optimizers", FRAMEWORK))
def test_an_optimizer_makes_a_step_downhill(name) -> None:
    made, settings = samples.settings("optimizers", name, FRAMEWORK)
    weights = keras.Variable([1.0, -2.0])
    optimizer = made(settings).build(samples.SMALLEST_RATE)
    optimizer.build([weights])
    before = float(np.square(weights.numpy()).sum())
    optimizer.apply([2 * weights.value], [weights])
    assert np.square(weights.numpy()).sum() < before


@pytest.mark.parametrize("name", registry.names("losses", FRAMEWORK))
def test_a_loss_has_a_value_and_a_gradient(name) -> None:
    made, settings = samples.settings("losses", name, FRAMEWORK)
    outputs, targets = (tf.constant(it) for it in samples.entry(samples.LOSSES, name))
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        loss = made(settings).build()(outputs, targets)
    assert np.isfinite(loss)
    assert np.abs(tape.gradient(loss, outputs)).sum() > 0


@pytest.mark.parametrize("name", registry.names("regularizations", FRAMEWORK))
def test_a_regularization_has_a_value_and_a_gradient(name) -> None:
    made, settings = samples.settings("regularizations", name, FRAMEWORK)
    array = tf.constant(samples.REGULARIZED)
    with tf.GradientTape() as tape:
        tape.watch(array)
        value = made(settings).build()({"weight": array} if made.takes == "parameters" else array)
    assert np.isfinite(value)
    assert np.abs(tape.gradient(value, array)).sum() > 0


@pytest.mark.parametrize("name", registry.names("augmentations", FRAMEWORK))
def test_an_augmentation_changes_a_batch(name) -> None:
    part = Part.model_validate({"type": name, **samples.SETTINGS.get(("augmentations", name), {})})
    augment = Augmentation([part], 0, signature(COLOURED, 10))
    batch = Batch(tf.constant(COLOURED), tf.constant(CLASSES), len(COLOURED))
    augment.check(batch)
    changed = np.asarray(augment(batch, 1, 0).inputs)
    assert changed.shape == COLOURED.shape
    assert np.isfinite(changed).all()
    assert not np.array_equal(changed, COLOURED)
