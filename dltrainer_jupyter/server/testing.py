"""Test runs: measuring a checkpoint on a whole data set, and what came of it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.server.errors import NoSuchTestRunError
from dltrainer_jupyter.server.model_schemas import TestExamplesQuery, TestRequest
from dltrainer_jupyter.server.operation import File

if TYPE_CHECKING:
    from dltrainer_jupyter.core.records import TestRunRecord
    from dltrainer_jupyter.tal import Run

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_DIGITS = 18
"""Of the largest number that every database can count to."""


def tests(ref: str) -> dict[str, Any]:
    """List the test runs of a run."""
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.views.test_runs import test_run_row

    return {"tests": [test_run_row(record) for record in tal.get(ref).tests]}


def measure(ref: str, request: TestRequest) -> Future[Any]:
    """Measure a checkpoint, in a process of its own that nobody else waits for."""
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.tal.apart.workers import workers
    from dltrainer_jupyter.tal.settings import settings

    run = tal.get(ref)
    run.trained(request.checkpoint).record  # noqa: B018 - refused here, if there is none: no process starts for that
    return workers.ask(
        f"{run.spec.framework}, test runs",
        "test",
        seconds=settings.measure_timeout,
        store=run.store.url,
        run=run.id,
        **request.model_dump(),
    )


def test(ref: str, number: str) -> dict[str, Any]:
    """Give a test run in full."""
    from dltrainer_jupyter.views.test_runs import test_run_document

    return test_run_document(_found(ref, number)[1])


def delete(ref: str, number: str) -> None:
    """Forget a test run."""
    run, record = _found(ref, number)
    run.delete_test(record.id)


def examples(ref: str, number: str, query: TestExamplesQuery) -> File:
    """Give what became of each example."""
    from dltrainer_jupyter.views import test_runs

    run, record = _found(ref, number)
    write = test_runs.as_csv if query.format == "csv" else test_runs.as_json
    return File(f"test-{record.id}.{query.format}", TYPES[query.format], write(run.store, run.id, record.id))


def _found(ref: str, number: str) -> tuple[Run, TestRunRecord]:
    from dltrainer_jupyter import tal

    run = tal.get(ref)
    # As long as a number of the store's may be.
    record = run.store.test_run(run.id, int(number)) if number.isdecimal() and len(number) < _DIGITS else None
    if record is None:
        msg = f"Run '{run.name}' has no test run '{number[:_DIGITS]}'."
        raise NoSuchTestRunError(msg)
    return run, record
