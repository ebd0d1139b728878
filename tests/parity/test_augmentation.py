"""One seed, one augmented batch, whatever the framework."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch

from dltrainer_jupyter.adapters.jax.augmenting import Augmentation as JaxAugmentation
from dltrainer_jupyter.adapters.pytorch.augmenting import Augmentation as PyTorchAugmentation
from dltrainer_jupyter.adapters.tensorflow.augmenting import Augmentation as TensorFlowAugmentation
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.spec import Part
from tests.adapters.images import CHAIN, CLASSES, COLOURED, SIZE, signature

# Equalizing and the like are left to each framework's own tests: at their steps the last bit of a value decides.
SMOOTH = (*CHAIN, Part(type="color_jitter", hue=0.3), Part(type="mixup", alpha=1.0))


@pytest.mark.parametrize(
    ("augmentation", "tensor"),
    [(JaxAugmentation, jnp.asarray), (TensorFlowAugmentation, tf.constant)],
    ids=["jax", "tensorflow"],
)
def test_frameworks_augment_a_batch_alike(augmentation, tensor) -> None:
    expected = PyTorchAugmentation(SMOOTH, 3, signature(COLOURED))(
        Batch(torch.from_numpy(COLOURED), torch.from_numpy(CLASSES), SIZE), 2, 7
    )
    found = augmentation(SMOOTH, 3, signature(COLOURED))(
        Batch(tensor(COLOURED), tensor(CLASSES.astype(np.int32)), SIZE), 2, 7
    )
    assert np.asarray(found.inputs) == pytest.approx(expected.inputs.numpy(), abs=1e-4)
    assert np.asarray(found.targets) == pytest.approx(expected.targets.numpy(), abs=1e-6)
    assert not np.allclose(expected.inputs.numpy(), COLOURED, atol=0.1)
