"""What a tracker is told of a run: plain data, made of the store's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dltrainer_jupyter.core.records import ErrorRecord, EventRecord, ValidationRecord
from dltrainer_jupyter.core.states import State

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols.frameworks import Predictor


class Mark(NamedTuple):
    """How far a run's history has been taken over; everything up to and including these."""

    step: int = 0
    """The last step of series."""
    epoch: int = 0
    """The last epoch of metrics and validations."""
    event: int = 0
    """The last event, by its number in its store."""


@dataclass(frozen=True)
class GraphNode:
    """A layer or an operation of a model."""

    name: str
    """Its path, with slashes: ``features/0``."""
    kind: str
    """Its class or operation: ``Conv2d``."""
    inputs: tuple[str, ...] = ()
    """Names of the nodes whose outputs it takes."""
    shape: tuple[int, ...] | None = None
    """Of its output, for one sample."""
    parameters: int = 0
    """How many numbers it learns."""
    frozen: int = 0
    """How many weights it has besides that are kept from learning; statistics of a normalisation are none."""
    input_shape: tuple[int, ...] | None = None
    """Of the first thing it takes, for one sample."""
    flops: int | None = None
    """Operations for one sample, where a multiply-add counts as two; None where nobody knows."""
    milliseconds: float | None = None
    """What it takes to compute a batch of ``samples``, in evaluation mode on the run's device; None if not measured."""
    samples: int | None = None


@dataclass(frozen=True)
class Histogram:
    """How the values of one array were distributed at the end of an epoch."""

    kind: Literal["weights", "activations", "gradients"]
    name: str
    """The array's: of a parameter or of a layer."""
    epoch: int
    step: int
    edges: npt.NDArray[np.float64]
    """Shape (n + 1,), rising."""
    counts: npt.NDArray[np.int64]
    """Shape (n,); values that aren't finite are in none."""


@dataclass(frozen=True)
class TrackedRun:
    """A run as it is when a tracker begins, or goes on, to follow it."""

    id: str
    name: str
    spec: Mapping[str, Any]
    """The whole specification with its defaults, in JSON types; secrets are masked."""
    framework: str
    environment: Mapping[str, Any]
    """Git commit, versions, machine, device."""
    created_at: datetime
    host: str
    attempt: int
    folder: Path
    """Where the tracker may keep files of its own; this one tracker's and this run's, and there from the beginning."""
    monitor: str | None = None
    mode: Literal["min", "max"] | None = None
    dataset: Mapping[str, Any] = field(default_factory=dict)
    """What is known of the data: ``name``, ``task``, ``input_shape``, ``labels`` …, in JSON types."""
    graph: tuple[GraphNode, ...] = ()
    """The model's, in an order in which inputs come first; empty where nobody knows it."""


@dataclass(frozen=True)
class Points:
    """Values of one series at some steps.

    The same points come with the same times, however often they are sent.
    """

    steps: npt.NDArray[np.int64]
    """Shape (n,), rising; step 1 is the first."""
    values: npt.NDArray[np.float64]
    """Shape (n,); any may be NaN or infinite."""
    times: npt.NDArray[np.float64]
    """Shape (n,), seconds since 1970, UTC."""


@dataclass(frozen=True)
class Epoch:
    """The metrics of one epoch."""

    epoch: int
    step: int
    values: Mapping[str, float]
    """``learning_rate``, ``train_loss``, ``val_loss``, ``val_<metric>`` …; any may be NaN or infinite."""
    time: float
    """Seconds since 1970, UTC."""


@dataclass(frozen=True)
class Update:
    """What has come since the update before; each point of a run is in one update only."""

    curves: Mapping[str, Points] = field(default_factory=dict)
    """Per-step series by name: ``train_loss``, ``system/cpu_percent`` …"""
    epochs: Sequence[Epoch] = ()
    validations: Sequence[ValidationRecord] = ()
    histograms: Sequence[Histogram] = ()
    events: Sequence[EventRecord] = ()
    again: bool = False
    """Whether it may have arrived before, whole or in part, and nobody knows: the one who sent it died."""


@dataclass(frozen=True)
class Artifact:
    """A file or a folder of the run's."""

    name: str
    """With slashes; the same name again means a newer version of it."""
    kind: Literal["checkpoint", "report", "configuration", "image"]
    path: Path
    bytes: int
    data: Mapping[str, Any] = field(default_factory=dict)
    """What is known of it, in JSON types: a checkpoint's ``step``, ``epoch``, ``kinds``, ``digest``, ``metrics``."""


@dataclass(frozen=True)
class Ending:
    """How a run ended, or that it rests."""

    state: State
    at: datetime
    metrics: Mapping[str, float]
    """The last value of each metric."""
    error: ErrorRecord | None = None


@dataclass(frozen=True)
class TrackedModel:
    """The model of a checkpoint, for a tracker that keeps models."""

    predictor: Predictor
    """In evaluation mode; ``native`` is the framework's own object."""
    step: int
    """The checkpoint's."""
    inputs: Any
    """A few prepared inputs, shape (n, *input_shape), for its signature."""
    preprocessing: tuple[Mapping[str, Any], ...] = ()
    """Steps that prepare raw inputs for it, in JSON types, as ``Signature.preprocessing`` holds them."""
    labels: tuple[str, ...] = ()
    """Names of the classes, in the order of the outputs."""


class Opened(NamedTuple):
    """Where a run is found at its tracker."""

    key: str
    """The tracker's own name for it, given back to it when it goes on."""
    url: str | None = None
    """A page, a folder or a file that a person can open; holds no secret."""
    notices: tuple[str, ...] = ()
    """Sentences the person should read once, such as that a name was changed."""
