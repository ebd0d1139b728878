from __future__ import annotations

import keras
import tensorflow as tf

from dltrainer_jupyter.testing.adapter_contract import ABILITIES, AdapterContract


class TestTensorFlow(AdapterContract):
    framework = "tensorflow"
    supports = frozenset(ABILITIES)

    def disturb(self) -> None:
        super().disturb()
        keras.utils.set_random_seed(3)
        tf.random.set_seed(5)
        keras.random.normal((2,))
        tf.random.normal((2,))
