"""A model of its own for inference: it shares nothing with the one in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from flax import nnx

from dltrainer_jupyter.adapters.jax.arrays import numbered
from dltrainer_jupyter.adapters.jax.context import build_model
from dltrainer_jupyter.adapters.jax.devices import choose_device, free_memory
from dltrainer_jupyter.adapters.jax.nets import Net
from dltrainer_jupyter.adapters.jax.placement import narrowed
from dltrainer_jupyter.adapters.jax.precision import computing
from dltrainer_jupyter.adapters.jax.state import load_weights
from dltrainer_jupyter.adapters.shared.averages import to_measure
from dltrainer_jupyter.adapters.shared.room import too_little
from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.choosing import joined
from dltrainer_jupyter.core.protocols import NamedArrays, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.structures import mapped, portions

if TYPE_CHECKING:
    import numpy.typing as npt

_BATCH = 1024
"""Samples in a forward pass; bounds the memory a large input takes."""


class JaxPredictor:
    """Built from a specification and the weights of a checkpoint; it computes as precisely as training did.

    Attributes
    ----------
    model : flax.nnx.Module
        In evaluation mode, on the run's device; its weights are averaged ones where the run keeps an average.
    notes : list of str
        What there is to say of where it computes.
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays) -> None:
        self._device, self.notes = choose_device(spec.device), list[str]()
        if note := too_little(weights, free_memory(self._device), str(self._device)):
            self._device, self.notes = jax.devices("cpu")[0], [note]
        with jax.default_device(self._device):
            net = Net(build_model(spec, objects, signature), self._device)
            load_weights({"model": net}, to_measure(weights))
            self.model = net.module()
        self.model.eval()
        self._structure, self._state = nnx.split(self.model)
        structure = self._structure

        def compute(state: Any, inputs: Any) -> Any:
            return called(computing(nnx.merge(structure, state, copy=True), spec.precision), inputs)

        self._compute = jax.jit(compute)

    @property
    def native(self) -> Any:
        """The Flax module itself, in evaluation mode on the run's device."""
        return self.model

    def outputs(self, inputs: Any) -> npt.NDArray[Any]:
        """Compute raw outputs.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (n, *input_shape), or structure of such
            Preprocessed.
        """
        narrow = mapped(inputs, lambda array: narrowed(np.asarray(array), "inputs"))
        parts = [self._compute(self._state, jax.device_put(part, self._device)) for part in portions(narrow, _BATCH)]
        found: npt.NDArray[Any] = joined(
            jax.device_get(parts), lambda of_one: np.concatenate([*map(numbered, of_one)]).astype(np.float32)
        )
        return found

    def heatmaps(self, inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Compute Grad-CAM; see :class:`~dltrainer_jupyter.core.protocols.Explains`."""
        from dltrainer_jupyter.adapters.jax import explaining

        with jax.default_device(self._device):
            return explaining.heatmaps(
                lambda: nnx.merge(self._structure, self._state, copy=True),
                narrowed(np.asarray(inputs), "inputs"),
                targets,
            )
