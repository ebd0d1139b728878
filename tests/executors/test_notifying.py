"""A webhook is told how a run ended, by a real server that takes its time, and the run is none the worse for it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.executors import notifying
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.submit import submit
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL: dict[str, Any] = {"model": "mlp", "data": "digits", "epochs": 1, "verbose": False, "executor": "inline"}


class Hook(ThreadingHTTPServer):
    """Keeps what it is told; answers with the codes it is given, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []
        self.codes: list[int] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/canary"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code = self.server.codes.pop(0) if self.server.codes else 200
        if code == 200:
            self.server.told.append({"path": self.path, **json.loads(body)})
        self.send_response(code)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "PAUSES", (0.01, 0.01))


def notices(run: Run) -> list[str]:
    return [event.message for event in run.store.events(run.id) if event.kind == "notice"]


def test_the_end_is_told_in_words_and_numbers(hook) -> None:
    run = tal.train(name="digits <mlp>", metrics=["accuracy"], notify=hook.address, **SMALL)
    until(lambda: hook.told)
    best = run.record.best
    assert best is not None
    seconds = hook.told[0]["seconds"]
    assert 0 <= seconds < 60
    text = (
        f"Run 'digits <mlp>' ({run.id}) completed in epoch 1 of 1 after {round(seconds)} s. "
        f"Best {best.metric}: {best.value:.4g}."
    )
    assert hook.told == [
        {
            "path": "/services/canary",
            "run": "digits <mlp>",
            "id": run.id,
            "state": "completed",
            "epoch": 1,
            "epochs": 1,
            "step": run.step,
            "best": {"metric": best.metric, "value": best.value, "epoch": 1},
            "error": None,
            "seconds": seconds,
            "text": text,
            "content": text,
        }
    ]
    assert notices(run) == []


def _fails(*_: Any) -> float:
    msg = "a bug of mine\nin two lines"
    raise ZeroDivisionError(msg)


def test_a_failure_is_told_in_one_line(hook) -> None:
    tal.train(metrics=[_fails], notify={"webhook": hook.address, "on": ["failed"]}, **SMALL)
    until(lambda: hook.told)
    (told,) = hook.told
    assert (told["state"], told["error"]) == ("failed", "ZeroDivisionError: a bug of mine")
    assert told["text"].endswith(" ZeroDivisionError: a bug of mine")


def test_only_what_somebody_wants_to_know_is_told(hook) -> None:
    run = tal.train(notify={"webhook": hook.address, "on": ["failed", "lost"]}, **SMALL)
    assert run.state == "completed"
    assert notifying.tell(run.store, run.id) is None
    assert hook.told == []


@pytest.mark.parametrize(("codes", "problem"), [([500, 429], None), ([500] * 3, "500"), ([404], "404"), ([302], "302")])
def test_a_server_in_trouble_is_asked_again(hook, codes, problem) -> None:
    hook.codes = list(codes)
    run = tal.train(notify=hook.address, **SMALL)
    assert run.state == "completed"
    until(lambda: notices(run) if problem else hook.told)
    assert hook.codes == []
    assert notices(run) == (
        [f"The webhook could not be told that the run is completed: it answered {problem}."] if problem else []
    )


def test_nobody_who_listens_is_a_notice_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        addresses = [f"http://127.0.0.1:{silent.getsockname()[1]}/canary", "http://127.0.0.1:1/canary"]
        runs = [tal.train(notify=address, **SMALL) for address in addresses]
        for run, reason in zip(runs, ["TimeoutError", "Connection refused"], strict=True):
            assert run.state == "completed"
            until(lambda run=run: notices(run))
            assert notices(run) == [f"The webhook could not be told that the run is completed: {reason}."]


def test_a_script_that_ends_waits_until_its_run_is_told_of(hook, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver, daemons = notifying._deliver, list[bool]()

    def noted(*given: Any) -> None:
        daemons.append(threading.current_thread().daemon)
        deliver(*given)

    monkeypatch.setattr(notifying, "_deliver", noted)
    tal.train(notify=hook.address, **{**SMALL, "executor": "thread"}).wait(60)
    until(lambda: hook.told)
    assert daemons == [False], "what it starts would be a daemon like the trainer"


def test_where_python_starts_no_threads_any_more_the_trainer_tells(hook, monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def refused(self: threading.Thread) -> None:
        if self.name.startswith("dltrain-tell"):
            msg = "can't create new thread at interpreter shutdown"
            raise RuntimeError(msg)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refused)
    run = tal.train(notify=hook.address, **SMALL)
    assert [told["id"] for told in hook.told] == [run.id]


CLAIMING = """
import sys
from dltrainer_jupyter.store.store import Store

Store.open(sys.argv[1]).claim(sys.argv[2], executor="process", environment={})
print(flush=True)
sys.stdin.read()
"""


class _Dying:
    """A trainer's process that is killed as soon as it has claimed its run."""

    name = "process"
    needs_pickling = True

    def start(self, store_url: str, run_id: str) -> None:
        command = [sys.executable, "-c", CLAIMING, store_url, run_id]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.kill()


def test_a_lost_run_is_told_of_by_whoever_notices(hook) -> None:
    run = submit(*tal.describe({**SMALL, "notify": hook.address}), place=_Dying())
    until(lambda: run.state == "lost")
    until(lambda: hook.told)
    (told,) = hook.told
    assert (told["state"], told["run"]) == ("lost", run.name)
    assert "its trainer died" in told["text"]


def test_a_clone_tells_too_though_nobody_sees_whom(hook, home) -> None:
    run = tal.train(notify=hook.address, **SMALL)
    clone = run.clone(notify={"on": ["completed"]}, seed=1)
    clone.wait(60)
    until(lambda: len(hook.told) == 2)
    assert [told["path"] for told in hook.told] == ["/services/canary"] * 2
    assert clone.spec.notify is not None
    assert "canary" not in repr(clone.spec) + str(clone.document())
    kept = clone.folder / "secrets.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()
    clone.resume(epochs=2)
    clone.wait(60)
    until(lambda: notices(clone))
    assert "the file with its address is gone" in notices(clone)[0]
    with pytest.raises(
        tal.ConfigurationError if hasattr(tal, "ConfigurationError") else ValueError, match="give it again"
    ):
        clone.clone()
