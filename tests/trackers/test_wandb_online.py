"""W&B online: the real client against a server that speaks as much of its protocol as one run needs."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.secrets import MASK
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.testing.tracker_samples import ending, expected, observations, tracked_run, update
from dltrainer_jupyter.trackers.wandb import WandB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "c0ffee" * 7


class Server(http.server.ThreadingHTTPServer):
    """Holds the history of one run, as rows with their places."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rows: list[tuple[int, dict[str, Any]]] = []
        self.ends: list[tuple[int, bool]] = []
        self.preempting = False
        self.known = False
        self.refuses = False
        self.stands_still = threading.Event()
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone."""

    def take(self, sent: dict[str, Any]) -> None:
        self.preempting |= bool(sent.get("preempting"))
        part = (sent.get("files") or {}).get("wandb-history.jsonl", {"offset": 0, "content": []})
        self.rows += [(part["offset"] + place, json.loads(line)) for place, line in enumerate(part["content"])]
        if sent.get("complete"):
            self.ends.append((sent["exitcode"], self.preempting))
            self.preempting = False

    def answer(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        entity = {"id": "e", "name": "me"}
        project = {"id": "p", "name": "dltrainer", "entity": entity}
        if name == "RunResumeStatus":
            return {"model": {**project, "bucket": self._bucket(variables["name"]) if self.known else None}}
        if name == "UpsertBucket":
            self.known, self.key = True, variables["name"]
            return {
                "upsertBucket": {"bucket": {**self._bucket(variables["name"]), "project": project}, "inserted": True}
            }
        if name == "CreateRunFiles":
            places = [{"name": file, "uploadUrl": f"{self.url}/files/{file}"} for file in variables["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": places}}
        return {}

    def _bucket(self, name: str) -> dict[str, Any]:
        return {
            "id": "b",
            "name": name,
            "displayName": name,
            "description": "",
            "config": "{}",
            "summaryMetrics": "{}",
            "logLineCount": 0,
            "historyLineCount": len(self.rows),
            "eventsLineCount": 0,
            "historyTail": json.dumps([json.dumps(row) for _, row in self.rows[-1:]]),
            "eventsTail": "[]",
            "tags": [],
            "notes": "",
            "sweepName": None,
            "wandbConfig": json.dumps({"t": 1}),
        }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.stands_still.is_set():
            self._say(503, {})
        elif self.server.refuses:
            self._say(401, {"errors": ["invalid credentials"]})
        elif self.path.endswith("file_stream"):
            self.server.take(json.loads(sent))
            self._say(200, {})
        elif self.path == "/graphql":
            asked = json.loads(sent)
            name = asked["query"].split("(")[0].split("{")[0].split()[1]
            self._say(200, {"data": self.server.answer(name, asked.get("variables") or {})})
        else:
            self._say(200, {})

    do_PUT = do_GET = do_POST  # noqa: N815 - names of the standard library

    def _say(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture(autouse=True)
def nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path))


def tracker(url: str, **settings: Any) -> WandB:
    return WandB(WandB.Config(**{"mode": "online", "api_key": SECRET, "base_url": url, "patience": 15} | settings))


def series(server: Server, *names: str) -> dict[str, list[tuple[int, float]]]:
    return {name: sorted((row["step"], row[name]) for _, row in server.rows if name in row) for name in names}


def test_history_reaches_the_server_once_and_a_resumed_run_goes_on(server: Server, folder: Path):
    one = tracker(server.url)
    first = one.open(tracked_run(folder), None, Mark())
    one.send(update(1, 250))
    one.end(ending(State.SUSPENDED))
    one.close()
    other = tracker(server.url)
    second = other.open(tracked_run(folder, attempt=2), first.key, Mark(250, 2, 0))
    other.send(update(251, 500, again=True))
    other.end(ending())
    other.close()
    assert first == second
    assert first.url == f"{server.url}/me/dltrainer/runs/{first.key}"
    wanted = expected(update(1, 500))
    assert series(server, *wanted) == wanted
    assert [place for place, _ in server.rows] == list(range(500))
    # Preempted, as W&B calls a run that rests; then finished.
    assert server.ends == [(1, True), (0, False)]


def test_what_the_server_lacks_is_sent_again_when_the_run_is_opened(server: Server, folder: Path):
    one = tracker(server.url)
    first = one.open(tracked_run(folder), None, Mark())
    one.send(update(1, 250))
    one.close()
    del server.rows[180:]
    other = tracker(server.url)
    other.open(tracked_run(folder), first.key, Mark(250, 2, 0))
    other.send(update(251, 300))
    other.close()
    wanted = expected(update(1, 300))
    assert series(server, *wanted) == wanted
    assert [row["_step"] for _, row in server.rows] == list(range(300))


def test_the_key_stands_nowhere(server: Server, folder: Path, capfd: pytest.CaptureFixture[str]):
    one = tracker(server.url)
    opened = one.open(tracked_run(folder), None, Mark())
    one.send(update(1, 10))
    one.close()
    server.refuses = True
    with pytest.raises(TrackerError) as refused:
        tracker(server.url).open(tracked_run(folder), opened.key, Mark())
    written = capfd.readouterr()
    said = [repr(one.config), one.config.model_dump_json(), str(opened), str(refused.value), written.out, written.err]
    assert not any(SECRET in text for text in said)
    assert not any(SECRET.encode() in file.read_bytes() for file in folder.parent.rglob("*") if file.is_file())


def test_the_command_of_the_notice_sends_the_files_of_every_part_once(server: Server, folder: Path):
    for first in (1, 101, 201):
        one = WandB(WandB.Config(mode="offline"))
        opened = one.open(tracked_run(folder), None if first == 1 else tracked_run(folder).id, Mark(first - 1))
        one.send(update(first, first + 99, **observations(first)))
        if first == 1:
            (notice,) = opened.notices
        one.close()
    command = re.search(r"`(wandb sync .*?)`", notice)
    assert command is not None
    known = {"WANDB_API_KEY": SECRET, "WANDB_BASE_URL": server.url, "WANDB_ERROR_REPORTING": "false"}
    program = [sys.executable, "-m", *command[1].split()]
    subprocess.run(program, env=os.environ | known, capture_output=True, check=True, cwd=folder.parent)
    wanted = expected(update(1, 300))
    assert series(server, *wanted) == wanted
    assert server.key == tracked_run(folder).id


@pytest.mark.slow
def test_what_a_server_didnt_take_in_time_is_told_at_the_end(server: Server, folder: Path):
    one = tracker(server.url, patience=3)
    first = one.open(tracked_run(folder), None, Mark())
    server.stands_still.set()
    one.send(update(1, 100))
    with pytest.raises(TrackerError):
        one.end(ending())
    one.close()
    server.stands_still.clear()
    other = tracker(server.url)
    other.open(tracked_run(folder), first.key, Mark(100, 1, 0))
    other.end(ending())
    other.close()
    wanted = expected(update(1, 100))
    assert series(server, *wanted) == wanted
    assert server.ends[-1] == (0, False)


def test_a_refused_key_is_told_in_a_line(server: Server, folder: Path):
    server.refuses = True
    with pytest.raises(TrackerError) as refused:
        tracker(server.url).open(tracked_run(folder), None, Mark())
    told = str(refused.value)
    assert told.startswith(f"W&B at {server.url} refuses the API key or the project: ")
    assert told.endswith("Run `wandb login --relogin`, or check WANDB_API_KEY, `project` and `entity`.")
    assert "\n" not in told


def test_a_server_that_isnt_there_is_told_in_time(server: Server, folder: Path):
    gone = server.url
    server.shutdown()
    server.server_close()
    began = time.monotonic()
    with pytest.raises(TrackerError, match="can't be reached: .* Check the network, or say `mode: offline`."):
        tracker(gone, patience=3).open(tracked_run(folder), None, Mark())
    assert time.monotonic() - began < 30


def test_an_addresss_password_stands_in_no_setting_and_no_message(folder: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValidationError, match="without a password or query"):
        WandB.Config(base_url="https://me:secret@host")
    monkeypatch.setenv("WANDB_BASE_URL", "https://me:secret@host")
    with pytest.raises(TrackerError, match="at https://host needs an API key") as told:
        WandB(WandB.Config(mode="online")).open(tracked_run(folder), None, Mark())
    assert "secret" not in str(told.value)


def test_a_mask_is_no_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WANDB_API_KEY", "from the environment")
    assert WandB.Config(api_key=MASK).key() == "from the environment"


def test_online_without_a_key_is_told(folder: Path):
    with pytest.raises(TrackerError, match="needs an API key and there is none; run `wandb login`, set WANDB_API_KEY"):
        WandB(WandB.Config(mode="online")).open(tracked_run(folder), None, Mark())


@pytest.mark.parametrize(
    ("settings", "environment", "kept"),
    [
        ({}, {}, "offline"),
        ({}, {"WANDB_API_KEY": SECRET}, "online"),
        ({"api_key": SECRET}, {}, "online"),
        ({}, {"WANDB_API_KEY": SECRET, "WANDB_MODE": "offline"}, "offline"),
        ({}, {"WANDB_API_KEY": SECRET, "WANDB_MODE": "disabled"}, "offline"),
        ({}, {"WANDB_MODE": "online"}, "online"),
        ({"mode": "offline"}, {"WANDB_API_KEY": SECRET, "WANDB_MODE": "online"}, "offline"),
    ],
)
def test_where_it_is_kept(settings: Any, environment: Any, kept: str, monkeypatch: pytest.MonkeyPatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert WandB.Config(**settings).kept() == kept


def test_a_key_in_netrc_is_found_for_its_server_only(tmp_path: Path):
    (tmp_path / "netrc").write_text(f"machine wandb.example.org\n  login user\n  password {SECRET}\n")
    assert WandB.Config(base_url="https://wandb.example.org").key() == SECRET
    assert WandB.Config().key() is None


def test_what_the_client_has_saved_counts(tmp_path: Path):
    (tmp_path / "settings").write_text("[default]\nbase_url = https://wandb.example.org/\nmode = offline\n")
    assert WandB.Config().server() == "https://wandb.example.org"
    assert WandB.Config(api_key=SECRET).kept() == "offline"
    assert WandB.Config(api_key=SECRET, mode="online", base_url="https://other.example.org").kept() == "online"
    (tmp_path / "settings").write_text("damaged")
    assert WandB.Config().server() == "https://api.wandb.ai"
