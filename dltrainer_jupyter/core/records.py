"""What the store gives back: one frozen record a row, plain data that any face may show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

TrackingState = Literal["waiting", "following", "behind", "delivered"]
ControlStatus = Literal["requested", "done", "refused"]


@dataclass(frozen=True)
class BestRecord:
    """The best value of the monitored metric so far, kept in the run's own row."""

    metric: str
    mode: Literal["min", "max"]
    value: float
    epoch: int
    step: int


@dataclass(frozen=True)
class ProgressRecord:
    """How far a run is.

    ``epoch`` counts from 1 and is the one being trained, or the last one finished when the run has ended;
    0 before the first step. ``step`` counts optimizer steps done. ``train_seconds`` is wall time spent
    between the first and the last step, pauses left out.
    """

    epoch: int = 0
    step: int = 0
    epochs: int = 0
    steps_per_epoch: int = 0
    phase: str = "waiting"
    """``waiting``, ``starting``, ``training``, ``validating`` or ``ended``."""
    steps_per_second: float | None = None
    train_seconds: float = 0.0
    learning_rate: float | None = None


@dataclass(frozen=True)
class ErrorRecord:
    """Why a run failed."""

    type: str
    message: str
    traceback: str = ""
    """The user's own frames only; empty if none of their code was on the stack."""
    step: int | None = None


@dataclass(frozen=True)
class RunRecord:
    """One row of ``training_jobs``."""

    id: str
    name: str
    state: State
    spec: RunSpec
    created_at: datetime
    updated_at: datetime
    attempt: int
    """Number of the newest attempt; 0 before the first."""
    resume: ResumeKind
    exact: bool
    progress: ProgressRecord
    best: BestRecord | None = None
    error: ErrorRecord | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    """Git commit, package versions, machine; recorded at submit."""
    folder: str = ""
    """Where checkpoints and artifacts lie, as seen from ``host``."""
    host: str = ""
    rebuildable: bool = True
    """False if the run can't outlive the process that started it."""
    number: int = 0
    """Grows from run to run: the order in which they were started."""


@dataclass(frozen=True)
class ListedRun:
    """A run as lists show it: what can be read quickly of very many."""

    id: str
    number: int
    name: str
    state: State
    framework: str
    executor: str
    device: str | None
    """Of the newest attempt."""
    host: str
    created_at: datetime
    updated_at: datetime
    revision: int
    progress: ProgressRecord
    monitor: str | None
    best: BestRecord | None
    error: str | None
    """What went wrong, without where."""


@dataclass(frozen=True)
class AttemptRecord:
    """One trainer's hold on a run."""

    run_id: str
    number: int
    executor: str
    host: str
    boot_id: str
    pid: int
    process_started: float
    started_at: datetime
    ended_at: datetime | None
    heartbeat_at: datetime
    resumed_from_step: int | None
    environment: dict[str, Any]
    """Device, thread count, versions, optimizer implementation: what exactness depends on."""


@dataclass(frozen=True)
class ControlRecord:
    """One request to a run and what became of it."""

    id: int
    run_id: str
    kind: str
    arguments: dict[str, Any]
    requested_by: str
    requested_at: datetime
    status: ControlStatus
    finished_at: datetime | None = None
    step: int | None = None
    outcome: str | None = None
    """One sentence: ``"Paused at step 1,204 (epoch 7)."``"""


@dataclass(frozen=True)
class EventRecord:
    """Something worth remembering about a run."""

    id: int
    run_id: str
    at: datetime
    kind: str
    message: str
    step: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckpointRecord:
    """One committed checkpoint."""

    run_id: str
    step: int
    epoch: int
    """The epoch of the last step made, counted from 1; 0 before the first step."""
    kinds: frozenset[str]
    """Why it is kept: any of ``best``, ``last``, ``manual``."""
    metrics: dict[str, float]
    digest: str
    """SHA-256 over the sorted named arrays of weights and optimizer state."""
    path: str
    bytes: int
    created_at: datetime
    attempt: int


@dataclass(frozen=True)
class EpochRecord:
    """The metrics of one epoch: a row for each (epoch, metric) in ``training_metrics``."""

    epoch: int
    step: int
    values: dict[str, float]
    """``learning_rate``, ``train_loss``, ``val_loss``, ``train_<metric>``, ``val_<metric>``."""


@dataclass(frozen=True)
class ValidationRecord:
    """What one validation found beyond numbers."""

    epoch: int
    step: int
    confusion: list[list[int]] | None = None
    """Rows are true classes, columns predicted ones."""
    labels: list[str] = field(default_factory=list)
    summary: Mapping[str, Any] | None = None
    """What an examiner says of the whole set, in JSON types; NaN and infinities are allowed."""
    examples: Mapping[str, Array] | None = None
    """What it says of single examples, as columns; left out where a validation is read without them."""


@dataclass(frozen=True, repr=False)
class TestRunRecord:
    """A checkpoint measured on a whole data set, which stays as a record beside the run."""

    __test__ = False  # no test of pytest's

    id: int
    """Counted through all runs."""
    run_id: str
    name: str
    """The data set, as whoever asked called it."""
    created_at: datetime
    checkpoint_step: int
    checkpoint_epoch: int
    digest: str
    """Of the checkpoint."""
    count: int
    """Examples."""
    seconds: float
    metrics: Mapping[str, float]
    labels: list[str]
    confusion: list[list[int]] | None = None
    summary: Mapping[str, Any] | None = None

    @property
    def notes(self) -> list[str]:
        """What there is to say of it, in sentences."""
        return list((self.summary or {}).get("notes", ()))

    def __repr__(self) -> str:
        """Show what it came to; curves and matrix are pages."""
        values = ", ".join(f"{name} {value:.4g}" for name, value in self.metrics.items())
        head = f"Test run {self.id}: {self.count:,} examples of {self.name}, step {self.checkpoint_step:,}: {values}"
        return f"<{' '.join([f'{head}.', *self.notes])}>" if self.notes else f"<{head}>"


@dataclass(frozen=True)
class TrackingRecord:
    """One tracker's copy of a run, and how far it is."""

    run_id: str
    name: str
    """The tracker's, and a number behind it if a run has several of one kind: ``mlflow``, ``mlflow-2``."""
    type: str
    """Its name in the registry."""
    state: TrackingState
    """``waiting`` for its first update, ``following``, ``behind`` (out of reach, or it refuses), ``delivered``: all of
    an ended run has arrived."""
    updated_at: datetime
    key: str | None = None
    """The tracker's own name for the run."""
    url: str | None = None
    """Where a person finds it."""
    step: int = 0
    """How far series were sent."""
    epoch: int = 0
    """How far metrics were sent."""
    message: str | None = None
    """Why it is behind, in one sentence."""
