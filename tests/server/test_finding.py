"""Evaluations, confusion matrices and examples over HTTP, and the same by the panel's messages."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.server import finding_schemas
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.widgets.answering import LANES, reply


@pytest.fixture
def run(server) -> Run:
    settings: dict[str, Any] = {"epochs": 2, "executor": "inline", "metrics": ["accuracy"], "verbose": False}
    return tal.train("mlp", "digits", validation={"examples": 60}, **settings)


def test_what_a_validation_found(server, run: Run) -> None:
    answer = server.get(f"/runs/{run.id}/evaluation")
    found = finding_schemas.EvaluationAnswer.model_validate(answer.json)
    assert (found.epoch, found.epochs, found.has_examples) == (2, [1, 2], True)
    assert found.summary == run.evaluation()["summary"]
    assert found.summary["overall"]["accuracy"] == run.metrics()["val_accuracy"].iloc[-1]
    assert server.get(f"/runs/{run.id}/evaluation?epoch=1").json["step"] == run.evaluation(1)["step"]
    missing = server.get(f"/runs/{run.id}/evaluation?epoch=7")
    assert missing.status == 422
    assert "not validated after epoch 7" in missing.json["message"]


def test_confusion_matrices(server, run: Run) -> None:
    found = finding_schemas.ConfusionsAnswer.model_validate(server.get(f"/runs/{run.id}/confusions").json)
    assert (found.epochs, found.size) == ([1, 2], 10)
    counts = np.frombuffer(zlib.decompress(base64.b64decode(found.counts)), "<i4").reshape(2, 10, 10)
    assert counts[1].tolist() == run.confusion().to_numpy().tolist()
    assert server.get(f"/runs/{run.id}/confusions?after=1&limit=1").json["epochs"] == [2]


def test_examples_with_pictures(server, run: Run) -> None:
    wrong = finding_schemas.ExamplesAnswer.model_validate(
        server.get(f"/runs/{run.id}/examples?correct=false&sort=-confidence&count=2").json
    )
    table = run.examples(correct=False, sort="-confidence")
    assert (wrong.total, wrong.kept, wrong.count_of_set) == (len(table), 60, 359)
    assert [item.index for item in wrong.items] == table["index"].tolist()[:2]
    assert all(item.image.startswith("data:image/png;base64,") for item in wrong.items)


@pytest.mark.parametrize(
    "query", ["sort=size", "count=0", "count=201", "truth=-1", "truth=77", "truth=cat", "correct=perhaps", "colour=red"]
)
def test_what_nobody_can_mean_is_refused(server, run: Run, query: str) -> None:
    assert server.get(f"/runs/{run.id}/examples?{query}").status == 422


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("evaluation", {}),
        ("evaluation", {"epoch": 1}),
        ("confusions", {"after": 1}),
        ("examples", {"truth": 3, "sort": "-loss", "count": 3}),
        ("examples", {"truth": "3", "count": 3}),
        ("examples", {"epoch": 1, "correct": True, "offset": 2, "count": 1}),
    ],
)
def test_the_panel_is_told_the_same(server, run: Run, verb: str, arguments: dict[str, Any]) -> None:
    query = "&".join(f"{key}={str(value).lower()}" for key, value in arguments.items())
    told = reply(run, {"id": 1, "verb": verb, "arguments": arguments})
    assert told["ok"], told
    assert told["result"] == server.get(f"/runs/{run.id}/{verb}?{query}").json
    assert LANES[verb] == "read"


def test_wrong_arguments_become_a_sentence(run: Run) -> None:
    told = reply(run, {"id": 1, "verb": "examples", "arguments": {"sort": "size"}})
    assert not told["ok"]
    assert "sort" in told["error"]
