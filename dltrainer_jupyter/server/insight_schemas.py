"""What a model is made of and how runs differ, as pydantic models: what is asked, and what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from dltrainer_jupyter.server.schemas import LARGEST, Strict


class HistogramsQuery(Strict):
    """Which array's values."""

    kind: Literal["weights", "activations", "gradients"] | None = Field(
        default=None, description="Left out, together with the name, what was measured is listed."
    )
    name: str | None = Field(default=None, min_length=1, description="Of a parameter, or of a layer for activations.")


class DifferenceQuery(Strict):
    """Which two validations."""

    one: int | None = Field(default=None, ge=0, le=LARGEST, description="Epoch of the first; the newest by default.")
    other: int | None = Field(default=None, ge=0, le=LARGEST, description="Epoch of the second; the newest by default.")
    run: str | None = Field(default=None, min_length=1, description="Run of the second; the same by default.")


class ChangedQuery(DifferenceQuery):
    """Which examples that changed side."""

    side: Literal["better", "worse"] | None = Field(default=None, description="Only those.")
    offset: int = Field(default=0, ge=0, le=LARGEST, description="How many are passed over.")
    count: int = Field(default=48, ge=1, le=100, description="At most so many.")


class ReportQuery(Strict):
    """What it is written as."""

    format: Literal["html", "ipynb", "md"] = Field(default="html", description="A page, a notebook or Markdown.")


class LayerRow(BaseModel):
    """A layer of a model."""

    name: str
    type: str
    input_shape: list[int] | None = Field(description="Of one sample, as is the output's; None where nobody knows.")
    output_shape: list[int] | None
    parameters: int
    trainable: int
    flops: int | None = Field(description="Of one sample; a multiply-add counts as two.")
    milliseconds: float | None


class AnalysisTotal(BaseModel):
    """All layers together."""

    parameters: int
    trainable: int
    flops: int | None
    milliseconds: float | None
    samples: int | None = Field(description="In the batch that layers were timed with.")


class AnalysisAnswer(BaseModel):
    """What a run's model is made of."""

    layers: list[LayerRow]
    total: AnalysisTotal
    notes: list[str]


class HistogramsAnswer(BaseModel):
    """What was measured, or how the values of one array lay after each epoch."""

    names: dict[str, list[str]] | None = Field(default=None, description="By kind; if no array was named.")
    note: str | None = Field(default=None, description="How to have more measured.")
    kind: str | None = None
    name: str | None = None
    epochs: list[int] | None = None
    edges: list[list[float | None]] | None = None
    counts: list[list[int]] | None = None


class ChangedAnswer(BaseModel):
    """Examples that changed side between two validations."""

    better: int
    worse: int
    compared: int
    total: int = Field(description="Of the side that was asked for.")
    epochs: list[int]
    items: list[dict[str, Any]] = Field(description="As examples, with their side and how they were before.")


class DifferenceAnswer(BaseModel):
    """How two validations and their runs' settings differ."""

    confusion: dict[str, Any] | None = Field(description="Labels, epochs, and a matrix of the second less the first.")
    note: str | None = Field(description="Why there is no matrix, if there is none.")
    settings: dict[str, list[Any]] = Field(description="Those that differ, by key: of the first run and the second.")
