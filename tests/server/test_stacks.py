"""The layers of a configuration, followed while somebody writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import WorkerTimeoutError
from dltrainer_jupyter.server import glimpses
from tests.pace import times_slower

STACK = {"model": {"layers": [{"type": "conv", "features": 8}, "pool", "flatten"]}, "data": "digits"}
PLUG_IN = """
from dltrainer_jupyter import tal
import pathlib
from pydantic import BaseModel

pathlib.Path(__file__).with_suffix(".imported").write_text(str(__import__("os").getpid()))


@tal.register("layers")
class halve:
    "Half of the features."

    description = "Half of the features."

    class Config(BaseModel, frozen=True, extra="forbid"):
        "Settings."

    def __init__(self, config):
        self.config = config

    def gives(self, flow):
        return type(flow)((flow.shape[0] // 2,))

    def parameters(self, flow):
        return 0

    def pytorch(self, flow):
        raise NotImplementedError
"""


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    fresh = glimpses.Glimpses()
    for asking in ("stacks", "parts"):
        monkeypatch.setattr(f"dltrainer_jupyter.server.{asking}.glimpses", fresh)


def test_whoever_looks_at_data_is_ready_once_a_form_opens(server, monkeypatch) -> None:
    from dltrainer_jupyter.tal.apart.workers import workers

    asked, ask = [], workers.ask
    monkeypatch.setattr(workers, "ask", lambda *args, **more: asked.append(args[1]) or ask(*args, **more))
    assert server.get("/settings").status == 200
    assert asked == ["glimpse"]
    # What a new run begins with is known then.
    assert server.post("/outline", STACK).json["input_shape"] == [1, 8, 8]
    assert asked == ["glimpse"]


def test_data_that_took_too_long_is_looked_at_again_after_a_while(server, monkeypatch) -> None:
    from dltrainer_jupyter.tal.apart.workers import workers

    asked, ask, clock = [], workers.ask, SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now

    def late(*args, **more):
        asked.append(args[1])
        if len(asked) > 1:
            return ask(*args, **more)
        answer = Future()
        answer.set_exception(WorkerTimeoutError("There was no answer."))
        return answer

    monkeypatch.setattr(workers, "ask", late)
    monkeypatch.setattr(glimpses, "time", clock)
    assert "took too long" in server.post("/outline", STACK).json["why"]
    clock.now += 30
    assert "took too long" in server.post("/outline", STACK).json["why"]
    assert len(asked) == 1
    clock.now += 31
    assert server.post("/outline", STACK).json["input_shape"] == [1, 8, 8]


def test_shapes_follow_the_data(server) -> None:
    answer = server.post("/outline", STACK)
    assert answer.status == 200, answer.json
    lines = answer.json["lines"]
    assert [(line["name"], line["gives"], line["parameters"]) for line in lines] == [
        ("conv", [8, 8, 8], 80),
        ("pool", [8, 4, 4], 0),
        ("flatten", [128], 0),
        ("output", [10], 1290),
    ]
    assert [line["added"] for line in lines] == [False, False, False, True]
    assert {key: answer.json[key] for key in ("parameters", "input_shape", "outputs", "tokens", "why")} == {
        "parameters": 1370,
        "input_shape": [1, 8, 8],
        "outputs": 10,
        "tokens": 0,
        "why": None,
    }
    text = "model: {layers: [{type: conv, features: 8}, pool, flatten]}\ndata: digits\nepochs: many"
    assert server.post("/outline", text, yaml=True).json == answer.json


def test_what_the_data_is_like_is_asked_of_a_worker_once(server, monkeypatch, tmp_path) -> None:
    from dltrainer_jupyter.tal.apart.workers import workers

    asked = []
    ask = workers.ask
    monkeypatch.setattr(workers, "ask", lambda *args, **more: asked.append(args) or ask(*args, **more))
    table = tmp_path / "rows.npz"
    for columns in (3, 3, 5):
        if columns == 5 or not asked:
            np.savez(table, x=np.ones((20, columns), np.float32), y=np.arange(20) % 2)
        body = {"model": {"layers": ["norm"]}, "data": {"type": "npz", "path": str(table)}, "epochs": columns}
        assert server.post("/outline", body).json["input_shape"] == [columns]
    assert [errand for _, errand in asked] == ["glimpse", "glimpse"], "once for each file as it is"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "say which data"),
        ("$object", "object of your own"),
        ("digit", "Did you mean 'digits'?"),
        ({"type": "csv", "path": "https://example.org/a.csv", "target": "a"}, "is fetched when a run starts"),
        ({"type": "huggingface", "path": "imdb"}, "is fetched when a run starts"),
        ({"type": "npz", "path": "/no/such.npz"}, "there is no file /no/such.npz"),
        ("shapes", "a stack is for classification or regression"),
    ],
)
def test_where_the_data_is_not_known_it_says_why_and_looks_at_settings(server, data, why) -> None:
    body = {"model": {"layers": ["flatten", {"type": "dense", "units": 0}]}, **({} if data is None else {"data": data})}
    answer = server.post("/outline", body).json
    assert why in answer["why"]
    assert answer["input_shape"] is None
    assert [line["gives"] for line in answer["lines"]] == [None, None]
    assert answer["lines"][1]["problems"][0]["path"] == ["units"]


def test_a_shape_can_be_given_where_the_data_tells_none(server) -> None:
    body = {"model": {"layers": ["global_pool"]}, "data": "$object"}
    answer = server.post("/outline?input_shape=3,32,32&outputs=4", body).json
    assert [line["gives"] for line in answer["lines"]] == [[3], [4]]
    assert server.post("/outline?input_shape=0", body).status == 422


def test_known_data_is_told_without_fetching_it(server) -> None:
    body = {"model": {"layers": ["flatten"]}, "data": "cifar10", "preprocessing": [{"type": "resize", "size": 16}]}
    assert server.post("/outline", body).json["input_shape"] == [3, 16, 16]


@pytest.mark.parametrize(
    "body",
    [
        {"model": "cnn", "data": "digits"},
        {"data": "digits"},
        {"model": {"layers": 5}},
        {"model": {"layers": ["x"] * 1001}},
    ],
)
def test_what_is_no_stack_is_refused(server, body) -> None:
    answer = server.post("/outline", body)
    assert (answer.status, answer.json["reason"]) == (422, "ConfigurationError")


def test_what_does_not_parse_is_refused_as_everywhere(server) -> None:
    refused = [server.post(path, "model: [", yaml=True).json["reason"] for path in ("/outline", "/runs")]
    assert refused == ["UnreadableBodyError"] * 2


@pytest.fixture
def _no_worker() -> Iterator[None]:
    """End those that look into the plug-in folder of another test, before and after."""
    from dltrainer_jupyter.tal.apart.workers import workers

    workers.close()
    yield
    workers.close()


@pytest.mark.usefixtures("_no_worker")
def test_layers_of_others_are_imported_by_a_worker(server, tmp_path, monkeypatch) -> None:
    import os

    monkeypatch.setenv("DLTRAINER_PLUGINS", str(tmp_path))
    (tmp_path / "halving.py").write_text(PLUG_IN)
    # One layer that can't be read hides no other.
    body = {"model": {"layers": ["flatten", "halve", 5]}, "data": "digits"}
    answer = server.post("/outline", body)
    assert [line["gives"] for line in answer.json["lines"]] == [[64], [32], None]
    assert int((tmp_path / "halving.imported").read_text()) != os.getpid()


def test_a_hundred_layers_are_followed_in_time(server) -> None:
    """Expected 20 ms of processor time, on a machine as quick as the one where that was found."""
    pair = [{"type": "conv", "features": 16, "activation": "relu"}, {"type": "residual", "features": 16}]
    settings = {"model": {"layers": pair * 50}, "data": "digits"}
    from dltrainer_jupyter.server.stack_schemas import OutlineQuery
    from dltrainer_jupyter.server.stacks import outline

    assert server.post("/outline", settings).json["lines"][-1]["gives"] == [10]
    took = []
    for _ in range(10):
        began = time.process_time()
        outline(OutlineQuery(), settings)
        took.append(time.process_time() - began)
    assert min(took) < 0.04 * times_slower()
