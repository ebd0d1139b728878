"""The state of a training: as a recipe holds it, and as a checkpoint does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

AVERAGED = "@ema"
"""Behind the name of a net in the names of weights: those of its moving average (``model@ema.linear.weight``)."""


class RawArray(NamedTuple):
    """An array as bytes, so that any framework's dtype survives a file.

    ``dtype`` is safetensors' name (``F32``, ``BF16``, ``I64`` …), ``data`` little-endian and C-contiguous.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview


NamedArrays = dict[str, RawArray]


@dataclass(frozen=True)
class FullState:
    """Everything a run needs to go on as if nothing had happened."""

    weights: NamedArrays
    """Parameters and buffers of every net, named ``<net>.<name>``; of its moving average, ``<net>@ema.<name>``."""
    optimizer: NamedArrays
    """Slots of every optimizer, named ``<optimizer>.<parameter>.<slot>``."""
    meta: dict[str, Any]
    """Cursor, RNG, schedule, metric sums, best-so-far …: JSON types, and NumPy arrays, tuples, bytes,
    non-finite floats and integer keys, which the checkpoint format tags."""


@dataclass
class TrainState:
    """What a recipe trains: nets and optimizers by name, and whatever else it needs to keep."""

    nets: dict[str, Any]
    optimizers: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    averages: dict[str, Any] = field(default_factory=dict)
    """By net, the exponential moving average of its weights, where the specification asks for one."""
