"""Requests and answers about models: predictions, settings, and what is wrong with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.server.schemas import LARGEST, Strict

_MOST_EXAMPLES = 100

# --- requests ---------------------------------------------------------------------------------------


def _checkpoint(value: Any) -> Any:
    is_step = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    if is_step or value in ("best", "last"):
        return value
    msg = f"expected best, last or a step, got {brief(value)}"
    raise ValueError(msg)


_Checkpoint = Annotated[Literal["best", "last"] | int, BeforeValidator(_checkpoint)]


class PredictRequest(Strict):
    """What to predict, and with which checkpoint."""

    inputs: list[Any] = Field(description="Samples, or one, as the data came, before preprocessing: nested lists.")
    checkpoint: _Checkpoint = Field(default="best", description="best, last or a step.")
    probabilities: bool = Field(default=False, description="Whether to tell the probability of each class.")


class TryRequest(Strict):
    """Which validation examples to predict, and with which checkpoint."""

    checkpoint: _Checkpoint = Field(default="best", description="best, last or a step.")
    count: int = Field(default=12, ge=1, le=_MOST_EXAMPLES, description="How many.")
    offset: int = Field(default=0, ge=0, le=LARGEST, description="The first one; they begin anew after the last.")


class ModelConfig(BaseModel):
    """Settings of a model, as its config-schema describes them."""

    model_config = ConfigDict(frozen=True, extra="allow")


# --- answers ----------------------------------------------------------------------------------------


class CheckpointUsed(Strict):
    """The checkpoint that predicted."""

    step: int
    epoch: int


class PredictAnswer(Strict):
    """Predictions, one a sample."""

    predictions: list[Any] = Field(description="Class labels, their names where the targets were text, or values.")
    probabilities: list[Any] | None = Field(description="Of each class, in the order of the labels.")
    labels: list[str] | None = Field(description="Names of the classes; null for values.")
    checkpoint: CheckpointUsed
    latency_ms: float = Field(description="What the model itself took.")


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
    task: Literal["classification", "regression"]
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


class ModelSetting(Strict):
    """One setting of a model."""

    name: str
    type: str = Field(description="In words, with its bounds.")
    default: Any
    required: bool
    description: str


class ModelAnswer(ModelRow):
    """A model in full."""

    tasks: list[str]
    settings: list[ModelSetting]
    documentation: str
    package: str


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


class CheckAnswer(Strict):
    """What keeps a run from being started."""

    problems: list[Finding] = Field(description="Empty if it could be started.")
