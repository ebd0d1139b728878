"""What is written: one event a value, as TensorBoard 2 has them; each bears a mark of where in the run it belongs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_STRING
from tensorboard.plugins.histogram import metadata as histograms
from tensorboard.plugins.image import metadata as images
from tensorboard.plugins.scalar import metadata as scalars
from tensorboard.plugins.text import metadata as texts

from dltrainer_jupyter.core.tracking import Histogram, Mark, Points

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

# The mark stands in a field that readers have stopped using: the name of the node in TensorFlow's graph.
OF_STEP = "step"
ABOUT = "about"
"""Belongs to the run as a whole."""


class At(NamedTuple):
    """Where a value belongs."""

    tag: str
    """The series' name."""
    mark: str
    step: int
    time: float
    """Seconds since 1970, UTC."""


class NoPictureError(ValueError):
    """What should have been a picture isn't one that can be shown."""


def of_epoch(number: int) -> str:
    """Mark what belongs to an epoch."""
    return f"epoch {number}"


def of_event(number: int) -> str:
    """Mark what belongs to an event, by its number in its store."""
    return f"event {number}"


def of_file(digest: str) -> str:
    """Mark an attached file by its content."""
    return f"file {digest}"


def is_past(event: Any, sent: Mark) -> bool:
    """Tell whether what an event holds is ours, and comes again."""
    for value in event.summary.value:
        kind, _, number = value.node_name.partition(" ")
        if kind == OF_STEP:
            return bool(event.step > sent.step)
        if kind in {"epoch", "event"} and number.isdecimal():
            return int(number) > (sent.epoch if kind == "epoch" else sent.event)
    return False


def of_curve(tag: str, points: Points) -> Iterator[Any]:
    """Give a series; the same event each time, with the next point in it."""
    event = one(At(tag, OF_STEP, 0, 0.0), scalars.create_summary_metadata("", ""), TensorProto(dtype=DT_FLOAT))
    value = event.summary.value[0].tensor.float_val
    value.append(0.0)
    with np.errstate(over="ignore"):
        kept = points.values.astype(np.float32)
    for step, number, time in zip(points.steps.tolist(), kept.tolist(), points.times.tolist(), strict=True):
        event.step, event.wall_time, value[0] = step, time, number
        yield event


def of_scalar(at: At, value: float) -> Any:
    """Give one number."""
    with np.errstate(over="ignore"):
        tensor = TensorProto(dtype=DT_FLOAT, float_val=[float(np.float64(value).astype(np.float32))])
    return one(at, scalars.create_summary_metadata("", ""), tensor)


def of_histogram(found: Histogram, time: float) -> Any:
    """Give how an array's values lie: a row of left edge, right edge and count for each bin."""
    rows = np.stack([found.edges[:-1], found.edges[1:], found.counts], axis=1).astype("<f8")
    tensor = TensorProto(dtype=DT_DOUBLE, tensor_content=rows.tobytes())
    for size in rows.shape:
        tensor.tensor_shape.dim.add(size=size)
    metadata = histograms.create_summary_metadata("", "")
    return one(At(f"{found.kind}/{found.name}", of_epoch(found.epoch), found.step, time), metadata, tensor)


def of_text(at: At, markdown: str) -> Any:
    """Give a text, which is shown as Markdown."""
    tensor = TensorProto(dtype=DT_STRING, string_val=[markdown.encode()])
    return one(at, texts.create_summary_metadata("", ""), tensor)


def of_image(at: At, encoded: bytes) -> Any:
    """Give a picture.

    Raises
    ------
    NoPictureError
        If it is in no form that TensorBoard shows.
    """
    try:
        with Image.open(io.BytesIO(encoded), formats=["PNG", "JPEG", "GIF", "BMP"]) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise NoPictureError(str(error)) from error
    tensor = TensorProto(dtype=DT_STRING, string_val=[str(width).encode(), str(height).encode(), encoded])
    tensor.tensor_shape.dim.add(size=3)
    return one(at, images.create_summary_metadata("", ""), tensor)


def one(at: At, metadata: SummaryMetadata, tensor: TensorProto) -> Any:
    """Give an event with one value."""
    event = Event(step=at.step, wall_time=at.time)
    event.summary.value.add(tag=at.tag, node_name=at.mark, metadata=metadata, tensor=tensor)
    return event
