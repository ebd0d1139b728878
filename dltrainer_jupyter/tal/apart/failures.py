"""Errors of a worker as JSON types, and as errors again on the other side."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    DLTrainerError,
    IllegalControlError,
    MissingPackageError,
    PredictionError,
    Problem,
    RunNotFoundError,
    StoreError,
)

_KINDS: dict[str, type[DLTrainerError]] = {
    kind.__name__: kind
    for kind in (
        CheckpointError,
        ConfigurationError,
        IllegalControlError,
        MissingPackageError,
        PredictionError,
        RunNotFoundError,
        StoreError,
    )
}


def told(error: BaseException) -> dict[str, Any]:
    """Describe an error.

    Examples
    --------
    >>> told(ValueError("no such shape"))
    {'kind': 'PredictionError', 'message': 'ValueError: no such shape', 'problems': []}
    """
    kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in _KINDS), PredictionError.__name__)
    problems = [[problem.path, problem.message] for problem in getattr(error, "problems", ())]
    return {"kind": kind, "message": _sentence(error), "problems": problems}


def raised(description: dict[str, Any]) -> DLTrainerError:
    """Make the error that was described."""
    error = _KINDS[description["kind"]](description["message"])
    error.problems = tuple(Problem(tuple(path), message) for path, message in description["problems"])
    return error


def _sentence(error: BaseException) -> str:
    if isinstance(error, DLTrainerError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The memory ran out; predict fewer samples at a time."
    if isinstance(error, ModuleNotFoundError):
        return (
            f"The run needs the module '{error.name}', which this Python doesn't find; put it where it does "
            "(PYTHONPATH, or pip install), or predict where the run was started."
        )
    return f"{type(error).__name__}: {error}"
