"""A run's settings: for the table in which TensorBoard compares runs, and as a text."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Ending, TrackedRun
from dltrainer_jupyter.trackers.flattening import flat
from dltrainer_jupyter.trackers.tensorboard.summaries import ABOUT, At, one

START = metadata.SESSION_START_INFO_TAG
_STATUS = {
    State.COMPLETED: STATUS_SUCCESS,
    State.STOPPED: STATUS_SUCCESS,
    State.FAILED: STATUS_FAILURE,
    State.LOST: STATUS_FAILURE,
}
"""A run that goes on has none, though TensorBoard knows one: an open page would never believe another after it."""


def of_start(run: TrackedRun) -> Any:
    """Give a run's settings and when it was started."""
    info = SessionStartInfo(start_time_secs=run.created_at.timestamp(), model_uri="", group_name="")
    for name, value in plain(run.spec).items():
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, int | float):
            info.hparams[name].number_value = value
        else:
            info.hparams[name].string_value = value
    data = HParamsPluginData(session_start_info=info)
    return _of(START, data, run.created_at.timestamp())


def of_end(ending: Ending) -> Any | None:
    """Give how a run ended; None if it only rests."""
    status = _STATUS.get(ending.state)
    if status is None:
        return None
    info = SessionEndInfo(status=status, end_time_secs=ending.at.timestamp())
    return _of(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=info), ending.at.timestamp())


def plain(settings: Mapping[str, Any]) -> dict[str, bool | float | str]:
    """Flatten nested settings to plain values.

    Examples
    --------
    >>> plain({"model": {"type": "mlp", "hidden": [64, 32]}, "seed": None})
    {'model.type': 'mlp', 'model.hidden': '[64, 32]', 'seed': 'none'}
    """
    found: dict[str, bool | float | str] = {}
    for name, value in flat(settings):
        if isinstance(value, bool | int | float | str):
            found[name] = value
        else:
            found[name] = "none" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return found


def table(settings: Mapping[str, Any]) -> str:
    r"""Write nested settings as a table in Markdown.

    Examples
    --------
    >>> print(table({"model": {"type": "my_mlp"}}))
    | setting | value |
    | --- | --- |
    | model.type | my\_mlp |
    """
    rows = [f"| {_escaped(name)} | {_escaped(str(value))} |" for name, value in plain(settings).items()]
    return "\n".join(["| setting | value |", "| --- | --- |", *rows])


def _escaped(text: str) -> str:
    """Take away what Markdown and HTML would see in a text."""
    escaped = re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", html.escape(text, quote=False))
    return "<br>".join(escaped.splitlines())


def _of(tag: str, data: HParamsPluginData, time: float) -> Any:
    return one(At(tag, ABOUT, 0, time), metadata.create_summary_metadata(data), metadata.NULL_TENSOR)
