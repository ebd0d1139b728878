"""Requests for lists of runs, and their answers, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dltrainer_jupyter.core.states import State, state_named
from dltrainer_jupyter.server.schemas import Strict, TrackerPlace, listed

_MOST_RUNS, _RUNS = 1000, 50


def _states(value: Any) -> Any:
    names = listed(value)
    for name in names:
        state_named(name)
    return names


class RunsQuery(Strict):
    """Which runs to list."""

    state: Annotated[tuple[State, ...] | None, BeforeValidator(_states)] = Field(
        default=None, min_length=1, description="Only runs in one of these states."
    )
    name: str | None = Field(default=None, description="Only runs of exactly this name.")
    filter: str = Field(
        default="",
        description="Words of the name, and terms such as state:failed, framework:jax, executor:process, host:NAME, "
        "val_accuracy>0.9 (the last value) and best<0.1; a run has to meet them all.",
    )
    # As the store's; a server that is asked nothing doesn't import that.
    sort: Literal["newest", "oldest", "name", "best", "updated"] = Field(
        default="newest", description="Best first: of metrics that grow the greatest, then of others the least."
    )
    limit: int = Field(default=_RUNS, ge=1, le=_MOST_RUNS, description="At most so many.")
    cursor: str | None = Field(default=None, description="Go on after a page, by what it called `next`.")


class RunRow(Strict):
    """A run in a list."""

    id: str
    number: int = Field(description="Grows with each new run.")
    name: str
    state: State
    stopped_early: bool = Field(description="Whether early stopping completed it before its last epoch.")
    framework: str
    executor: str
    device: str | None
    host: str
    epoch: int
    epochs: int
    step: int
    fraction: float = Field(description="Between 0 and 1.")
    steps_per_second: float | None
    seconds_left: float | None
    monitor: str | None
    mode: Literal["min", "max"] | None
    best: float | None = Field(description="Best value of the monitored metric.")
    spark: list[float | None] = Field(description="The monitored metric by epoch, at most 40 values.")
    created_at: str
    updated_at: str
    allowed: list[str] = Field(description="Verbs that make sense in the run's state.")
    error: str | None = Field(description="Why it failed, in a line.")
    trackers: list[TrackerPlace]


class RunsAnswer(Strict):
    """A page of runs."""

    runs: list[RunRow]
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
    counts: dict[State, int] = Field(
        description="Runs by state that name and filter let through, on all pages and whatever states are asked for."
    )
