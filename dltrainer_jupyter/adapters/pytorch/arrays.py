"""Tensors to raw arrays and back, every dtype, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import RawArray

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.complex64: "C64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}


def to_raw(tensor: torch.Tensor, name: str) -> RawArray:
    """Copy a tensor; later writes to it don't change the copy.

    Parameters
    ----------
    tensor : torch.Tensor
        On any device, with any strides.
    name : str
        What it is, for the message.

    Raises
    ------
    CheckpointError
        If a file can't hold it.
    """
    if tensor.layout != torch.strided or tensor.dtype not in _NAMES:
        kind = str(tensor.dtype if tensor.layout == torch.strided else tensor.layout).removeprefix("torch.")
        msg = (
            f"'{name}' is a {kind} tensor, which a checkpoint can't hold; it holds dense tensors of "
            f"{', '.join(str(dtype).removeprefix('torch.') for dtype in _NAMES)}."
        )
        raise CheckpointError(msg)
    shape, plain = tuple(tensor.shape), tensor.detach().resolve_conj().resolve_neg()
    if borrowed := plain.is_cpu and plain.is_contiguous():
        data = _bytes_of(plain)
    else:
        data = _bytes_of(plain.to("cpu", copy=True, memory_format=torch.contiguous_format))
    # NumPy asks the system for large pages, which come in half the time; the step waits for no more than this copy.
    return RawArray(_NAMES[tensor.dtype], shape, (data.copy() if borrowed else data).data)


def _bytes_of(tensor: torch.Tensor) -> npt.NDArray[np.uint8]:
    return tensor.reshape(-1).view(torch.uint8).numpy()


def dtype_of(raw: RawArray) -> torch.dtype:
    """Give a raw array's dtype.

    Raises
    ------
    CheckpointError
        If PyTorch has no such dtype.
    """
    if raw.dtype not in _DTYPES:
        msg = f"The checkpoint holds an array of dtype {raw.dtype}, which PyTorch {torch.__version__} doesn't know."
        raise CheckpointError(msg)
    return _DTYPES[raw.dtype]


def from_raw(raw: RawArray) -> torch.Tensor:
    """Make a tensor that owns its memory, on the CPU.

    Owning it matters: memory borrowed from a file is not aligned, and alignment changes the bits of some kernels.
    """
    tensor = torch.empty(raw.shape, dtype=dtype_of(raw))
    if tensor.numel():
        tensor.reshape(-1).view(torch.uint8).copy_(torch.frombuffer(bytearray(raw.data), dtype=torch.uint8))
    return tensor
