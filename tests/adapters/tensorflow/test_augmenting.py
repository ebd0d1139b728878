from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow import pixels
from dltrainer_jupyter.adapters.tensorflow.augmenting import Augmentation
from tests.adapters.augmenting import AugmentingChecks

if TYPE_CHECKING:
    import numpy as np


class TestAugmenting(AugmentingChecks):
    augmentation = Augmentation
    pixels = pixels

    def tensor(self, array: np.ndarray) -> tf.Tensor:
        return tf.constant(array)

    def reseed(self) -> None:
        keras.utils.set_random_seed(0)
        tf.random.uniform((3,))
