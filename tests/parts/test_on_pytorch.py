"""Every part registered for PyTorch does its work once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dltrainer_jupyter.adapters.pytorch.augmenting import Augmentation
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.spec import Part
from tests.adapters.images import CLASSES, COLOURED, signature
from tests.parts import samples

FRAMEWORK = "pytorch"


@pytest.mark.parametrize("name", samples.models(FRAMEWORK))
def test_a_model_answers_and_learns(name) -> None:
    made, settings = samples.settings("models", name)
    wanted = samples.entry(samples.MODELS, name)
    net = made(settings).pytorch(wanted)
    outputs = net(torch.rand(2, *wanted.input_shape))
    assert len(outputs) == 2
    assert torch.isfinite(outputs).all()
    outputs.square().sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


@pytest.mark.parametrize("name", registry.names("optimizers", FRAMEWORK))
def test_an_optimizer_makes_a_step_downhill(name) -> None:
    made, settings = samples.settings("optimizers", name, FRAMEWORK)
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = made(settings).build([weights], samples.SMALLEST_RATE, fused=False)
    before = weights.square().sum()
    before.backward()
    optimizer.step()
    assert weights.square().sum() < before


@pytest.mark.parametrize("name", registry.names("losses", FRAMEWORK))
def test_a_loss_has_a_value_and_a_gradient(name) -> None:
    made, settings = samples.settings("losses", name, FRAMEWORK)
    outputs, targets = (torch.from_numpy(it) for it in samples.entry(samples.LOSSES, name))
    loss = made(settings).build()(outputs.requires_grad_(), targets)
    loss.backward()
    assert torch.isfinite(loss)
    assert outputs.grad.abs().sum() > 0


@pytest.mark.parametrize("name", registry.names("regularizations", FRAMEWORK))
def test_a_regularization_has_a_value_and_a_gradient(name) -> None:
    made, settings = samples.settings("regularizations", name, FRAMEWORK)
    array = torch.from_numpy(samples.REGULARIZED).requires_grad_()
    value = made(settings).build()({"weight": array} if made.takes == "parameters" else array)
    value.backward()
    assert torch.isfinite(value)
    assert array.grad.abs().sum() > 0


@pytest.mark.parametrize("name", registry.names("augmentations", FRAMEWORK))
def test_an_augmentation_changes_a_batch(name) -> None:
    part = Part.model_validate({"type": name, **samples.SETTINGS.get(("augmentations", name), {})})
    augment = Augmentation([part], 0, signature(COLOURED, 10))
    batch = Batch(torch.from_numpy(COLOURED), torch.from_numpy(CLASSES), len(COLOURED))
    augment.check(batch)
    changed = augment(batch, 1, 0)
    assert changed.inputs.shape == COLOURED.shape
    assert np.isfinite(changed.inputs.numpy()).all()
    assert not np.array_equal(changed.inputs.numpy(), COLOURED)
