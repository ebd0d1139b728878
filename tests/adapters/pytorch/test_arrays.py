from __future__ import annotations

import pytest
import torch

from dltrainer_jupyter.adapters.pytorch.arrays import _NAMES, from_raw, to_raw
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import RawArray

VALUES = torch.linspace(0, 100, 24).reshape(4, 6)
VIEWS = {
    "whole": lambda t: t,
    "transposed": lambda t: t.T,
    "strided": lambda t: t[::2, 1::3],
    "scalar": lambda t: t[0, 0],
    "empty": lambda t: t[:0],
    "expanded": lambda t: t[:1].expand(3, 6),
    "channels_last": lambda t: t.reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
}


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


@pytest.mark.parametrize("dtype", _NAMES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_dtype_and_layout_comes_back_bit_for_bit(dtype: torch.dtype, view: str) -> None:
    tensor = VIEWS[view](VALUES.to(dtype))
    found = from_raw(to_raw(tensor, "weight"))
    assert (found.dtype, found.shape) == (dtype, tensor.shape)
    assert found.is_contiguous()
    assert bits(found) == bits(tensor)


def test_not_a_number_keeps_its_bits() -> None:
    payload = torch.tensor([0x7FC00001, 0x7F800000], dtype=torch.int32).view(torch.float32)
    assert bits(from_raw(to_raw(payload, "weight"))) == bits(payload)


def test_a_conjugated_view_comes_with_its_values() -> None:
    tensor = torch.tensor([1 + 2j], dtype=torch.complex64).conj()
    assert from_raw(to_raw(tensor, "weight")).tolist() == [1 - 2j]


def test_the_copy_is_a_copy() -> None:
    tensor = torch.zeros(3)
    raw = to_raw(tensor, "weight")
    tensor.fill_(1)
    assert from_raw(raw).tolist() == [0, 0, 0]
    given = bytearray(12)
    tensor = from_raw(RawArray("F32", (3,), memoryview(given)))
    given[:] = b"\xff" * 12
    assert tensor.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("tensor", "kind"),
    [(torch.zeros(2, dtype=torch.complex128), "complex128"), (torch.eye(2).to_sparse(), "sparse_coo")],
)
def test_what_no_file_holds_is_refused_by_name(tensor: torch.Tensor, kind: str) -> None:
    with pytest.raises(CheckpointError, match=f"'model.weight' is a {kind} tensor, which a checkpoint can't hold"):
        to_raw(tensor, "model.weight")


def test_a_dtype_from_elsewhere_is_refused() -> None:
    with pytest.raises(CheckpointError, match="dtype F4"):
        from_raw(RawArray("F4", (2,), b"\0"))
