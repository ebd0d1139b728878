"""Test runs over REST: measured in a process of their own, listed, downloaded, forgotten."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal.apart.workers import workers
from dltrainer_jupyter.views.test_runs import test_run_document as document_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a home for a run that several tests measure; its workers end with the module."""
    yield tmp_path_factory.mktemp("measuring") / "home"
    workers.close()


@pytest.fixture
def run(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> tal.Run:
    monkeypatch.setenv("DLTRAINER_HOME", str(shared_home))
    if tal.runs():
        return tal.runs()[0]
    return tal.train(
        model="mlp", data="digits", name="digits", epochs=2, metrics=["accuracy"], executor="inline", verbose=False
    )


@pytest.mark.slow
def test_a_test_run_is_made_read_and_forgotten(server: Any, run: tal.Run) -> None:
    made = server.post(f"/runs/{run.id}/tests", {"data": "digits", "checkpoint": "last", "name": "everything"})
    assert made.status == 201, made
    assert (made.json["name"], made.json["count"]) == ("everything", 1797)
    (record,) = run.tests
    assert made.json == json.loads(json.dumps(document_of(record)))
    number = record.id
    listed = server.get(f"/runs/{run.id}/tests").json["tests"]
    assert [(one["number"], one["metrics"]) for one in listed] == [(number, made.json["metrics"])]
    assert server.get(f"/runs/{run.id}/tests/{number}").json == made.json
    assert server.ask("DELETE", f"/dltrainer/api/runs/{run.id}/tests/{number}").status == 204
    gone = server.get(f"/runs/{run.id}/tests/{number}")
    assert (gone.status, gone.json["reason"]) == (404, "NoSuchTestRunError")
    assert gone.json["message"] == f"Run 'digits' has no test run '{number}'."


def test_what_became_of_each_example_is_downloaded(server: Any, run: tal.Run) -> None:
    number = run.test(checkpoint="last").id
    path = f"/runs/{run.id}/tests/{number}/examples"
    answer = server.get(path)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="test-{number}.csv"'
    rows = list(csv.DictReader(answer.body.decode().splitlines()))
    assert len(rows) == 359
    assert [row["prediction"] for row in rows] == run.test_examples(number)["prediction"].tolist()
    told = server.get(f"{path}?format=json")
    assert told.headers["Content-Type"] == "application/json"
    assert (told.json["number"], len(told.json["examples"])) == (number, 359)
    assert server.get(f"{path}?format=xml").status == 422
    assert server.get(f"/runs/{run.id}/tests/999999/examples").status == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"data": "digts"}, "Did you mean 'digits'?"),
        ({"data": "wine"}, "inputs: expected shape (n, 64)"),
        ({"data": {"type": "digits", "size": 3}}, "size"),
        ({"checkpoint": 7}, "has no checkpoint at step 7"),
        ({"data": 3}, "data"),
    ],
)
def test_what_does_not_fit_is_refused(server: Any, run: tal.Run, body: dict[str, Any], said: str) -> None:
    before = len(run.tests)
    answer = server.post(f"/runs/{run.id}/tests", body)
    assert (answer.status, said in answer.json["message"]) == (422, True), answer
    assert len(run.tests) == before


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, "%00"])
def test_no_other_number_is_a_fault_of_the_servers(server: Any, run: tal.Run, number: str) -> None:
    assert server.get(f"/runs/{run.id}/tests/{number}").status == 404


def test_a_test_run_has_a_longer_limit_than_a_prediction(
    server: Any, run: tal.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    ask = workers.ask

    def noted(name: str, errand: str, /, *, seconds: float | None = None, **arguments: Any) -> Any:
        asked.append(seconds or 0)
        return ask(name, errand, seconds=seconds, **arguments)

    monkeypatch.setattr(workers, "ask", noted)
    monkeypatch.setenv("DLTRAINER_PREDICT_TIMEOUT", "0.001")
    assert server.post(f"/runs/{run.id}/tests", {}).status == 201
    monkeypatch.setenv("DLTRAINER_MEASURE_TIMEOUT", "0.001")
    late = server.post(f"/runs/{run.id}/tests", {})
    assert (late.status, asked) == (504, [3600.0, 0.001])
