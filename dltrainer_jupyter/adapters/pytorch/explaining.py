"""Where on an image a module looked, by hooks that are there for one pass."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from dltrainer_jupyter.adapters.shared.gradcam import BATCH, Given, chosen, image_size, maps

if TYPE_CHECKING:
    import numpy.typing as npt

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def heatmaps(
    model: nn.Module, inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64], device: torch.device
) -> npt.NDArray[np.float32]:
    """Compute Grad-CAM of a module in evaluation mode; its gradients stay as they are.

    Parameters
    ----------
    model : torch.nn.Module
        On the device.
    inputs : numpy.ndarray, shape (n, *input_shape)
        Preprocessed images.
    targets : numpy.ndarray of int64, shape (n,)
        The class to explain, for each.
    device : torch.device
        Where to compute.

    Raises
    ------
    ConfigurationError
        If no layer's outputs lie like an image.
    """
    parts = [
        _of_batch(model, inputs[at : at + BATCH], targets[at : at + BATCH], device)
        for at in range(0, len(inputs), BATCH)
    ]
    return np.concatenate(parts)


def _of_batch(
    model: nn.Module, inputs: npt.NDArray[Any], targets: npt.NDArray[np.int64], device: torch.device
) -> npt.NDArray[np.float32]:
    given: list[tuple[Given, torch.Tensor]] = []

    def note(module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.requires_grad:
            given.append((Given(tuple(output.shape), isinstance(module, _CONVOLUTIONS)), output))

    with ExitStack() as stack, torch.enable_grad():
        for module in model.modules():
            if module is not model:
                stack.callback(module.register_forward_hook(note).remove)
        batch = torch.tensor(inputs, device=device)
        if batch.is_floating_point():
            batch.requires_grad_(True)  # noqa: FBT003 - its signature
            # A model may work in place on what it is given, which a leaf forbids.
            batch = batch.clone()
        outputs = model(batch)
        at = chosen([call for call, _ in given], inputs.shape, type(model).__name__)
        activations = given[at][1]
        (gradients,) = torch.autograd.grad(_score(outputs, torch.tensor(targets, device=device)), activations)
    shown = [tensor.detach().float().permute(0, 2, 3, 1).cpu().numpy() for tensor in (activations, gradients)]
    return maps(shown[0], shown[1], image_size(inputs.shape[1:]))


def _score(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Add up what speaks for each sample's class; one logit alone speaks for the second of two."""
    flat = outputs.reshape(len(outputs), -1)
    if flat.shape[1] == 1:
        return (flat[:, 0] * (2 * targets - 1)).sum()
    return flat.gather(1, targets[:, None]).sum()
