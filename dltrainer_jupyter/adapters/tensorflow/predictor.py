"""A model of its own for inference: it shares nothing with the one in training."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.averages import to_measure
from dltrainer_jupyter.adapters.shared.room import too_little
from dltrainer_jupyter.adapters.tensorflow import packing
from dltrainer_jupyter.adapters.tensorflow.context import build_for, build_model
from dltrainer_jupyter.adapters.tensorflow.devices import check_backend, choose_device, free_memory
from dltrainer_jupyter.adapters.tensorflow.modes import InMode
from dltrainer_jupyter.adapters.tensorflow.precision import policy
from dltrainer_jupyter.adapters.tensorflow.probabilities import meaning_of
from dltrainer_jupyter.adapters.tensorflow.randomness import own_seeds
from dltrainer_jupyter.adapters.tensorflow.state import check_variables, load_variables, weights_of
from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.choosing import is_several, joined
from dltrainer_jupyter.core.protocols import NamedArrays, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.structures import mapped, portions

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
    notes : list of str
        What there is to say of where it computes.
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays) -> None:
        check_backend()
        own = dict(objects)
        if isinstance(own.get("model"), keras.Model):
            own["model"] = packing.copied(own["model"])
        self._seed = spec.seed
        self._alone = threading.Lock()
        self._device, self.notes = choose_device(spec.device), list[str]()
        if note := too_little(weights, free_memory(self._device), self._device):
            self._device, self.notes = "CPU:0", [note]
        # Weights are overwritten at once, but drawing them must not move the notebook's generators.
        with own_seeds(spec.seed, "predictor"), policy(spec.precision), tf.device(self._device):
            self.model = build_model(spec, own, signature)
        self._meaning = meaning_of(spec, own, signature, self.model)
        self._weights = to_measure(weights)
        self._is_loaded = False
        self._form: tf.TensorSpec | None = None
        self._compiled: Callable[[tf.Tensor], tf.Tensor] | None = None
        if self.model.built:
            self._load()

    def _load(self) -> None:
        variables = weights_of({"model": self.model})
        check_variables(variables, self._weights, "model")
        load_variables(variables, self._weights)
        self._weights = {}
        self._is_loaded = True

    @property
    def native(self) -> keras.Model:
        """The Keras model itself; it may have its weights only once outputs were computed."""
        return self.model

    def outputs(self, inputs: Any) -> npt.NDArray[Any]:
        """Compute raw outputs: logits where there are classes, else just what the model gives.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (n, *input_shape), or structure of such
            Preprocessed.
        """
        with own_seeds(self._seed, "predictor"), tf.device(self._device):
            self._be_ready(inputs)
            parts = [self._outputs(mapped(part, tf.constant)) for part in portions(inputs, _BATCH)]
            return joined(parts, _on_host)  # type: ignore[no-any-return]

    def _outputs(self, batch: Any) -> Any:
        fits = tf.is_tensor(batch) and self._form is not None and self._form.is_compatible_with(batch)
        return self._compiled(batch) if fits and self._compiled is not None else self._by_layers(batch)

    def _by_layers(self, batch: Any) -> Any:
        return self._meaning.show(called(InMode(self.model, training=False), batch))

    def heatmaps(self, inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Compute Grad-CAM; see :class:`~dltrainer_jupyter.core.protocols.Explains`."""
        from dltrainer_jupyter.adapters.tensorflow import explaining

        with self._alone, own_seeds(self._seed, "predictor"), tf.device(self._device):
            self._be_loaded(inputs)
            return explaining.heatmaps(self.model, self._meaning.show, inputs, targets)

    def _be_loaded(self, inputs: Any) -> None:
        if not self._is_loaded:
            build_for(self.model, mapped(inputs, lambda array: tf.constant(array[:1])))
            self._load()

    def _be_ready(self, inputs: Any) -> None:
        """Have the weights, and the layers as one graph: called one by one, each waits for a training's Python code."""
        if self._form is not None:
            return
        with self._alone:
            if self._form is not None:
                return
            self._be_loaded(inputs)
            if is_several(inputs):
                return
            form = tf.TensorSpec((None, *inputs.shape[1:]), tf.constant(inputs[:1]).dtype)
            if not getattr(self.model, "run_eagerly", False):
                self._compiled = _traced(self._by_layers, form)
            self._form = form


def _on_host(parts: Sequence[tf.Tensor]) -> npt.NDArray[Any]:
    whole = tf.concat(parts, axis=0) if len(parts) > 1 else parts[0]
    return np.array(tf.cast(whole, tf.float32) if whole.dtype.is_floating else whole)


def _traced(compute: Callable[[tf.Tensor], Any], form: tf.TensorSpec) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """Make a graph of what is computed; None where that can't be, because Python code looks at values, say."""
    try:
        graph = tf.function(compute, autograph=False).get_concrete_function(form)
    except Exception:  # noqa: BLE001 - a person's own model may raise anything, and is called as it is then
        return None
    return graph if tf.is_tensor(graph.structured_outputs) else None
