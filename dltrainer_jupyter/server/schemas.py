"""Requests and answers as pydantic models: what checks a request also describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.core.records import ControlStatus
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.views.tracking import ShownState

LARGEST = 2**63 - 1
"""What databases take for a whole number."""
_MOST_POINTS, _POINTS = 20_000, 2000


class Strict(BaseModel):
    """Takes what it knows and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Nothing(Strict):
    """A request that takes no settings."""


# --- requests ---------------------------------------------------------------------------------------


def listed(value: Any) -> Any:
    """Take ``a,b`` for two values, as well as a parameter that is given twice."""
    given = [value] if isinstance(value, str) else value
    return [item for part in given for item in part.split(",") if item] if isinstance(given, list) else given


class CurvesQuery(Strict):
    """Which part of which series, and how closely."""

    names: Annotated[tuple[str, ...] | None, BeforeValidator(listed)] = Field(
        default=None, min_length=1, description="Such as train_loss; all series by default."
    )
    start: int | None = Field(default=None, ge=0, le=LARGEST, description="First step.")
    stop: int | None = Field(default=None, ge=0, le=LARGEST, description="The step after the last one.")
    points: int = Field(
        default=_POINTS, ge=4, le=_MOST_POINTS, description="Most points of a series; the extremes between stay."
    )


class ResumeRequest(Strict):
    """How to go on."""

    epochs: int | None = Field(
        default=None, ge=1, le=1_000_000, description="New number of epochs in all; needed for a completed run."
    )
    executor: str | None = Field(default=None, description="Where to go on; a process if left out.")


class CloneRequest(Strict):
    """What the new run begins with."""

    step: int | None = Field(
        default=None, ge=0, le=LARGEST, description="Step of the checkpoint whose weights to begin with."
    )
    changes: dict[str, Any] = Field(default_factory=dict, description="Settings, as for a new run.")


# --- answers ----------------------------------------------------------------------------------------

_Numbers = list[float | None]


class StoreAnswer(Strict):
    """The store of this server."""

    uuid: str = Field(description="By which two servers or kernels know that they read the same store.")
    panel_client: str | None = Field(description="Script by which a notebook's panel follows its run on this server.")


class RunFacts(Strict):
    """What a run's description begins with."""

    id: str
    name: str
    state: State
    framework: str
    epoch: int
    epochs: int
    step: int
    monitor: str | None
    best: float | None = Field(description="Best value of the monitored metric.")
    host: str = Field(description="Where its files are, and where it goes on if it is resumed there.")
    created_at: str


class EpochRow(BaseModel):
    """The metrics of an epoch: learning_rate, train_loss, val_loss, train_<metric>, val_<metric>."""

    model_config = ConfigDict(frozen=True, extra="allow")

    __pydantic_extra__: dict[str, float | None]

    epoch: int
    step: int


class MetricsAnswer(Strict):
    """The history of a run, a row an epoch."""

    metrics: list[EpochRow]


class CheckpointRow(Strict):
    """A checkpoint."""

    step: int
    epoch: int
    kinds: list[Literal["best", "last", "manual"]]
    digest: str = Field(description="SHA-256 over the sorted named arrays of weights and optimizer state.")
    metrics: dict[str, float | None]
    path: str


class CheckpointsAnswer(Strict):
    """The checkpoints of a run, oldest first."""

    checkpoints: list[CheckpointRow]


class CurveColumns(Strict):
    """A series, decimated."""

    steps: list[int]
    values: _Numbers


class CurvesAnswer(Strict):
    """Series by name."""

    curves: dict[str, CurveColumns]


class ControlRow(Strict):
    """A request to a run, and what became of it."""

    id: int
    kind: str
    arguments: dict[str, Any]
    status: ControlStatus
    outcome: str | None = Field(description="What the trainer did, in a sentence.")
    note: str | None = Field(description="Why it hasn't answered yet, if the run is still starting.")
    step: int | None
    requested_by: str
    requested_at: str


class RunError(Strict):
    """Why a run failed."""

    type: str
    message: str
    traceback: str
    step: int | None


class TrackerPlace(Strict):
    """A tracker that a run's history goes to."""

    label: str = Field(description="What it is called, such as MLflow.")
    state: ShownState = Field(
        description="`behind`: out of reach, or it refuses; `catching_up`: the run has ended, and the rest is being "
        "sent; `delivered`: all has arrived."
    )
    url: str | None = Field(description="A page, a folder or a file.")


class TrackerRow(TrackerPlace):
    """A tracker, and how far its copy is."""

    name: str
    type: str
    step: int = Field(description="The last step sent.")
    steps: int | None = Field(description="Steps of the run, if it has ended and not all has arrived.")
    message: str | None = Field(description="Why it is behind.")
    updated_at: str


class RunAnswer(RunFacts):
    """A run in full: what `dltrain show --json` prints, and what was asked of it."""

    resume: ResumeKind
    exact: bool
    attempts: int
    train_seconds: float
    steps_per_second: float | None
    metrics: list[EpochRow]
    checkpoints: list[CheckpointRow]
    error: RunError | None
    config: dict[str, Any] = Field(description="The settings in force.")
    folder: str
    environment: dict[str, Any]
    trackers: list[TrackerRow]
    controls: list[ControlRow] = Field(description="The newest ones.")


class Gpu(Strict):
    """A GPU of the server's machine."""

    name: str
    percent: float | None = Field(description="How busy it is; null where the driver doesn't tell.")
    memory_bytes: int
    memory_total_bytes: int


class ResourcesAnswer(Strict):
    """How busy the server's machine is; in a container, how busy what it lets us have."""

    host: str
    cpu_percent: float = Field(description="Of all cores together.")
    cores: float
    memory_bytes: int
    memory_total_bytes: int
    gpus: list[Gpu]


class ErrorAnswer(Strict):
    """What is wrong, and how to mend it."""

    message: str
    reason: str = Field(description="The kind of error, for programs.")
