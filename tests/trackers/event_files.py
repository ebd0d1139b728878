"""TensorBoard's own readers, without TensorFlow."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

# TensorBoard's sign that it shall do without TensorFlow, which takes seconds to import.
sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.plugins.hparams.metadata import SESSION_END_INFO_TAG, SESSION_START_INFO_TAG  # noqa: E402
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

# Summaries as TensorBoard 2 writes them are read with Tensors, whatever they are; Scalars gives those of TensorFlow 1.
KEPT = {"tensors": 0, "scalars": 0, "images": 0, "histograms": 0}
"""All of everything; by default readers keep a sample."""


def read(folder: str | Path) -> EventAccumulator:
    """Read a run's folder as any program of TensorBoard's users does."""
    return EventAccumulator(str(folder), size_guidance=KEPT).Reload()


def series(found: EventAccumulator, plugin: str = "scalars") -> dict[str, list[tuple[int, float]]]:
    return {tag: [(step, value.item()) for step, _, value in tensors(found, tag)] for tag in tags(found, plugin)}


def tags(found: EventAccumulator, plugin: str) -> list[str]:
    return sorted(found.PluginTagToContent(plugin)) if plugin in found._plugin_to_tag_to_content else []


def tensors(found: EventAccumulator, tag: str) -> list[tuple[int, float, Any]]:
    """Give a tag's values as (step, time, array), in the order of steps."""
    values = [(event.step, event.wall_time, make_ndarray(event.tensor_proto)) for event in found.Tensors(tag)]
    return sorted(values, key=lambda value: value[0])


def texts(found: EventAccumulator, tag: str) -> list[tuple[int, str]]:
    return (
        [(step, value.item().decode()) for step, _, value in tensors(found, tag)] if tag in tags(found, "text") else []
    )


def parameters(found: EventAccumulator) -> dict[str, Any]:
    content = found.PluginTagToContent("hparams")[SESSION_START_INFO_TAG]
    values = HParamsPluginData.FromString(content).session_start_info.hparams
    held = {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()}
    # All numbers are doubles there; JavaScript shows whole ones without a point.
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in held.items()
    }


def status(found: EventAccumulator) -> int | None:
    content = found.PluginTagToContent("hparams").get(SESSION_END_INFO_TAG)
    return None if content is None else HParamsPluginData.FromString(content).session_end_info.status
