"""Questions and answers about models of layers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.models.layers.flow import Form
from dltrainer_jupyter.server.schemas import Strict, listed

_LONGEST = 1_000_000
_Length = Annotated[int, Field(ge=1, le=_LONGEST)]


class OutlineQuery(Strict):
    """What goes in, where the data doesn't tell."""

    input_shape: Annotated[tuple[_Length, ...] | None, BeforeValidator(listed)] = Field(
        default=None,
        min_length=1,
        max_length=3,
        description="Shape of a sample, such as 3,32,32; asked of the data if left out.",
    )
    outputs: int = Field(default=1, ge=1, le=_LONGEST, description="How many values come out, beside input_shape.")


class LayerProblem(Strict):
    """One thing that is wrong with a layer."""

    path: list[str] = Field(description="The setting to blame; empty where the layer itself doesn't fit.")
    message: str


class LayerLine(Strict):
    """A layer of a stack."""

    name: str = Field(description="As it was given, or its type and a number where there are several.")
    type: str
    takes: list[int] | None = Field(description="Shape of a sample that comes; null where nobody knows.")
    gives: list[int] | None = Field(description="Shape of what it makes of that.")
    parameters: int = Field(description="How many it learns.")
    problems: list[LayerProblem]
    added: bool = Field(description="Whether nobody wrote it, as the output behind the last layer.")


class OutlineAnswer(Strict):
    """The layers of a stack, from the input on."""

    lines: list[LayerLine]
    parameters: int = Field(description="Of all layers together.")
    task: Task | None = Field(description="What the data is for; null where nobody knows.")
    input_shape: list[int] | None = Field(description="Of one sample, after preprocessing.")
    form: Form | None = Field(description="What samples look like to layers; null where nobody knows.")
    tokens: int = Field(description="How many different tokens there are, if whole numbers are taken for such; else 0.")
    outputs: int | None = Field(description="How many values are to come out.")
    why: str | None = Field(description="Why nobody knows what goes in, in one sentence.")
