"""How the values of tensors lie: counted on the device, and brought to the host in one transfer."""

from __future__ import annotations

import numpy as np
import torch

from dltrainer_jupyter.adapters.shared.distributions import distribution, edges_between, narrow
from dltrainer_jupyter.core.protocols import Distribution

_PIECE = 1 << 22
"""Values that are looked at together; bounds the memory it takes."""


class Counting:
    """Counts the values of tensors as they come.

    Parameters
    ----------
    bins : int
        Buckets of each.
    """

    def __init__(self, bins: int) -> None:
        self._bins = bins
        self._on_host: dict[str, Distribution | None] = {}
        self._on_device: dict[str, torch.Tensor] = {}

    def add(self, name: str, tensor: torch.Tensor) -> None:
        """Count a tensor's values as they are now."""
        if not tensor.numel():
            return
        if tensor.is_cpu:
            wide = tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()
            self._on_host[name] = distribution(wide.detach().numpy(), self._bins)
        else:
            self._on_device[name] = _counted(tensor.detach(), self._bins)

    def found(self) -> dict[str, Distribution]:
        """Give the distributions by name."""
        found = {name: counted for name, counted in self._on_host.items() if counted is not None}
        if self._on_device:
            packed = torch.stack([*self._on_device.values()]).cpu().numpy()
            for name, (low, high, *counts) in zip(self._on_device, packed, strict=True):
                total = int(sum(counts))
                if total:
                    edges = edges_between(low, high, self._bins)
                    whole = np.array(counts, np.float64).astype(np.int64)
                    found[name] = narrow(low, high, total) if edges is None else Distribution(edges, whole)
        return found


def _counted(tensor: torch.Tensor, bins: int) -> torch.Tensor:
    """Give least and greatest value and counts in one row, without waiting for the device.

    By sorting: ``histc`` and ``bincount`` have no deterministic kernels on a GPU.
    """
    pieces = torch.split(tensor.reshape(-1), _PIECE)
    dtype = torch.float32 if tensor.device.type == "mps" else torch.float64
    infinity = torch.tensor(torch.inf, dtype=dtype, device=tensor.device)
    low, high = infinity, -infinity
    for piece in pieces:
        values, finite = piece.to(dtype), piece.isfinite()
        low = torch.minimum(low, values.where(finite, infinity).amin())
        high = torch.maximum(high, values.where(finite, -infinity).amax())
    counts = torch.zeros(bins + 1, dtype=torch.int64, device=tensor.device)
    for piece in pieces:
        share = (piece.to(dtype) / 2 - low / 2) / (high / 2 - low / 2)
        place = (share.nan_to_num(0) * bins).clamp(0, bins - 1).long().where(piece.isfinite(), bins)
        counts += _tally(place, bins)
    return torch.cat([low[None], high[None], counts[:bins].to(dtype)])


def _tally(place: torch.Tensor, bins: int) -> torch.Tensor:
    """Count how often each number up to ``bins`` is there."""
    ordered = place.sort().values
    steps = torch.arange(bins + 2, device=place.device)
    return torch.searchsorted(ordered, steps).diff()
