"""What is read back of a report, as pydantic models: a report may come from anywhere, and be anything."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

When = Annotated[datetime, Field(strict=False)]
"""Written as text."""
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""As large as tables can hold."""
Number = float | None
"""None stands for what is no number."""


class _Part(BaseModel):
    # A newer report of the same version may hold more.
    model_config = ConfigDict(strict=True, extra="ignore")


class ReportedRun(_Part):
    """The run."""

    id: str
    name: str
    state: str
    epoch: Whole
    step: Whole


class ReportedCheckpoint(_Part):
    """A checkpoint there was."""

    step: Whole
    epoch: Whole
    kinds: list[str]
    metrics: dict[str, Number]
    digest: str
    path: str
    bytes: Whole
    created_at: When
    attempt: Whole = 0


class ReportedEpoch(_Part):
    """What was measured of an epoch: any number by any other name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number]

    epoch: Whole
    step: Whole


class ReportedCurve(_Part):
    """A per-step series."""

    steps: list[Whole]
    values: list[Number]

    @model_validator(mode="after")
    def _has_a_value_each(self) -> ReportedCurve:
        if len(self.steps) != len(self.values):
            msg = f"expected a value for each step, got {len(self.values)} for {len(self.steps)}"
            raise ValueError(msg)
        return self


class ReportedMatrix(_Part):
    """A confusion matrix."""

    labels: list[str]
    matrix: list[list[Whole]]

    @model_validator(mode="after")
    def _is_square(self) -> ReportedMatrix:
        if {len(self.labels)} != {len(self.matrix), *map(len, self.matrix)}:
            msg = f"expected {len(self.labels)} rows and columns, one for each label"
            raise ValueError(msg)
        return self


class Document(_Part):
    """All that :class:`dltrainer_jupyter.tal.reports.LoadedReport` gives."""

    made_at: When
    run: ReportedRun
    best: dict[str, Any] | None
    config: dict[str, Any]
    model: dict[str, Any] | None
    metrics: list[ReportedEpoch]
    curves: dict[str, ReportedCurve]
    evaluation: dict[str, Any] | None = None
    confusion: ReportedMatrix | None
    checkpoints: list[ReportedCheckpoint]
    events: list[dict[str, Any]]
    environment: dict[str, Any]
