"""What validations found, as pydantic models: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from dltrainer_jupyter.server.schemas import LARGEST, Strict
from dltrainer_jupyter.views.sorting import MOST, MOST_MATRICES, Sort

# In an address everything is text: what is a number counts as one, also where classes are called by numbers.
_Class = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | str | None, Field(union_mode="left_to_right")]


class EvaluationQuery(Strict):
    """Which validation."""

    epoch: int | None = Field(default=None, ge=0, le=LARGEST, description="After which epoch; the newest by default.")


class ConfusionsQuery(Strict):
    """Which confusion matrices."""

    after: int = Field(default=0, ge=0, le=LARGEST, description="Those of later epochs.")
    limit: int = Field(
        default=50, ge=1, le=MOST_MATRICES, description="At most so many; fewer come where they are large."
    )


class ExamplesQuery(EvaluationQuery):
    """Which examples, in which order."""

    test_run: int | None = Field(
        default=None, ge=0, le=LARGEST, description="Number of a test run, in place of a validation."
    )
    truth: _Class = Field(default=None, description="Only those of this class, by number or name.")
    predicted: _Class = Field(default=None, description="Only those taken for this class, by number or name.")
    correct: bool | None = Field(default=None, description="Only those that are right, or wrong.")
    sort: Sort = Field(default="index", description="With a minus the greatest first; what isn't known comes last.")
    offset: int = Field(default=0, ge=0, le=LARGEST, description="How many are passed over.")
    count: int = Field(default=48, ge=1, le=MOST, description="At most so many.")


class EvaluationAnswer(BaseModel):
    """What a validation found of the whole set."""

    epoch: int | None = Field(description="None before the first validation.")
    step: int | None
    epochs: list[int] = Field(description="All that were followed by a validation.")
    labels: list[str]
    summary: dict[str, Any] | None = Field(description="As the task's examiner wrote it.")
    has_examples: bool


class ConfusionsAnswer(BaseModel):
    """Confusion matrices of many epochs."""

    labels: list[str]
    epochs: list[int]
    size: int = Field(description="Classes.")
    counts: str = Field(description="Base64 of zlib of little-endian int32, shape (epochs, size, size).")


class TopRow(BaseModel):
    """One of the likeliest classes."""

    class_: int = Field(alias="class")
    label: str
    confidence: float | None


class ExampleRow(BaseModel):
    """One example, and what the model said of it."""

    index: int = Field(description="Its place in the set that was measured.")
    truth: str | None
    prediction: str | None = Field(description="None where scores weren't numbers.")
    truth_class: int | None
    prediction_class: int | None
    confidence: float | None
    loss: float | None
    correct: bool | None
    score: float | None
    top: list[TopRow] | None
    image: str | None = Field(description="A PNG as a data URI.")
    features: list[float | None] | None
    mask: str | None = Field(description="Predicted classes of pixels, as a grey PNG.")
    true_mask: str | None
    boxes: list[list[float | None]] | None = Field(description="x0, y0, x1, y1, score, class.")
    true_boxes: list[list[float | None]] | None = Field(description="x0, y0, x1, y1, class.")
    size: list[int] | None = Field(description="Height and width that boxes count in.")


class ExamplesAnswer(BaseModel):
    """Some examples."""

    epoch: int | None
    task: str | None
    labels: list[str]
    total: int = Field(description="That the filters leave.")
    kept: int = Field(description="Of the set's.")
    count_of_set: int | None
    feature_names: list[str] | None
    items: list[ExampleRow]
