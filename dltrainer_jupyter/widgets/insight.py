"""What a page asks about a model and two validations: arguments and answers are those of the server's routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.insight import shown_analysis, shown_changed, shown_difference, shown_histograms


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Histograms(_Arguments):
    kind: Literal["weights", "activations", "gradients"] | None = None
    name: str | None = Field(default=None, min_length=1)


class _Difference(_Arguments):
    one: int | None = Field(default=None, ge=0)
    other: int | None = Field(default=None, ge=0)
    run: str | None = Field(default=None, min_length=1)


class _Changed(_Difference):
    side: Literal["better", "worse"] | None = None
    offset: int = Field(default=0, ge=0)
    count: int = Field(default=48, ge=1, le=100)


def _analysis(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    validate(_Arguments, arguments, "analysis")
    return shown_analysis(run.store, run.id)


def _histograms(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Histograms, arguments, "histograms")
    return shown_histograms(run.store, run.id, wanted.kind, wanted.name)


def _changed(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Changed, arguments, "changed")
    return shown_changed(run.store, run.id, here(run.store.run(run.id)), **wanted.model_dump())


def _difference(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Difference, arguments, "difference")
    return shown_difference(run.store, run.id, **wanted.model_dump())


INSIGHTS: dict[str, Callable[[Run, Mapping[str, Any]], Any]] = {
    "analysis": _analysis,
    "histograms": _histograms,
    "changed": _changed,
    "difference": _difference,
}
"""By verb."""
