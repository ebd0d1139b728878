"""What batches of somebody else's hold: whose tensors they are, arrays of them, and how to tell them apart."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.structures import leaves, mapped

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_PRINTED = 1024
"""Elements of each array that its fingerprint looks at."""


def family(leaf: Any) -> str | None:
    """Name the adapter whose tensor a leaf is: by its class, so that nothing is imported.

    Examples
    --------
    >>> family(np.zeros(2)) is None
    True
    """
    root = type(leaf).__module__.partition(".")[0]
    if isinstance(leaf, _torch_tensor()):
        return "pytorch"
    return {"tensorflow": "tensorflow", "jaxlib": "jax", "jax": "jax"}.get(root)


def for_framework(batch: Any, framework: str, *, copies: bool) -> Any:
    """Give a batch in which tensors of other frameworks have become NumPy arrays.

    Parameters
    ----------
    batch : Any
        As its loader gave it.
    framework : str
        Whose tensors stay.
    copies : bool
        Whether what can be written to is copied: somebody may fill the same memory with the next batch, while a step
        and the metrics still read this one.
    """

    def change(leaf: Any) -> Any:
        if family(leaf) not in (None, framework):
            leaf = to_numpy(leaf)
        if copies and isinstance(leaf, np.ndarray):
            return leaf.copy()
        return leaf.clone() if copies and isinstance(leaf, _torch_tensor()) else leaf

    return mapped(batch, change)


def to_numpy(leaf: Any) -> Array:
    """Give an array for a tensor of any framework, or for anything NumPy takes."""
    if isinstance(leaf, _torch_tensor()):
        tensor = leaf.detach().cpu()
        # NumPy has no bfloat16.
        return np.asarray((tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy())
    return np.asarray(leaf)


def fingerprint(batch: Any) -> int:
    """Tell batches apart: a checksum of the shapes and of each array's first elements.

    Tensors on another device count with their shape alone, since bringing them to the host would hold up the step.

    Examples
    --------
    >>> a, b = np.arange(4.0), np.arange(4.0) + 1
    >>> fingerprint((a, b)) == fingerprint((a.copy(), b.copy())) != fingerprint((b, a))
    True
    """
    found = 0
    for leaf in leaves(batch):
        shape = getattr(leaf, "shape", None)
        found = zlib.crc32(f"{None if shape is None else tuple(shape)}".encode(), found)
        found = zlib.crc32(_beginning(leaf), found)
    return found


def _beginning(leaf: Any) -> bytes:
    if isinstance(leaf, _torch_tensor()):
        if leaf.device.type != "cpu":
            return b""
        leaf = to_numpy(leaf.detach().reshape(-1)[:_PRINTED])
    elif not hasattr(leaf, "shape"):
        return repr(leaf).encode() if isinstance(leaf, int | float | str | bytes | bool | None) else b""
    return np.asarray(leaf).reshape(-1)[:_PRINTED].tobytes()


def _torch_tensor() -> Any:
    torch = sys.modules.get("torch")
    return getattr(torch, "Tensor", ())
