"""Runs over HTTP: started, watched, steered and deleted; what is wrong is said as on every other face."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, RunNotFoundError
from dltrainer_jupyter.core.live import declared
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.executors.process import ProcessExecutor
from dltrainer_jupyter.server import schemas
from dltrainer_jupyter.server.operation import LARGEST_BODY
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60
TINY = """\
name: tiny
model: {type: mlp, hidden: [4]}
data: digits
epochs: 100000
learning_rate: 1e-3
metrics: [accuracy]
executor: thread
verbose: false
"""


@pytest.fixture
def places(monkeypatch) -> list[tuple[str, str]]:
    """Note which trainers are started, and start none."""
    started: list[tuple[str, str]] = []
    monkeypatch.setattr(ProcessExecutor, "start", lambda _, store, run: started.append((store, run)))
    return started


def test_a_run_from_its_start_to_its_deletion(server) -> None:
    made = server.post("/runs", TINY, yaml=True)
    assert made.status == 201, made.body
    found = schemas.RunAnswer.model_validate(made.json)
    path, run = f"/runs/{found.id}", tal.get(found.id)
    assert (found.name, run.spec.executor) == ("tiny", "process")
    try:
        until(lambda: run.metrics().shape[0] > 1 or run.record.error, PATIENCE)
        shown = schemas.RunAnswer.model_validate(server.get(path).json)
        assert (shown.state, shown.framework, shown.error) == ("running", "pytorch", None)
        history = schemas.MetricsAnswer.model_validate(server.get(f"{path}/metrics").json)
        assert [row.epoch for row in history.metrics[:2]] == [1, 2]
        curves = schemas.CurvesAnswer.model_validate(server.get(f"{path}/curves?names=train_loss&points=10").json)
        assert 2 <= len(curves.curves["train_loss"].steps) <= 10
        for verb, body, outcome in (
            ("pause", None, "Paused at step"),
            ("resume", None, "Running from step"),
            ("set", {"learning_rate": 1e-4, "checkpoint": {"keep": 4}}, "checkpoint.keep 3 → 4 at step"),
            ("checkpoint", None, "at step"),
            ("stop", None, "Stopped at step"),
        ):
            control = server.post(f"{path}/{verb}", body)
            assert control.status == 202, control.body
            asked = schemas.ControlRow.model_validate(control.json)
            assert asked.kind == verb
            until(lambda asked=asked: controls(server, path)[asked.id]["status"] == "done", PATIENCE)
            assert outcome in controls(server, path)[asked.id]["outcome"]
        until(lambda: server.get(path).json["state"] == "stopped", PATIENCE)
        kept = schemas.CheckpointsAnswer.model_validate(server.get(f"{path}/checkpoints").json).checkpoints
        assert {kind for checkpoint in kept for kind in checkpoint.kinds} == {"best", "last", "manual"}
    finally:
        if run.state in {"pending", "running", "paused"}:
            run.stop()
            until(lambda: run.state not in {"pending", "running", "paused"}, PATIENCE)
    folder: Path = run.folder
    assert (server.ask("DELETE", f"/dltrainer/api{path}").status, folder.exists()) == (204, False)
    assert server.get(path).status == 404


def controls(server: Any, path: str) -> dict[int, Any]:
    return {control["id"]: control for control in server.get(path).json["controls"]}


def test_the_store_is_known_by_its_uuid(server, recorded) -> None:
    run = recorded()
    answer = server.get("/store")
    assert (answer.status, answer.json["uuid"]) == (200, run.store.uuid)
    assert answer.headers["Content-Type"].startswith("application/json")


def test_a_run_is_shown_as_on_the_command_line(server, recorded) -> None:
    run = recorded(name="shown")
    for ref in (run.id, run.id[:6], "shown"):
        assert server.get(f"/runs/{ref}").json == run.document() | {"controls": []}


def test_an_unknown_run_is_answered_with_those_that_might_be_meant(server, recorded) -> None:
    recorded(name="digits-cnn")
    with pytest.raises(RunNotFoundError) as error:
        tal.get("digits-cn")
    for path in ("", "/metrics", "/curves", "/checkpoints"):
        answer = server.get(f"/runs/digits-cn{path}")
        assert (answer.status, answer.json) == (404, {"message": str(error.value), "reason": "RunNotFoundError"})
    assert "Did you mean 'digits-cnn'?" in str(error.value)


def test_settings_are_refused_in_the_words_of_every_face(server, home, places) -> None:
    for settings in (
        {"model": "cn", "data": "digits"},
        {"model": "mlp", "data": "digits", "epochs": 0},
        {"model": "mlp", "data": "digits", "epoch": 2},
        {"data": "digits"},
        {"model": "mlp", "data": "digits", "executor": "proces"},
    ):
        with pytest.raises(ConfigurationError) as error:
            tal.train(**settings)
        answer = server.post("/runs", settings)
        assert (answer.status, answer.json["message"]) == (422, str(error.value))
    assert (server.get("/runs").json, places) == ({"runs": [], "next": None, "counts": {}}, [])


@pytest.mark.parametrize("settings", [{"executor": "thread"}, {"executor": "inline"}, {}])
def test_nothing_trains_in_the_server(server, places, settings) -> None:
    made = server.post("/runs", {"model": "mlp", "data": "digits"} | settings).json
    assert (made["config"]["executor"], places) == ("process", [(tal.get(made["id"]).store.url, made["id"])])


def test_an_ended_run_goes_on_in_a_process(server, recorded, places) -> None:
    run = recorded(executor="thread")
    run.stop()
    refused = server.post(f"/runs/{run.id}/resume", {"executor": "thread"})
    assert (refused.status, refused.json["message"]) == (
        422,
        "executor: 'thread' would train in the Jupyter server; use process.",
    )
    assert run.state == "stopped"
    answer = server.post(f"/runs/{run.id}/resume", {"epochs": 30})
    assert (answer.status, answer.json["kind"], run.state) == (202, "resume", "pending")
    assert (run.record.progress.epochs, places) == (30, [(run.store.url, run.id)])


def test_a_clone_has_the_settings_of_the_run_with_changes(server, recorded, places) -> None:
    run = recorded(name="first", epochs=7, executor="thread")
    answer = server.post(f"/runs/{run.id}/clone", {"changes": {"name": "second", "learning_rate": 0.5}})
    assert answer.status == 201, answer.body
    made = schemas.RunAnswer.model_validate(answer.json)
    assert made.config == run.spec.dump() | {"name": "second", "learning_rate": 0.5, "executor": "process"}
    assert [started for _, started in places] == [made.id]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"step": 5}, "has no checkpoint at step 5"),
        ({"step": -1}, "step: expected"),
        ({"changes": {"step": 5}}, "Unknown key 'step'"),
        ({"changes": {"executor": 5}}, "executor: expected text, got 5"),
        ({"changes": {"executor": "proces"}}, "Did you mean 'process'?"),
        ({"chnges": {}}, "Did you mean 'changes'?"),
    ],
)
def test_a_clone_that_can_not_be_is_refused(server, recorded, places, request_, message) -> None:
    answer = server.post(f"/runs/{recorded().id}/clone", request_)
    assert (answer.status, places) == (422, [])
    assert message in answer.json["message"]


def test_objects_of_a_persons_own_are_never_loaded(server, recorded, places, monkeypatch) -> None:
    loaded: list[Any] = []
    monkeypatch.setattr("dltrainer_jupyter.executors.objects.load", lambda folder: loaded.append(folder) or {})
    run = recorded(model={"type": "$object", "is": "Sequential"})
    answer = server.post(f"/runs/{run.id}/clone")
    assert (answer.status, places, loaded) == (409, [], [])
    assert (
        f"(model), which the Jupyter server never loads; clone it from Python: tal.get('{run.id}').clone()."
        in (answer.json["message"])
    )


def test_what_makes_no_sense_now_is_a_conflict(server, recorded) -> None:
    run = recorded(name="mine")
    refused = server.ask("DELETE", f"/dltrainer/api/runs/{run.id}")
    assert (refused.status, refused.json["message"]) == (409, "Can't delete run 'mine': it is pending. Stop it first.")
    paused = server.post(f"/runs/{run.id}/pause")
    asked_early = "Run 'mine' is still starting; it pauses before its first step."
    assert (paused.status, paused.json["status"], paused.json["note"]) == (202, "requested", asked_early)
    stopped = server.post(f"/runs/{run.id}/stop")
    assert (stopped.status, stopped.json["outcome"]) == (202, "Stopped before it began.")
    for verb in ("pause", "suspend", "stop", "checkpoint"):
        refused = server.post(f"/runs/{run.id}/{verb}")
        assert (refused.status, refused.json["reason"]) == (409, "IllegalControlError")
        assert f"Can't {verb} run 'mine': it is stopped." in refused.json["message"]
    assert server.post(f"/runs/{run.id}/set", {"learning_rate": 1e-3}).status == 409


CAN = f"A live run can change: {', '.join(declared(RunSpec))}."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, f"Expected settings to change, such as learning_rate=1e-4; got nothing. {CAN}"),
        ({"learning_rate": 0}, "learning_rate: expected greater than 0, got 0."),
        ({"checkpoint": {"keep": 1}}, "checkpoint.keep: expected greater than or equal to 2, got 1."),
        ({"checkpoint.keep": 1}, "checkpoint.keep: expected greater than or equal to 2, got 1."),
        ({"lr": 0.1}, f"Unknown setting 'lr'. Did you mean 'learning_rate'? {CAN}"),
        ({"seed": 1}, f"seed can't be changed in a live run; clone the run to train with another. {CAN}"),
        ({"self": 1}, f"Unknown setting 'self'. {CAN}"),
    ],
)
def test_only_what_a_live_run_can_change_is_changed(server, recorded, body, message) -> None:
    answer = server.post(f"/runs/{recorded().id}/set", body)
    assert (answer.status, answer.json["message"]) == (422, message)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/runs?stat=running", "Unknown key 'stat'. Did you mean 'state'? Known: cursor, filter, limit, name, sort"),
        ("/runs?state=runing", "state: Unknown state 'runing'. Did you mean 'running'? Known: "),
        ("/runs?limit=0", "limit: expected greater than or equal to 1, got '0'."),
        ("/runs?limit=1&limit=2", "limit: expected a whole number, got ['1', '2']."),
        ("/runs?cursor=x", "cursor: "),
        ("/runs/mine/curves?points=3", "points: expected greater than or equal to 4, got '3'."),
        ("/runs/mine/curves?stop=9223372036854775808", "stop: "),
        ("/runs/mine/curves?names=train_los", "Unknown series 'train_los'. Known: none."),
        ("/store?x=1", "Unknown key 'x'."),
    ],
)
def test_a_query_is_checked(server, recorded, path, message) -> None:
    recorded(name="mine")
    answer = server.get(path)
    assert answer.status == 422
    assert answer.json["message"].startswith(message)


def test_what_front_ends_add_to_get_past_caches_is_no_setting(server) -> None:
    assert server.get("/runs?1700000000000").status == 200


@pytest.mark.parametrize(
    "body",
    ["{", "[1]", "null", '{"epochs": NaN}', b"\xff", "[" * 100_000, '{"epochs": ' + "1" * 5000 + "}"],
)
def test_a_body_that_is_no_mapping_is_a_bad_request(server, body) -> None:
    answer = server.post("/runs", body)
    assert (answer.status, answer.json["reason"]) == (400, "UnreadableBodyError")


def test_yaml_that_does_not_parse_is_a_bad_request(server) -> None:
    answer = server.post("/runs", "model: [", yaml=True)
    assert answer.status == 400
    assert "line 1, column 9" in answer.json["message"]


def test_a_body_that_is_too_large_is_refused_unread(server, recorded) -> None:
    run = recorded()
    for path in ("/runs", f"/runs/{run.id}/pause"):
        answer = server.post(path, b" " * (LARGEST_BODY + 1))
        assert (answer.status, answer.json["reason"]) == (413, "BodyTooLargeError")
    assert server.post(f"/runs/{run.id}/pause", b" " * LARGEST_BODY).status == 202


def test_a_store_that_can_not_be_reached_is_said_without_its_password(server, home, monkeypatch) -> None:
    monkeypatch.setenv("DLTRAINER_STORE", "postgresql://me:canary@127.0.0.1:1/runs")
    answer = server.get("/runs")
    assert answer.status == 503
    assert b"canary" not in answer.body


def test_what_nobody_foresaw_is_told_to_the_log_alone(server, monkeypatch) -> None:
    def broken() -> None:
        msg = "canary"
        raise RuntimeError(msg)

    monkeypatch.setattr("dltrainer_jupyter.tal.session.open_store", broken)
    answer = server.get("/store")
    assert (answer.status, answer.json) == (
        500,
        {"message": "Internal Server Error", "reason": "Internal Server Error"},
    )


def test_the_server_answers_others_while_the_store_is_slow(server, monkeypatch) -> None:
    asked, go_on = threading.Event(), threading.Event()

    class Slow:
        uuid = "slow"

    def slow() -> Slow:
        asked.set()
        assert go_on.wait(PATIENCE)
        return Slow()

    monkeypatch.setattr("dltrainer_jupyter.tal.session.open_store", slow)
    with ThreadPoolExecutor(1) as pool:
        try:
            late = pool.submit(server.get, "/store")
            assert asked.wait(PATIENCE)
            assert server.ask("GET", "/api/status").status == 200
            assert not late.done()
        finally:
            go_on.set()
        assert late.result().json["uuid"] == "slow"


ESCAPES = [
    "..", "../..", "../../etc/passwd", "..\\..\\windows", "....//", "/etc/passwd", "~", "%2e%2e", "%2e%2e%2f", "#", "?",
    "..%c0%af", "\0", "x\0", "%00", ";", "' OR 1=1 --", "%", "_____", "*", "[a-z]*", "\r\nSet-Cookie: a=b", "\u202e",
    "x" * 5000,
]  # fmt: skip


def test_no_reference_leads_out_of_the_store(server, recorded, home) -> None:
    run = recorded()
    (home / "runs").mkdir()
    outside = home / "runs" / "precious"
    outside.write_text("still here")
    requests = [("GET", ""), ("GET", "/curves"), ("GET", "/checkpoints"), ("POST", "/stop"), ("DELETE", "")]
    once = {quote(payload, safe="") for payload in ESCAPES}
    for encoded in once | {quote(it, safe="") for it in once}:
        for method, path in requests:
            answer = server.ask(method, f"/dltrainer/api/runs/{encoded}{path}")
            assert (answer.status, answer.json["reason"]) == (404, "RunNotFoundError"), (method, encoded, answer)
            assert "Set-Cookie: a" not in str(answer.headers)
    assert (outside.read_text(), run.state) == ("still here", "pending")


def test_the_openapi_document_describes_every_route(server) -> None:
    document = server.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/dltrainer/api/runs"]["post"]["requestBody"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/RunSpec"}
    }
    schemas_ = document["components"]["schemas"]
    assert [form["type"] for form in schemas_["Part"]["anyOf"]] == ["string", "object"]
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas_
    limit = next(it for it in document["paths"]["/dltrainer/api/runs"]["get"]["parameters"] if it["name"] == "limit")
    assert (limit["schema"]["maximum"], limit["required"]) == (1000, False)


def references(document: Any) -> list[str]:
    text = json.dumps(document)
    return [part.split('"')[0] for part in text.split('"$ref": "')[1:]]
