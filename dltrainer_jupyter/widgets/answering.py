"""A request from the page as a call of the run, and what becomes of its errors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views import test_runs
from dltrainer_jupyter.views.live import curve_columns
from dltrainer_jupyter.widgets.built import built
from dltrainer_jupyter.widgets.insight import INSIGHTS
from dltrainer_jupyter.widgets.reading import READERS
from dltrainer_jupyter.widgets.replying import replied

_MOST_POINTS = 5000
_MOST_EXAMPLES = 100


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Nothing(_Arguments):
    """A verb that takes no arguments."""


class _Resume(_Arguments):
    epochs: int | None = Field(default=None, ge=1)
    executor: str | None = None


class _Try(_Arguments):
    checkpoint: Literal["best", "last"] | int = "best"
    count: int = Field(default=12, ge=1, le=_MOST_EXAMPLES)
    offset: int = Field(default=0, ge=0)


class _File(_Arguments):
    name: str = Field(min_length=1, max_length=255)
    data: str


class _Predict(_Arguments):
    checkpoint: Literal["best", "last"] | int = "best"
    inputs: list[Any] | None = None
    files: list[_File] | None = Field(default=None, min_length=1, max_length=1000)
    text: str | None = None
    drawing: str | None = None
    probabilities: bool = False
    top: int = Field(default=5, ge=0, le=1000)
    heatmaps: bool = False


class _Heatmaps(_Arguments):
    checkpoint: Literal["best", "last"] | int = "best"
    index: list[int] = Field(min_length=1, max_length=64)


class _Test(_Arguments):
    data: str | dict[str, Any] | None = None
    checkpoint: Literal["best", "last"] | int = "best"
    name: str | None = Field(default=None, min_length=1, max_length=120)


class _TestNumber(_Arguments):
    number: int | None = Field(default=None, ge=0)


class _Clone(_Arguments):
    step: int | None = Field(default=None, ge=0)


class _Curve(_Arguments):
    names: list[str]
    start: int | None = None
    stop: int | None = None
    points: int = Field(default=2000, ge=4, le=_MOST_POINTS)


def _steer(verb: str) -> Callable[[Run, Mapping[str, Any]], Any]:
    def steer(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
        validate(_Nothing, arguments, verb)
        return {"control": getattr(run, verb)().id}

    return steer


def _resume(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Resume, arguments, "resume")
    return {"control": run.resume(epochs=wanted.epochs, executor=wanted.executor).id}


def _set(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"control": run.set(**arguments).id}


def _try(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Try, arguments, "try")
    return run.trained(wanted.checkpoint).examples(wanted.count, wanted.offset)


def _predict(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Predict, arguments, "predict")
    asked = wanted.model_dump(exclude={"checkpoint"}, exclude_none=True)
    return run.trained(wanted.checkpoint).answer(**asked)


def _heatmaps(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Heatmaps, arguments, "heatmaps")
    return run.trained(wanted.checkpoint).heatmaps(wanted.index)


def _test(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Test, arguments, "test")
    return test_runs.test_run_document(run.test(wanted.data, wanted.checkpoint, wanted.name))


def _tests(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    number = validate(_TestNumber, arguments, "tests").number
    if number is not None:
        return test_runs.test_run_document(test_runs.test_run(run.store, run.id, number))
    return {"tests": [test_runs.test_run_row(record) for record in run.tests]}


def _delete_test(run: Run, arguments: Mapping[str, Any]) -> None:
    run.delete_test(validate(_TestNumber, arguments, "delete_test").number or 0)


def _clone(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    made = run.clone(step=validate(_Clone, arguments, "clone").step)
    return {"id": made.id, "name": made.name}


def _curve(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = validate(_Curve, arguments, "curve")
    known = run.store.curve_names(run.id)
    for name in wanted.names:
        if name not in known:
            kind = "curve"
            raise UnknownNameError(kind, name, known)
    window = functools.partial(
        curve_columns, run.store, run.id, start=wanted.start, stop=wanted.stop, points=wanted.points
    )
    return {name: window(name) for name in wanted.names}


def _ping(_run: Run, arguments: Mapping[str, Any]) -> None:
    validate(_Nothing, arguments, "ping")


def _module(_run: Run, arguments: Mapping[str, Any]) -> dict[str, str]:
    validate(_Nothing, arguments, "module")
    return {"script": built("insight.js")}


_ANSWERS: dict[str, Callable[[Run, Mapping[str, Any]], Any]] = {
    "pause": _steer("pause"),
    "suspend": _steer("suspend"),
    "stop": _steer("stop"),
    "checkpoint": _steer("checkpoint"),
    "resume": _resume,
    "set": _set,
    "clone": _clone,
    "try": _try,
    "predict": _predict,
    "heatmaps": _heatmaps,
    "test": _test,
    "tests": _tests,
    "delete_test": _delete_test,
    "curve": _curve,
    "ping": _ping,
    "module": _module,
    **READERS,
    **INSIGHTS,
}
LANES = {
    "try": "try",
    "predict": "try",
    "heatmaps": "try",
    "test": "try",
    "tests": "read",
    **dict.fromkeys(["curve", "module", *READERS, *INSIGHTS], "read"),
}
"""Where a request is answered that may take its time; all others keep their order in the lane ``steer``."""


def answer(run: Run, verb: str, arguments: Mapping[str, Any]) -> Any:
    """Do what was asked.

    Parameters
    ----------
    run : Run
        Of which run.
    verb : str
        A key of the table above: ``pause``, ``set``, ``try``, ``predict``, ``curve`` …
    arguments : mapping
        What goes with it, as it came from the page.

    Returns
    -------
    JSON types
        Of a control its id, of ``clone`` the new run's id and name, of ``try`` the examples, of ``curve`` the series
        by name, of ``module`` the script that shows what a model does, which no notebook keeps.

    Raises
    ------
    DLTrainerError
        If it can't be done.
    Exception
        Whatever the user's own model raises when it predicts.
    """
    known = _ANSWERS.get(verb)
    if known is None:
        kind = "request"
        raise UnknownNameError(kind, verb, _ANSWERS)
    return known(run, arguments)


def reply(run: Run, request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what was asked of a run and say what came of it; never raises.

    Parameters
    ----------
    run : Run
        Of which run.
    request : mapping
        ``{"id": …, "verb": …, "arguments": {…}}``.

    Returns
    -------
    dict
        As :func:`replied` gives it.
    """
    return replied(request, functools.partial(answer, run))
