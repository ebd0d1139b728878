"""What raw samples of a run look like, as far as its signature tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.data.preprocessing import load_chain
from dltrainer_jupyter.data.steps.columns import Columns

if TYPE_CHECKING:
    from dltrainer_jupyter.data.pictures.fitting import Way

Shape = tuple[int, ...]

_CHANNELS = (1, 3, 4)
"""Those that a picture file can have: grey, colours, colours and transparency."""
_SMALLEST = 4
"""Least height and width of what is taken for a picture."""
_LEAST_FLAT = 64
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
_CLOSE = 0.02
"""How near to one of these the values in training have to come, as a share of the range."""


@dataclass(frozen=True)
class Picture:
    """How a picture has to lie in a raw sample."""

    shape: Shape
    """Of the raw sample, flat or not."""
    height: int
    width: int
    channels: int
    channels_first: bool
    low: float
    """What black is."""
    high: float
    """What white is."""
    is_whole: bool
    """Whether values have to be whole numbers."""
    is_light: bool | None
    """Whether most of a training picture was light; None where nobody knows."""
    doubts: tuple[str, ...] = ()
    """What was assumed, in sentences."""
    fit: Way = "stretch"
    """What becomes of other proportions."""


@dataclass(frozen=True)
class Form:
    """What a raw sample looks like."""

    shapes: tuple[Shape, ...]
    """Those it may have."""
    picture: Picture | None
    features: tuple[str, ...] | None
    """Names of the columns in training."""
    is_text: bool
    table: Columns | None = None
    """The step that takes columns of text or with missing values; None where rows hold numbers alone."""

    def flat(self, values: int) -> Shape | None:
        """Give the shape of a sample of so many values."""
        return next((shape for shape in self.shapes if math.prod(shape) == values), None)

    def __str__(self) -> str:
        """Say what the model takes."""
        if self.is_text:
            return "text"
        if self.picture is not None:
            one = self.picture
            return f"images of {one.width}×{one.height} pixels in {_channels(one.channels)}"
        if self.table is not None:
            return f"rows of {len(self.table.names):,} columns"
        if len(self.shapes[0]) == 1:
            return f"rows of {self.shapes[0][0]:,} numbers"
        return f"arrays of shape {self.shapes[0]}"


def form_of(signature: Signature) -> Form:
    """Tell what raw samples of a run look like.

    Examples
    --------
    >>> str(form_of(Signature("classification", (3, 32, 32), 10)))
    'images of 32×32 pixels in 3 channels'
    """
    chain, raw = signature.preprocessing, signature.raw or {}
    shapes = _shapes(signature)
    table = Columns.from_dict(chain[0]) if chain and chain[0]["type"] == Columns.type else None
    features = raw.get("features") if table is None else table.names
    is_text = _takes_text(chain)
    picture = None if is_text or features else _picture(signature, shapes)
    return Form(shapes, picture, None if features is None else tuple(features), is_text, table)


def _shapes(signature: Signature) -> tuple[Shape, ...]:
    chain = signature.preprocessing
    if chain and chain[0]["type"] == "input":
        return tuple(tuple(shape) for shape in chain[0]["shapes"])
    if chain and chain[0]["type"] == Columns.type:
        table = Columns.from_dict(chain[0])
        # Rows may be encoded already.
        return (len(table.names),), (len(table.outputs),)
    return (tuple(signature.input_shape),)


def _takes_text(chain: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the first step, somebody's own then, turns text into numbers."""
    if not chain:
        return False
    try:
        return bool(getattr(load_chain(chain[:1])[0], "takes_text", False))
    except (ConfigurationError, MissingPackageError):
        return False


def _picture(signature: Signature, shapes: Sequence[Shape]) -> Picture | None:
    doubts: list[str] = []
    found = next((laid for shape in sorted(shapes, key=len, reverse=True) if (laid := _laid_out(shape))), None)
    shape, layout = found or (None, None)
    if layout is None:
        shape, layout = shapes[0], _behind_reshaping(signature, shapes[0])
    if layout is None and len(shapes[0]) == 1 and (layout := _square(shapes[0][0])):
        doubts.append(f"{shapes[0][0]:,} values are taken for {layout[1]}×{layout[0]} pixels, row by row")
    if layout is None or shape is None:
        return None
    height, width, channels, channels_first = layout
    low, high = _range(signature, doubts)
    raw = signature.raw or {}
    chain = signature.preprocessing
    return Picture(
        shape=shape,
        height=height,
        width=width,
        channels=channels,
        channels_first=channels_first,
        low=low,
        high=high,
        is_whole=bool(chain) and chain[0].get("dtype") == "int64",
        is_light=raw["median"] > (raw["low"] + raw["high"]) / 2 if raw else None,
        doubts=tuple(doubts),
        fit=raw.get("fit", "stretch"),
    )


_Layout = tuple[int, int, int, bool]
"""Height, width, channels, and whether these come first."""


def _laid_out(shape: Shape) -> tuple[Shape, _Layout] | None:
    if len(shape) == 2 and min(shape) >= _SMALLEST:  # noqa: PLR2004 - height and width
        return shape, (*shape, 1, True)
    if len(shape) != 3:  # noqa: PLR2004 - and channels
        return None
    if shape[0] in _CHANNELS and min(shape[1:]) >= _SMALLEST:
        return shape, (shape[1], shape[2], shape[0], True)
    if shape[2] in _CHANNELS and min(shape[:2]) >= _SMALLEST:
        return shape, (shape[0], shape[1], shape[2], False)
    return None


def _behind_reshaping(signature: Signature, flat: Shape) -> _Layout | None:
    """Find the picture that a flat sample becomes."""
    for step in signature.preprocessing:
        if step["type"] == "reshape" and math.prod(step["shape"]) == math.prod(flat):
            laid = _laid_out(tuple(step["shape"]))
            return None if laid is None else laid[1]
    return None


def _square(values: int) -> _Layout | None:
    """Take a flat sample for a square picture, grey or in colours, if it can be one."""
    for channels in (1, 3):
        side = math.isqrt(values // channels)
        if values >= _LEAST_FLAT and side * side * channels == values:
            return side, side, channels, True
    return None


def _range(signature: Signature, doubts: list[str]) -> tuple[float, float]:
    """Give what black and white are in a raw sample."""
    raw = signature.raw
    if raw is None or raw["high"] <= raw["low"]:
        divisor = next((step["divisor"] for step in signature.preprocessing if "divisor" in step), 1.0)
        doubts.append(f"the checkpoint doesn't tell the range of its training images; 0 to {divisor:g} is taken")
        return 0.0, float(divisor)
    if raw["dtype"] in ("uint8", "bool"):
        return (0.0, 255.0) if raw["dtype"] == "uint8" else (0.0, 1.0)
    low, high = float(raw["low"]), float(raw["high"])
    for least, most in _RANGES:
        if max(abs(low - least), abs(high - most)) <= _CLOSE * (most - least):
            return least, most
    return low, high


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"
