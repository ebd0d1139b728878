"""Where samples lie and how a batch is cut from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from dltrainer_jupyter.core.protocols import Batch, Samples


class Placed(NamedTuple):
    """Samples as tensors."""

    inputs: torch.Tensor
    targets: torch.Tensor


def place(samples: Samples, device: torch.device) -> Placed:
    """Bring samples to the device as a whole where they fit into half its free memory, else keep them on the host."""
    needed = samples.inputs.nbytes + samples.targets.nbytes
    fits = device.type != "cuda" or needed < torch.cuda.mem_get_info(device)[0] // 2
    where = device if fits else torch.device("cpu")
    return Placed(_tensor(samples.inputs).to(where), _tensor(samples.targets).to(where))


def cut(placed: Placed, order: torch.Tensor, start: int, stop: int, device: torch.device) -> Batch:
    """Cut a batch by one vectorised index, on the device where the samples are there."""
    picked = order[start:stop]
    inputs = placed.inputs.index_select(0, picked)
    targets = placed.targets.index_select(0, picked)
    return Batch(inputs.to(device, non_blocking=True), targets.to(device, non_blocking=True), stop - start)


def cut_one_by_one(placed: Placed, order: torch.Tensor, start: int, stop: int, device: torch.device) -> Batch:
    """Cut a batch sample by sample: the plain way that :func:`cut` must equal."""
    picked = order[start:stop].tolist()
    inputs = torch.stack([placed.inputs[index] for index in picked])
    targets = torch.stack([placed.targets[index] for index in picked])
    return Batch(inputs.to(device), targets.to(device), stop - start)


def to_order(indices: npt.NDArray[np.int64], placed: Placed) -> torch.Tensor:
    """Bring an order to where the samples are."""
    return torch.from_numpy(np.ascontiguousarray(indices)).to(placed.inputs.device)


def _tensor(array: npt.NDArray[np.generic]) -> torch.Tensor:
    # A read-only array (memory-mapped, or another library's) can't back a tensor.
    return torch.from_numpy(array if array.flags.writeable and array.flags.c_contiguous else array.copy())
