"""A model of its own for inference: it shares nothing with the one in training."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.context import build_model
from dltrainer_jupyter.adapters.pytorch.devices import choose_device, considerate_threads, free_memory
from dltrainer_jupyter.adapters.pytorch.layout import lay_out
from dltrainer_jupyter.adapters.pytorch.precision import Precision
from dltrainer_jupyter.adapters.pytorch.randomness import Generators, Injected
from dltrainer_jupyter.adapters.pytorch.state import load_weights
from dltrainer_jupyter.adapters.pytorch.trees import mapped
from dltrainer_jupyter.adapters.shared.averages import to_measure
from dltrainer_jupyter.adapters.shared.room import MARGIN, TIMES, free_here, too_little
from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.choosing import is_several, joined
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import NamedArrays, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.structures import mapped as each
from dltrainer_jupyter.core.structures import portions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BATCH = 1024
"""Samples in a forward pass; bounds the memory a large input takes."""
_LARGE = 1_000_000
"""Weights from which on a prediction takes long enough to choose threads with more care."""

_BYTES = 4
"""Bytes of a weight."""


class PyTorchPredictor:
    """Built from a specification and the weights of a checkpoint.

    Attributes
    ----------
    model : torch.nn.Module
        In evaluation mode, on the run's device, or the processor where that has no room; as it was in training once it
        has computed :meth:`outputs`.
    notes : list of str
        What there is to say of where it computes.
    """

    def __init__(self, spec: RunSpec, objects: Mapping[str, Any], signature: Signature, weights: NamedArrays) -> None:
        own = dict(objects)
        if isinstance(own.get("model"), nn.Module):
            own["model"] = _copied(own["model"])
        # Weights are overwritten at once, but drawing them must not move the notebook's global generator.
        self._generators = Generators(spec.seed, "predictor")
        with Injected(self._generators):
            self.model = build_model(spec, own, signature)
            if callable(make_parts := getattr(self.model, "configure_model", None)):
                make_parts()  # a LightningModule may make its layers late
        load_weights({"model": self.model}, to_measure(weights))
        self._spec = spec
        self._device, self.notes = choose_device(spec.device), list[str]()
        if note := too_little(weights, free_memory(self._device), str(self._device)):
            self._device, self.notes = torch.device("cpu"), [note]
        self._alone = threading.Lock()
        self._precision = Precision(spec.precision, self._device)
        self.model.to(self._device).eval()
        size = sum(weight.numel() for weight in self.model.parameters())
        self._is_large = size >= _LARGE
        self._is_to_pack = self._is_large and self._device.type == "cpu" and spec.precision == "32-true"
        self._room = TIMES * _BYTES * size + MARGIN
        self._packed: tuple[torch.Size, Callable[[torch.Tensor], torch.Tensor] | None] | None = None
        # What a detector gives for each point of its grid is for its recipe alone.
        self._decode: Any = getattr(self.model, "decode", None) if signature.task == "detection" else None

    @property
    def native(self) -> nn.Module:
        """The module itself, in evaluation mode on the run's device."""
        return self.model

    def outputs(self, inputs: Any) -> npt.NDArray[Any]:
        """Compute raw outputs.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (n, *input_shape), or structure of such
            Preprocessed.

        Returns
        -------
        numpy.ndarray
            What the model gives, several outputs in a mapping or tuple; of a detector shape (n, k, 6): x0, y0, x1, y1,
            score, class, and class -1 where there is none.
        """
        outputs = self._outputs(inputs)
        if self._is_to_pack and not is_several(inputs) and len(inputs) == 1 and not is_several(outputs):
            self._is_to_pack = False
            # Whoever asked first doesn't wait for it; whoever leaves Python does.
            threading.Thread(target=self._pack, args=(inputs.copy(),), name="dltrainer-pack", daemon=False).start()
        return outputs

    def _outputs(self, inputs: Any) -> npt.NDArray[Any]:
        lay_out(self.model, self._spec, self._device)
        with (
            torch.inference_mode(),
            Injected(self._generators),
            self._precision.autocast(),
            considerate_threads(self._device, is_long=self._is_large),
        ):
            parts = [
                # A copy, since a model may work on its inputs in place.
                mapped(torch.Tensor.cpu, self._read(self._computed(each(part, self._tensor))))
                for part in portions(inputs, _BATCH)
            ]
        found: npt.NDArray[Any] = joined(parts, lambda of_one: torch.cat([*of_one]).float().contiguous().numpy())
        return found

    def _tensor(self, part: npt.NDArray[Any]) -> torch.Tensor:
        return torch.tensor(part, device=self._device)

    def _computed(self, batch: Any) -> Any:
        shape, soonest = self._packed or (None, None)
        return called(self.model, batch) if soonest is None or batch.shape != shape else soonest(batch)

    def _pack(self, inputs: npt.NDArray[Any]) -> None:
        """Make the form of the model that computes one sample soonest, if there is room for its weights once more."""
        from dltrainer_jupyter.adapters.pytorch.packed import packed

        if free_here() < self._room:
            return
        batch = torch.tensor(inputs)
        with Injected(self._generators), considerate_threads(self._device, is_long=True):
            self._packed = (batch.shape, packed(self.model, batch))

    def _read(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs if self._decode is None else cast("torch.Tensor", self._decode(outputs))

    def heatmaps(self, inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Compute Grad-CAM; see :class:`~dltrainer_jupyter.core.protocols.Explains`."""
        from dltrainer_jupyter.adapters.pytorch import explaining

        with self._alone, Injected(self._generators):
            return explaining.heatmaps(self.model, inputs, targets, self._device)


def _copied(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except TypeError as error:
        msg = (
            f"A checkpoint is tried with a model of its own, and {type(model).__name__} can't be copied ({error}); "
            "start the run with a function that makes the model."
        )
        raise CheckpointError(msg) from error
