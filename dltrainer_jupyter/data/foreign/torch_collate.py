"""Samples put together to a batch, as PyTorch does; and pictures, which it doesn't take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils import data as torch_data

from dltrainer_jupyter.core.structures import leaves, mapped


def stacked(samples: Sequence[Any]) -> Any:
    """Put samples together; Pillow's pictures become tensors (channels, height, width) from 0 to 1.

    Examples
    --------
    >>> stacked([(torch.zeros(2), 1), (torch.ones(2), 0)])[0].shape
    torch.Size([2, 2])
    """
    try:
        return torch_data.default_collate(list(samples))
    except TypeError:
        if not any(_is_picture(leaf) for leaf in leaves(samples[0])):
            raise
        return torch_data.default_collate([mapped(sample, _as_tensor) for sample in samples])


def _is_picture(leaf: Any) -> bool:
    return type(leaf).__module__.partition(".")[0] == "PIL"


def _as_tensor(leaf: Any) -> Any:
    if not _is_picture(leaf):
        return leaf
    pixels = np.asarray(leaf if leaf.mode in ("L", "RGB", "RGBA") else leaf.convert("RGB"), np.float32) / np.float32(
        255
    )
    return torch.from_numpy(np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)))  # noqa: PLR2004
