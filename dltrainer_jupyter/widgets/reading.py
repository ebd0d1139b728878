"""What a page reads of a run's findings: the same arguments and answers as the server's routes of these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.evaluation import confusions, evaluation
from dltrainer_jupyter.views.examples import examples
from dltrainer_jupyter.views.sorting import MOST, MOST_MATRICES, Sort

Reader = Callable[[Run, Mapping[str, Any]], Any]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Evaluation(_Arguments):
    epoch: int | None = Field(default=None, ge=0)


class _Confusions(_Arguments):
    after: int = Field(default=0, ge=0)
    limit: int = Field(default=50, ge=1, le=MOST_MATRICES)


class _Examples(_Evaluation):
    test_run: int | None = Field(default=None, ge=0)
    truth: int | None = Field(default=None, ge=0)
    predicted: int | None = Field(default=None, ge=0)
    correct: bool | None = None
    sort: Sort = "index"
    offset: int = Field(default=0, ge=0)
    count: int = Field(default=48, ge=1, le=MOST)


def _evaluation(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return evaluation(run.store, run.id, validate(_Evaluation, arguments, "evaluation").epoch)


def _confusions(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Confusions, arguments, "confusions")
    return confusions(run.store, run.id, wanted.after, wanted.limit)


def _examples(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Examples, arguments, "examples")
    return examples(run.store, run.id, here(run.store.run(run.id)), **wanted.model_dump())


READERS: dict[str, Reader] = {"evaluation": _evaluation, "confusions": _confusions, "examples": _examples}
"""By verb."""
