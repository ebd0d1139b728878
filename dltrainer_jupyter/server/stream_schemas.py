"""What may be said over the stream, as pydantic models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.server.list_schemas import RunRow
from dltrainer_jupyter.server.schemas import LARGEST, CheckpointRow, ControlRow, ResourcesAnswer, Strict, TrackerRow

_LONGEST = 500
"""Characters of whatever a run may be called."""


# --- a client says ------------------------------------------------------------------------------------


class Watch(Strict):
    """Tell of a run from now on; a hundred at most over one socket."""

    kind: Literal["watch"]
    id: str = Field(min_length=1, max_length=_LONGEST, description="A run's id, the beginning of one, or its name.")
    revision: int | None = Field(default=None, ge=0, le=LARGEST, description="What the client shows already.")


class Unwatch(Strict):
    """Tell nothing more of a run."""

    kind: Literal["unwatch"]
    id: str = Field(min_length=1, max_length=_LONGEST, description="As it was called to watch it.")


class List(Strict):
    """Tell of every run's row that changes, or don't."""

    kind: Literal["list"]
    on: bool


class Resources(Strict):
    """Tell how busy the machine is, or don't."""

    kind: Literal["resources"]
    on: bool


class Ping(Strict):
    """Give a sign of life."""

    kind: Literal["ping"]


Frame = Watch | Unwatch | List | Resources | Ping

ASKED: dict[str, type[Frame]] = {
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
        msg = f"Expected a mapping with a 'kind': {', '.join(ASKED)}."
        raise ConfigurationError(msg)
    kind = frame["kind"]
    if kind not in ASKED:
        what = "kind"
        raise UnknownNameError(what, kind, ASKED)
    return validate(ASKED[kind], frame)


# --- the server says ----------------------------------------------------------------------------------

_Id = Field(description="As the client called the run.")


class RunSnapshot(Strict):
    """Everything a panel shows of a run, at most about 100 kB however long it is."""

    version: Literal[1]
    revision: int = Field(description="Grows with whatever is told of the run.")
    now: str = Field(description="The server's clock.")
    run: dict[str, Any] = Field(description="What the run is called, where it trains, and its state.")
    progress: dict[str, Any] = Field(description="How far it is, how fast, and how long it will take yet.")
    monitor: str | None
    best: dict[str, Any] | None = Field(description="The best value of the monitored metric, and its epoch and step.")
    curves: dict[str, Any] = Field(description="Series by name, each with `steps` and `values`, decimated.")
    epochs: dict[str, list[float | None]] = Field(description="A column a metric, a row an epoch.")
    confusion: dict[str, Any] | None = Field(description="The newest confusion matrix; null above 100 classes.")
    checkpoints: list[CheckpointRow]
    controls: list[ControlRow] = Field(description="The newest ones, newest first.")
    events: list[dict[str, Any]] = Field(description="The newest ones, newest first.")
    config: str = Field(description="The settings in force, YAML.")
    settings: list[dict[str, Any]] = Field(description="What can be changed while the run is alive.")
    allowed: list[str] = Field(description="Verbs that make sense in the run's state.")
    trackers: list[TrackerRow]


class Snapshot(Strict):
    """A watched run whole: at first, when it has other series than before, and for who missed something."""

    kind: Literal["snapshot"]
    id: str = _Id
    snapshot: RunSnapshot


class Growth(Strict):
    """What became of a series."""

    kept: int = Field(alias="from", description="How many points from its beginning stay; others go.")
    steps: list[int] = Field(description="Of the points that follow them.")
    values: list[float | None]


class Patch(Strict):
    """What changed of a watched run since the snapshot or patch before."""

    kind: Literal["patch"]
    id: str = _Id
    since: int = Field(description="The revision it makes a newer one of.")
    revision: int
    parts: dict[str, Any] = Field(description="Of the snapshot whatever else has changed, each part whole.")
    curves: dict[str, Growth] = Field(description="By name, the series that changed.")


class Gone(Strict):
    """A watched run was deleted."""

    kind: Literal["gone"]
    id: str = _Id


class Rows(Strict):
    """Rows of the list that changed, a hundred at most in a frame."""

    kind: Literal["rows"]
    rows: list[RunRow]
    gone: list[str] = Field(description="Ids of runs that were deleted.")


class Busy(Strict):
    """How busy the machine is, every two seconds."""

    kind: Literal["resources"]
    resources: ResourcesAnswer


class Pong(Strict):
    """A sign of life, to answer one."""

    kind: Literal["pong"]


class Refusal(Strict):
    """What is wrong with a frame; the socket stays open."""

    kind: Literal["error"]
    id: str | None = Field(description="Of the run that the frame was about, if it was about one.")
    message: str


TOLD: dict[str, type[Strict]] = {
    "snapshot": Snapshot,
    "patch": Patch,
    "gone": Gone,
    "rows": Rows,
    "resources": Busy,
    "pong": Pong,
    "error": Refusal,
}
"""By kind; what is sent isn't checked against these, but read by them in the tests."""
