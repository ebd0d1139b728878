"""What a model is made of, how validations differ, and reports, over HTTP and from a page in a notebook."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.server import insight_schemas as schemas
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.widgets.answering import LANES, reply


@pytest.fixture
def run(server: Any, tmp_path: Any) -> tal.Run:
    """Give a run of two epochs that nobody trained."""
    del server
    store = open_store()
    spec = RunSpec(model="mlp", data="digits", name="looked-at")
    store.create_run("abcdef012345", spec, folder=str(tmp_path), environment={})
    attempt = store.claim("abcdef012345", executor="thread", environment={"device": "cpu"})
    attempt.set_graph([GraphNode("model/linear", "Linear", ("input",), (3,), 12, 0, (4,), 24, 0.5, 8)])
    attempt.add_histograms([Histogram("weights", "model.linear.weight", 1, 10, np.arange(3.0), np.array([1, 2]))])
    for epoch, said in ((1, [0, 1]), (2, [1, 1])):
        truth, prediction = np.array([0, 0]), np.array(said)
        columns = {"index": np.arange(2), "truth": truth, "prediction": prediction, "correct": truth == prediction}
        columns |= {"loss": np.ones(2, np.float32)}
        matrix = [[said.count(0), said.count(1)], [0, 0]]
        found = ValidationRecord(epoch, 10 * epoch, matrix, ["no", "yes"], {"task": "classification"}, columns)
        attempt.epoch(EpochRecord(epoch, 10 * epoch, {"val_loss": 1 / epoch}), found, None)
    return tal.get("abcdef012345")


@pytest.mark.parametrize(
    ("verb", "arguments", "model"),
    [
        ("analysis", {}, schemas.AnalysisAnswer),
        ("histograms", {}, schemas.HistogramsAnswer),
        ("histograms", {"kind": "weights", "name": "model.linear.weight"}, schemas.HistogramsAnswer),
        ("changed", {"one": 1, "other": 2}, schemas.ChangedAnswer),
        ("difference", {"one": 1, "other": 2, "run": "looked-at"}, schemas.DifferenceAnswer),
    ],
    ids=["analysis", "names", "histograms", "changed", "difference"],
)
def test_server_and_kernel_answer_the_same(server: Any, run: tal.Run, verb: str, arguments: Any, model: Any) -> None:
    query = "&".join(f"{key}={value}" for key, value in arguments.items())
    answer = server.get(f"/runs/{run.id}/{verb}?{query}")
    assert answer.status == 200, answer.body
    model.model_validate(answer.json)
    assert reply(run, {"id": 1, "verb": verb, "arguments": arguments})["result"] == answer.json
    assert LANES[verb] == "read"


def test_what_they_say(server: Any, run: tal.Run) -> None:
    assert server.get(f"/runs/{run.id}/analysis").json["layers"][0]["flops"] == 24
    changed = server.get(f"/runs/{run.id}/changed?one=1&other=2").json
    assert (changed["better"], changed["worse"], changed["items"][0]["before"]["prediction"]) == (0, 1, "no")
    assert server.get(f"/runs/{run.id}/difference?one=1").json["confusion"]["matrix"] == [[-1, 1], [0, 0]]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("histograms?kind=weights", 422, "a kind and a name, or neither"),
        ("histograms?kind=weights&name=nope", 422, "model.linear.weight"),
        ("histograms?kind=colours&name=a", 422, "kind"),
        ("changed?one=9", 422, "kept no examples after epoch 9"),
        ("changed?run=nobody", 404, "nobody"),
        ("report?format=pdf", 422, "format"),
    ],
)
def test_what_makes_no_sense_is_refused(server: Any, run: tal.Run, path: str, status: int, words: str) -> None:
    answer = server.get(f"/runs/{run.id}/{path}")
    assert (answer.status, words in answer.json["message"]) == (status, True), answer.body


@pytest.mark.parametrize("form", ["html", "ipynb", "md"])
def test_a_report_is_a_file_to_keep(server: Any, run: tal.Run, tmp_path: Any, form: str) -> None:
    answer = server.get(f"/runs/{run.id}/report?format={form}")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Disposition"] == f'attachment; filename="report-{run.id}.{form}"'
    assert not answer.headers["Content-Type"].startswith("application/json")
    path = tmp_path / f"kept.{form}"
    path.write_bytes(answer.body if isinstance(answer.body, bytes) else answer.body.encode())
    assert tal.load_report(path).metrics()["val_loss"].tolist() == [1.0, 0.5]
