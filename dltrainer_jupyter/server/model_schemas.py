"""Requests and answers about models: predictions, settings, and what is wrong with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.server.part_schemas import PartSetting, Presets, SaidOfItself
from dltrainer_jupyter.server.schemas import LARGEST, Strict

_MOST_EXAMPLES = 100
_MOST_FILES = 1000
_MOST_HEATMAPS = 64
_MOST_TOP = 1000

# --- requests ---------------------------------------------------------------------------------------


def _checkpoint(value: Any) -> Any:
    is_step = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    if is_step or value in ("best", "last"):
        return value
    msg = f"expected best, last or a step, got {brief(value)}"
    raise ValueError(msg)


_Checkpoint = Annotated[Literal["best", "last"] | int, BeforeValidator(_checkpoint)]


class PredictFile(Strict):
    """A file to predict."""

    name: str = Field(min_length=1, max_length=255, description="With the ending that tells its kind.")
    data: str = Field(description="Its content, in base64.")


class PredictRequest(Strict):
    """What to predict (inputs, files, text or a drawing), and with which checkpoint."""

    inputs: list[Any] | dict[str, Any] | None = Field(
        default=None,
        description="Samples, or one, as the data came, before preprocessing: nested lists; of several inputs by name.",
    )
    files: list[PredictFile] | None = Field(
        default=None,
        min_length=1,
        max_length=_MOST_FILES,
        description="PNG, JPEG, WebP, GIF, BMP, TIFF, .npy, .npz, .csv, .tsv or .txt.",
    )
    text: str | None = Field(
        default=None, description="Comma-separated values, with or without a line of names; lines for a model of text."
    )
    drawing: str | None = Field(default=None, description="A picture as a data URI, such as a canvas gives.")
    checkpoint: _Checkpoint = Field(default="best", description="best, last or a step.")
    probabilities: bool = Field(default=False, description="Whether to tell the probability of each class.")
    top: int = Field(default=5, ge=0, le=_MOST_TOP, description="How many of the likeliest classes to tell.")
    heatmaps: bool = Field(default=False, description="Whether to show where on an image the model looked.")

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        there = [name for name in ("inputs", "files", "text", "drawing") if getattr(self, name) is not None]
        if len(there) != 1:
            msg = f"expected one of inputs, files, text or drawing, got {' and '.join(there) or 'none of them'}"
            raise ValueError(msg)
        return self


class HeatmapsRequest(Strict):
    """On which validation examples to show where the model looks, and with which checkpoint."""

    checkpoint: _Checkpoint = Field(default="best", description="best, last or a step.")
    index: list[Annotated[int, Field(ge=0, le=LARGEST)]] = Field(
        min_length=1, max_length=_MOST_HEATMAPS, description="Positions in the validation set."
    )


class TryRequest(Strict):
    """Which validation examples to predict, and with which checkpoint."""

    checkpoint: _Checkpoint = Field(default="best", description="best, last or a step.")
    count: int = Field(default=12, ge=1, le=_MOST_EXAMPLES, description="How many.")
    offset: int = Field(default=0, ge=0, le=LARGEST, description="The first one; they begin anew after the last.")


class TestRequest(Strict):
    """What to measure on, and which checkpoint."""

    data: str | dict[str, Any] | None = Field(
        default=None, description="Name of a data set, with settings or without; what the run held back if left out."
    )
    checkpoint: _Checkpoint = Field(default="best", description="best, last or a step.")
    name: str | None = Field(default=None, min_length=1, max_length=120, description="What to call the data set.")


class TestExamplesQuery(Strict):
    """In which form to give examples."""

    format: Literal["csv", "json"] = Field(default="csv", description="Of the file.")


class ModelConfig(BaseModel):
    """Settings of a model, as its config-schema describes them."""

    model_config = ConfigDict(frozen=True, extra="allow")


# --- answers ----------------------------------------------------------------------------------------


class CheckpointUsed(Strict):
    """The checkpoint that predicted."""

    step: int
    epoch: int


class LikelyClass(Strict):
    """A class, and how likely the model finds it."""

    class_: int = Field(alias="class", description="Its place among the labels.")
    label: str
    confidence: float | None


class PredictAnswer(Strict):
    """Predictions, one a sample."""

    task: Task
    predictions: list[Any] = Field(
        description="Class labels, their names where the targets were text, values, or boxes; of several outputs each."
    )
    probabilities: list[Any] | None = Field(
        description="Of each class, in the order of the labels; of several outputs each."
    )
    labels: list[str] | None = Field(description="Names of the classes; null for values and several outputs.")
    top: list[list[LikelyClass]] | None = Field(description="The likeliest classes of each sample, likeliest first.")
    checkpoint: CheckpointUsed
    digest: str = Field(description="The checkpoint's.")
    latency_ms: float = Field(description="What the model itself took.")
    names: list[str] | None = Field(description="Of the samples: their files, and the rows in them; null for inputs.")
    notes: list[str] = Field(description="What was done to the files, in sentences.")
    thumbnails: list[str | None] | None = Field(description="Images as the model saw them, as data URIs.")
    heatmaps: list[str] | None = Field(description="Where on each image the model looked, as grey data URIs.")


class Heatmap(Strict):
    """Where on a validation example the model looks."""

    index: int
    heatmap: str = Field(description="A grey picture as large as the image, as a data URI.")


class HeatmapsAnswer(Strict):
    """Where on validation examples the model looks, for the class that it tells."""

    checkpoint: CheckpointUsed
    digest: str
    items: list[Heatmap]


class TestRunRow(Strict):
    """A checkpoint measured on a whole data set."""

    number: int
    name: str = Field(description="The data set's.")
    created_at: str
    checkpoint: CheckpointUsed
    digest: str = Field(description="The checkpoint's.")
    count: int = Field(description="Examples.")
    seconds: float = Field(description="What the model itself took.")
    metrics: dict[str, float | None]
    notes: list[str]


class TestRunsAnswer(Strict):
    """The test runs of a run, oldest first."""

    tests: list[TestRunRow]


class TestRunAnswer(TestRunRow):
    """A test run in full."""

    labels: list[str]
    confusion: list[list[int]] | None = Field(description="Rows are true classes, columns predicted ones.")
    summary: dict[str, Any] | None = Field(description="What an examiner says of the whole set.")


class TriedExample(Strict):
    """A validation example, and what the model says of it."""

    index: int
    truth: str
    prediction: str
    correct: bool | None
    confidence: float | None
    probabilities: list[float | None] | None
    image: list[list[float | None]] | None = Field(description="Grey values between 0 and 1, row by row.")
    features: list[float | None] | None


class TryAnswer(Strict):
    """Validation examples, and what the model says of them."""

    checkpoint: CheckpointUsed
    task: Task
    labels: list[str]
    latency_ms: float
    total: int = Field(description="How many examples there are.")
    items: list[TriedExample]


class ModelRow(Strict):
    """A model that can be named."""

    name: str
    description: str
    frameworks: list[str] = Field(description="Those it can be built for.")


class ModelsAnswer(Strict):
    """The models that can be named."""

    models: list[ModelRow]
    problems: list[str] = Field(description="What of the plug-in folder can't be used, and why.")


class ModelAnswer(ModelRow, SaidOfItself):
    """A model in full."""

    settings: list[PartSetting]
    presets: Presets = Field(description="Settings that go together, by name; explicit ones win.")
    example: str = Field(description="How it may be written in a configuration.")
    documentation: str


class SchemaAnswer(BaseModel):
    """A JSON schema."""

    model_config = ConfigDict(frozen=True, extra="allow")


class ConfigProblem(Strict):
    """A setting that can't be used."""

    path: str = Field(description="The keys that lead to it, with dots between; empty where it belongs to none.")
    message: str


class ConfigAnswer(Strict):
    """Whether settings of a model can be used."""

    valid: bool
    problems: list[ConfigProblem]
    config: dict[str, Any] | None = Field(description="With all defaults filled in; null if it can't be used.")


class Finding(Strict):
    """Something that is wrong with a configuration."""

    message: str
    line: int | None = Field(description="Where the key to blame stands, counted from 1.")
    path: list[str] = Field(default=[], description="The keys, and places in lists, that lead to it.")


class CheckAnswer(Strict):
    """What keeps a run from being started."""

    problems: list[Finding] = Field(description="Empty if it could be started.")
