"""Columns of numbers about many examples, in one value of a row: NumPy's own compressed archive, never a pickle."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


def packed(columns: Mapping[str, Array]) -> bytes:
    """Pack named arrays.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        Numbers or truth values of any shapes.

    Examples
    --------
    >>> unpacked(packed({"loss": np.array([0.5, 0.25])}))["loss"]
    array([0.5 , 0.25])
    """
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **columns)
    return written.getvalue()


def unpacked(value: bytes) -> dict[str, Array]:
    """Give back what :func:`packed` was given."""
    with np.load(io.BytesIO(value), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
