"""What may be said over the stream, as pydantic models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.server.schemas import LARGEST, Strict

_LONGEST = 500
"""Characters of whatever a run may be called."""


class Watch(Strict):
    """Tell of a run from now on."""

    kind: Literal["watch"] = "watch"
    id: str = Field(min_length=1, max_length=_LONGEST)
    revision: int | None = Field(default=None, ge=0, le=LARGEST, description="What the client shows already.")


class Unwatch(Strict):
    """Tell nothing more of a run."""

    kind: Literal["unwatch"] = "unwatch"
    id: str = Field(min_length=1, max_length=_LONGEST)


class List(Strict):
    """Tell of every run's row that changes, or don't."""

    kind: Literal["list"] = "list"
    on: bool


class Resources(Strict):
    """Tell how busy the machine is, or don't."""

    kind: Literal["resources"] = "resources"
    on: bool


class Ping(Strict):
    """Give a sign of life."""

    kind: Literal["ping"] = "ping"


Frame = Watch | Unwatch | List | Resources | Ping

_KINDS: dict[str, type[Frame]] = {
    "watch": Watch,
    "unwatch": Unwatch,
    "list": List,
    "resources": Resources,
    "ping": Ping,
}


def read(frame: Any) -> Frame:
    """Check what came in a frame.

    Parameters
    ----------
    frame : object
        What its JSON holds.

    Raises
    ------
    ConfigurationError
        Says what was expected.
    """
    if not isinstance(frame, dict) or not isinstance(frame.get("kind"), str):
        msg = f"Expected a mapping with a 'kind': {', '.join(_KINDS)}."
        raise ConfigurationError(msg)
    kind = frame["kind"]
    if kind not in _KINDS:
        what = "kind"
        raise UnknownNameError(what, kind, _KINDS)
    return validate(_KINDS[kind], frame)
