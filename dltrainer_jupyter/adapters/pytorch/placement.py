"""Where samples lie, and where a loader's batches are brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Batch, Samples
from dltrainer_jupyter.core.structures import leaves, mapped


class Placed(NamedTuple):
    """Samples as tensors, or structures of tensors."""

    inputs: Any
    targets: Any


def place(samples: Samples, device: torch.device) -> Placed:
    """Bring samples to the device as a whole where they fit into half its free memory, else keep them on the host."""
    needed = sum(array.nbytes for array in leaves((samples.inputs, samples.targets)))
    fits = device.type != "cuda" or needed < torch.cuda.mem_get_info(device)[0] // 2
    where = device if fits else torch.device("cpu")
    inputs, targets = mapped((samples.inputs, samples.targets), lambda array: _tensor(array).to(where))
    return Placed(inputs, targets)


def to_order(indices: npt.NDArray[np.int64], placed: Placed) -> torch.Tensor:
    """Bring an order to where the samples are."""
    return torch.from_numpy(np.ascontiguousarray(indices)).to(next(leaves(placed.inputs)).device)


def to_device(whole: Any, device: torch.device) -> Batch:
    """Bring a batch that a loader made to the device, in the structure it came in.

    NumPy arrays become tensors, floats of 64 bits ones of 32; tensors keep their type. What is no array stays as it is.

    Parameters
    ----------
    whole : Any
        Tuples, lists and dictionaries of tensors or arrays; of a pair the first is the inputs, the second the targets.
    device : torch.device
        Where to.

    Raises
    ------
    ConfigurationError
        If there is no array in it whose first axis counts the samples.
    """
    sizes: list[int] = []
    placed = _placed(whole, device, sizes)
    if not sizes:
        msg = f"data: expected batches of arrays or tensors with an axis for the samples, got {brief(whole)}."
        raise ConfigurationError(msg)
    if isinstance(placed, tuple | list) and len(placed) == 2:  # noqa: PLR2004 - inputs and targets
        return Batch(placed[0], placed[1], sizes[0], placed)
    return Batch(placed, None, sizes[0], placed)


def _placed(part: Any, device: torch.device, sizes: list[int]) -> Any:
    """Move a part of a batch; the first axis of every tensor is added to the sizes."""
    if isinstance(part, np.ndarray) and part.dtype.kind in "biufc":
        part = torch.tensor(part, dtype=torch.float32 if part.dtype == np.float64 else None)
    if isinstance(part, torch.Tensor):
        sizes += part.shape[:1]
        # Only pinned memory is copied while the host goes on; for other memory this is an ordinary copy.
        return part.to(device, non_blocking=True)
    if isinstance(part, dict):
        return {key: _placed(item, device, sizes) for key, item in part.items()}
    if isinstance(part, tuple) and hasattr(part, "_fields"):
        return type(part)(*(_placed(item, device, sizes) for item in part))
    if isinstance(part, tuple | list):
        return type(part)(_placed(item, device, sizes) for item in part)
    if callable(move := getattr(part, "to", None)):
        # A batch of another library: of texts, of graphs.
        sizes += [_count(part)]
        return move(device)
    return part


def _count(batch: Any) -> int:
    """Count the samples of a batch that has a class of its own."""
    values = batch.values() if isinstance(batch, Mapping) else ()
    found = next((value.shape[0] for value in values if isinstance(value, torch.Tensor) and value.dim()), None)
    return int(getattr(batch, "num_graphs", 1) if found is None else found)


def _tensor(array: npt.NDArray[np.generic]) -> torch.Tensor:
    # A read-only array (memory-mapped, or another library's) can't back a tensor.
    return torch.from_numpy(array if array.flags.writeable and array.flags.c_contiguous else array.copy())
