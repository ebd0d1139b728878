"""A model of its own for inference: it shares nothing with the one in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.averages import to_measure
from dltrainer_jupyter.adapters.tensorflow import packing
from dltrainer_jupyter.adapters.tensorflow.context import build_for, build_model
from dltrainer_jupyter.adapters.tensorflow.devices import check_backend, choose_device
from dltrainer_jupyter.adapters.tensorflow.precision import policy
from dltrainer_jupyter.adapters.tensorflow.probabilities import meaning_of
from dltrainer_jupyter.adapters.tensorflow.randomness import own_seeds
from dltrainer_jupyter.adapters.tensorflow.state import check_variables, load_variables, weights_of
from dltrainer_jupyter.core.protocols import NamedArrays, Signature
from dltrainer_jupyter.core.spec import RunSpec

if TYPE_CHECKING:
    import numpy.typing as npt

_BATCH = 1024
"""Samples in a forward pass; bounds the memory a large input takes."""


class TensorFlowPredictor:
    """Built from a specification and the weights of a checkpoint.

    Attributes
    ----------
    model : keras.Model
        Called with ``training=False`` here, as Keras does by itself.
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays) -> None:
        check_backend()
        own = dict(objects)
        if isinstance(own.get("model"), keras.Model):
            own["model"] = packing.copied(own["model"])
        self._seed = spec.seed
        self._device = choose_device(spec.device)
        # Weights are overwritten at once, but drawing them must not move the notebook's generators.
        with own_seeds(spec.seed, "predictor"), policy(spec.precision), tf.device(self._device):
            self.model = build_model(spec, own, signature)
        self._meaning = meaning_of(spec, own, signature, self.model)
        self._weights = to_measure(weights)
        self._is_loaded = False
        if self.model.built:
            self._load()

    def _load(self) -> None:
        variables = weights_of({"model": self.model})
        check_variables(variables, self._weights, "model")
        load_variables(variables, self._weights)
        self._weights = {}
        self._is_loaded = True

    def outputs(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Compute raw outputs: logits where there are classes, else just what the model gives.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (n, *input_shape)
            Preprocessed.
        """
        with own_seeds(self._seed, "predictor"), tf.device(self._device):
            if not self._is_loaded:
                build_for(self.model, tf.constant(inputs[:1]))
                self._load()
            parts = [
                self._meaning.show(self.model(tf.constant(inputs[at : at + _BATCH]), training=False))
                for at in range(0, max(len(inputs), 1), _BATCH)
            ]
            joined = tf.concat(parts, axis=0)
        return np.array(tf.cast(joined, tf.float32) if joined.dtype.is_floating else joined)
