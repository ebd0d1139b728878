"""No name, path or setting leads out of the folder of runs, to read there or to write."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dltrainer_jupyter.executors.process import ProcessExecutor

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-5f1e"
STEPS = ("../", "..\\", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..%252f", "%c0%ae%c0%ae/", "....//", ".././", "..;/")
"""Ways up that servers have been known to take."""
TARGETS = ("secret", "secret/canary.txt", "dltrainer.db", "runs/../secret/canary.txt")
PREFIXES = ("", "/", "runs/", "file://", "\\\\?\\", "~/", "./", "C:\\", "%00", "static/")
PAYLOADS = sorted(
    {prefix + step * depth + target for prefix in PREFIXES for step in STEPS for depth in (1, 3) for target in TARGETS}
)
"""Hundreds of ways to say the same."""


def places(payload: str) -> list[tuple[str, str, Any]]:
    """Say where a request has room for a path."""
    raw, quoted = quote(payload, safe="/%\\;:?~."), quote(payload, safe="")
    runs, models = "/runs/{}", "/models/{}"
    settings = {"model": "mlp", "data": "digits"}
    return [
        *(("GET", f"{runs.format(name)}{of}", None) for name in (raw, quoted) for of in ("", "/metrics", "/curves")),
        *(("DELETE", runs.format(name), None) for name in (raw, quoted)),
        *(("GET", f"{models.format(name)}/metadata", None) for name in (raw, quoted)),
        *(("GET", f"{models.format(name)}/config-schema", None) for name in (raw, quoted)),
        ("GET", f"/runs?name={quoted}", None),
        ("GET", f"/runs/there/curves?names={quoted}", None),
        ("POST", f"/runs/{quoted}/stop", None),
        ("POST", "/runs/there/predict", {"inputs": [[0]], "checkpoint": payload}),
        ("POST", "/runs/there/try", {"checkpoint": payload}),
        ("POST", "/runs/there/clone", {"changes": {"name": payload}}),
        ("POST", "/runs/there/clone", {"changes": {"data": {"type": "digits", "path": payload}}}),
        ("POST", "/runs/there/resume", {"executor": payload}),
        *(("POST", "/runs", settings | {key: payload}) for key in ("name", "model", "data", "executor", "device")),
        ("POST", "/runs", settings | {"data": {"type": "arrays", "path": payload}}),
        *(("POST", "/runs", settings | {key: payload}) for key in ("artifacts", "folder", "export", "recipe")),
        ("POST", "/check", settings | {"data": {"type": payload, "path": payload}}),
        ("POST", "/models/mlp/validate-config", {"type": payload}),
    ]


_CHANCE = random.Random(0)
REQUESTS = [_CHANCE.choice(places(payload)) for payload in PAYLOADS]
REQUESTS += [request for payload in _CHANCE.sample(PAYLOADS, 5) for request in places(payload)]
"""Each payload in some place, and each place with some payloads."""


def tree(folder: Path) -> dict[str, int]:
    """List what lies outside of the folder of runs, and when it was written."""
    found = (path for path in folder.rglob("*") if "runs" not in path.relative_to(folder).parts[:2])
    own = ("dltrainer.db", "dltrainer.db-wal", "dltrainer.db-shm")
    return {str(path): path.stat().st_mtime_ns for path in found if path.is_file() and path.name not in own}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProcessExecutor, "start", lambda *_: None)


@pytest.mark.slow
def test_no_path_leads_out_of_the_folder_of_runs(server, recorded, started, home, tmp_path) -> None:
    assert len(PAYLOADS) >= 500
    secret = home / "secret" / "canary.txt"
    secret.parent.mkdir(parents=True)
    secret.write_text(CANARY)
    recorded(name="there")
    assert server.get("/runs/there").status == 200
    before = tree(tmp_path)
    for method, path, body in REQUESTS:
        answer = server.ask(method, f"/dltrainer/api{path}", body)
        assert answer.status < 500, (method, path, body, answer)
        assert CANARY.encode() not in answer.body, (method, path, body)
        for run in server.get("/runs?limit=3").json["runs"] if answer.status == 201 else ():
            folder = server.get(f"/runs/{run['id']}").json["folder"]
            assert folder == str(home / "runs" / run["id"]), (method, path, body)
    assert tree(tmp_path) == before
    assert {len(path.name) for path in (home / "runs").iterdir()} <= {12}, "something else than a run's folder"


@pytest.mark.parametrize("ref", ["..", ".", "%2e%2e", "..%2fruns", "%00", "a%00b"])
def test_no_folder_is_taken_for_a_run(server, recorded, home, ref) -> None:
    run = recorded()
    (home / "runs" / run.id).mkdir(parents=True)
    assert server.ask("DELETE", f"/dltrainer/api/runs/{ref}").status in {404, 405}
    assert (home / "runs" / run.id).is_dir()
    assert run.state == "pending"
