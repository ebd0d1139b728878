"""The stream: what is told, to whom, and how often."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import websocket

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.server.stream_schemas import TOLD
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.views import feed as feeding
from tests.server.conftest import API
from tests.stand_in import STEPS, Trainer
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60


class Page:
    """A page's end of a socket, which keeps what it shows of each run as the front end does."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self.socket = socket
        self.shown: dict[str, dict[str, Any]] = {}

    def say(self, **frame: Any) -> None:
        self.socket.send(json.dumps(frame))

    def hear(self) -> dict[str, Any]:
        """Read a frame, and apply it."""
        frame: dict[str, Any] = json.loads(self.socket.recv())
        # Nothing is told that isn't described.
        TOLD[frame["kind"]].model_validate(frame)
        if frame["kind"] == "snapshot":
            self.shown[frame["id"]] = frame["snapshot"]
        elif frame["kind"] == "patch":
            old = self.shown[frame["id"]]
            assert frame["since"] == old["revision"]
            curves = dict(old["curves"])
            for name, more in frame["curves"].items():
                kept = more["from"]
                curves[name] = {key: curves[name][key][:kept] + more[key] for key in ("steps", "values")}
            self.shown[frame["id"]] = old | frame["parts"] | {"curves": curves, "revision": frame["revision"]}
        return frame

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read frames until one meets a condition."""
        while not condition(frame := self.hear()):
            pass
        return frame

    def heard(self) -> None:
        """Wait until the server has done what it was told; whatever it says meanwhile is applied."""
        self.say(kind="ping")
        self.until(is_kind("pong"))

    def silent(self) -> bool:
        """Tell whether nothing is said before an answer to what is asked now."""
        self.say(kind="ping")
        return self.hear() == {"kind": "pong"}


@pytest.fixture
def page(server) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a socket."""
    with contextlib.ExitStack() as opened:

        def open_page(query: str = "") -> Page:
            url = f"ws://127.0.0.1:{server.app.port}{API}/stream{query}"
            header = [f"{name}: {value}" for name, value in server.by_token.items()]
            socket = websocket.create_connection(url, timeout=PATIENCE, header=header)
            opened.callback(socket.close)
            return Page(socket)

        yield open_page


@pytest.fixture
def trainer(recorded) -> Trainer:
    """Give a trainer that has made an epoch."""
    run = recorded(name="digits-cnn", epochs=20)
    started = Trainer(run.store, run.id)
    started.steps(STEPS)
    started.epoch(1)
    return started


def is_kind(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda frame: frame["kind"] == kind


def test_a_run_is_told_whole_and_then_by_what_changes(page, trainer) -> None:
    run_id = trainer.run.id
    watching = page(f"?runs={run_id}")
    assert watching.hear()["kind"] == "snapshot"
    trainer.steps(5)
    change = watching.hear()
    assert (change["kind"], change["id"]) == ("patch", run_id)
    assert change["curves"]["train_loss"]["from"] == STEPS
    assert len(change["curves"]["train_loss"]["steps"]) == 5
    assert {"run", "epochs", "config", "events"}.isdisjoint(change["parts"])
    trainer.attempt.change_state(State.PAUSED)
    watching.until(lambda _: watching.shown[run_id]["run"]["state"] == "paused")
    trainer.epoch(2)
    watching.until(lambda _: len(watching.shown[run_id]["epochs"]["epoch"]) == 2)
    trainer.end()
    watching.until(lambda _: watching.shown[run_id]["run"]["state"] == "completed")
    fresh = page(f"?runs={run_id}").hear()["snapshot"]
    assert fresh | {"now": None} == watching.shown[run_id] | {"now": None}


def test_how_a_trackers_copy_does_is_told_as_it_changes(page, trainer) -> None:
    run_id, store = trainer.run.id, trainer.run.store
    trainer.end()
    store.begin_tracking(run_id, [("mlflow", "mlflow")])
    hold = store.hold_tracking(run_id, "mlflow")
    watching = page(f"?runs={run_id}")
    watching.hear()
    url = "http://localhost:5000/"
    for state, message in (("following", None), ("behind", "It is off."), ("delivered", None)):
        hold.tell(state, message, url=url)
        told = watching.until(is_kind("patch"))
        (shown,) = told["parts"]["trackers"]
        now = "catching_up" if state == "following" else state
        assert (shown["state"], shown["message"], shown["url"]) == (now, message, url)
    listing = page()
    listing.say(kind="list", on=True)
    listing.heard()
    hold.tell("behind", "It is off again.", url=url)
    # What happened during the last seconds may have been told before.
    expected = [{"label": "MLflow", "state": "behind", "url": url}]
    listing.until(lambda frame: frame["kind"] == "rows" and frame["rows"][0]["trackers"] == expected)


def test_new_series_and_steps_taken_back_arrive(page, trainer) -> None:
    run_id = trainer.run.id
    watching = page(f"?runs={run_id}")
    watching.hear()
    trainer.attempt.rewind(20, 0, None)
    watching.until(lambda _: watching.shown[run_id]["curves"]["train_loss"]["steps"] == list(range(1, 21)))
    trainer.step = 20
    trainer.steps(5, ("train_loss", "grad_norm"))
    assert watching.hear()["kind"] == "snapshot"
    assert watching.shown[run_id]["curves"]["grad_norm"]["steps"] == list(range(21, 26))


def test_who_shows_the_present_revision_is_told_only_what_follows(page, trainer) -> None:
    run_id, first = trainer.run.id, page()
    revision = trainer.run.store.revision(run_id)
    first.say(kind="watch", id=run_id, revision=revision)
    assert first.silent()
    later = page()
    later.say(kind="watch", id=run_id, revision=None)
    assert later.hear()["snapshot"]["revision"] == revision
    assert first.silent()
    trainer.steps(1)
    # Nobody here knows what the first one shows, so it is told everything.
    assert (first.hear()["kind"], later.hear()["kind"]) == ("snapshot", "patch")
    trainer.steps(1)
    assert first.hear()["kind"] == "patch"


def test_many_sockets_share_what_is_read(page, trainer, monkeypatch) -> None:
    read: list[int] = []
    snapshot = feeding.snapshot

    def counted(store: Store, run_id: str) -> dict[str, Any]:
        read.append(store.revision(run_id))
        return snapshot(store, run_id)

    monkeypatch.setattr(feeding, "snapshot", counted)
    pages = [page(f"?runs={trainer.run.id}") for _ in range(5)]
    for watching in pages:
        watching.hear()
    trainer.steps(3)
    for watching in pages:
        assert watching.hear()["kind"] == "patch"
    assert len(read) == len(set(read)) == 2


def test_several_runs_go_over_one_socket(page, trainer, recorded) -> None:
    other = recorded(name="other")
    watching = page(f"?runs={trainer.run.id},{other.id}")
    watching.until(lambda _: len(watching.shown) == 2)
    watching.say(kind="unwatch", id=other.id)
    watching.heard()
    other.stop()
    trainer.steps(1)
    assert watching.hear()["id"] == trainer.run.id
    assert watching.silent()


def test_a_deleted_run_is_gone(page, trainer) -> None:
    trainer.end()
    watching = page()
    watching.say(kind="list", on=True)
    watching.say(kind="watch", id=trainer.run.id)
    watching.until(is_kind("snapshot"))
    trainer.run.delete()
    heard = [watching.until(lambda frame: frame["kind"] == "gone" or frame.get("gone")) for _ in range(2)]
    assert {"kind": "gone", "id": trainer.run.id} in heard
    assert {"kind": "rows", "rows": [], "gone": [trainer.run.id]} in heard


def test_a_run_that_was_brought_back_is_told_again(page, trainer) -> None:
    run, first = trainer.run, page(f"?runs={trainer.run.id}")
    record = run.record
    first.hear()
    trainer.end()
    run.store.delete_run(run.id)
    first.until(is_kind("gone"))
    run.store.create_run(run.id, record.spec, folder=record.folder, environment={})
    assert page(f"?runs={run.id}").hear()["snapshot"]["run"]["state"] == "pending"


def test_a_dead_trainer_is_noticed(page, trainer, monkeypatch) -> None:
    watching = page(f"?runs={trainer.run.id}")
    watching.hear()
    monkeypatch.setattr("dltrainer_jupyter.store.reaping.is_dead", lambda _attempt, _now: True)
    watching.until(lambda _: watching.shown[trainer.run.id]["run"]["state"] == "lost")


def test_rows_that_change_are_told(page, server, trainer, recorded) -> None:
    watching = page()
    watching.say(kind="list", on=True)
    trainer.steps(7)

    def row(run_id: str, frame: dict[str, Any]) -> dict[str, Any]:
        return next((row for row in frame.get("rows", ()) if row["id"] == run_id), {})

    told = watching.until(lambda frame: row(trainer.run.id, frame).get("step") == STEPS + 7)
    (listed,) = server.get("/runs").json["runs"]
    assert row(trainer.run.id, told) == listed
    new = recorded(name="new")
    assert watching.until(lambda frame: bool(row(new.id, frame)))
    watching.say(kind="list", on=False)
    watching.heard()
    trainer.steps(1)
    assert watching.silent()


def test_who_comes_later_hears_what_others_were_told_already(page, trainer) -> None:
    """It may have read the list before that."""

    def is_told(frame: dict[str, Any]) -> bool:
        return any(row["step"] == STEPS + 7 for row in frame["rows"])

    first, second = page(), page()
    first.say(kind="list", on=True)
    trainer.steps(7)
    first.until(is_told)
    second.say(kind="list", on=True)
    second.until(is_told)


def test_resources_are_told(page) -> None:
    watching = page()
    watching.say(kind="resources", on=True)
    assert watching.hear()["resources"]["cores"] >= 1
    watching.say(kind="resources", on=False)
    watching.heard()
    assert watching.silent()


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ("{", "JSON"),
        ("[" * 50_000, "JSON"),
        ("[]", "kind"),
        ('"watch"', "kind"),
        ('{"kind": 1}', "kind"),
        ('{"kind": "wach"}', "watch"),
        ('{"kind": "watch"}', "id"),
        ('{"kind": "watch", "id": 7}', "id"),
        ('{"kind": "watch", "id": "a", "revision": "x"}', "revision"),
        ('{"kind": "watch", "id": "a", "revision": 99999999999999999999}', "revision"),
        ('{"kind": "watch", "id": "a\\u0000"}', "NUL"),
        ('{"kind": "watch", "id": "\\ud800"}', "id"),
        ('{"kind": "list", "on": "perhaps"}', "on"),
        ('{"kind": "ping", "more": 1}', "more"),
    ],
)
def test_a_malformed_frame_is_refused_and_the_socket_stays(page, frame, said) -> None:
    talking = page()
    talking.socket.send(frame)
    refusal = talking.hear()
    assert refusal["kind"] == "error"
    assert said in refusal["message"]
    assert talking.silent()


def test_bytes_are_refused_or_read(page) -> None:
    talking = page()
    talking.socket.send_binary(b"\xff\xfe")
    assert talking.hear()["kind"] == "error"
    assert talking.silent()


def test_an_unknown_run_is_refused_with_what_may_be_meant(page, trainer) -> None:
    talking = page("?runs=digits-cn")
    refusal = talking.hear()
    assert (refusal["kind"], refusal["id"]) == ("error", "digits-cn")
    assert "digits-cnn" in refusal["message"]
    assert talking.silent()


def test_too_many_runs_are_refused(page, recorded, monkeypatch) -> None:
    monkeypatch.setattr("dltrainer_jupyter.server.watcher._MOST", 1)
    one, other = recorded(name="one"), recorded(name="other")
    talking = page(f"?runs={one.id}")
    talking.hear()
    talking.say(kind="watch", id=other.id)
    assert "at most 1 runs" in talking.hear()["message"]
    # The same one again is no further one.
    talking.say(kind="watch", id=one.id)
    assert talking.hear()["kind"] == "snapshot"


def test_nothing_is_read_for_pages_that_are_closed(page, server, trainer) -> None:
    watching = page(f"?runs={trainer.run.id}")
    watching.say(kind="list", on=True)
    watching.say(kind="resources", on=True)
    watching.hear()
    feed = server.app.web_app.settings["dltrainer_channels"]._feed
    assert feed.is_running
    watching.socket.close()
    until(lambda: not feed.is_running)


def test_a_client_that_does_not_read_holds_nothing_up(page, server, trainer) -> None:
    """It is told where things stand when it reads again, not all that happened meanwhile."""
    slow, quick = page(f"?runs={trainer.run.id}"), page(f"?runs={trainer.run.id}")
    slow.hear()
    quick.hear()
    names = tuple(f"series-{number}" for number in range(40))
    for _ in range(6):
        trainer.steps(200, names)
        quick.until(lambda _: quick.shown[trainer.run.id]["progress"]["step"] == trainer.step)
    told = 0
    while slow.shown[trainer.run.id]["progress"]["step"] != trainer.step:
        slow.hear()
        told += 1
    assert slow.shown[trainer.run.id]["curves"] == quick.shown[trainer.run.id]["curves"]
    assert told <= 8


def test_the_store_of_the_page_is_the_one_of_rest(page, server, trainer) -> None:
    assert page(f"?runs={trainer.run.id}").hear()["snapshot"]["run"]["id"] == server.get("/runs").json["runs"][0]["id"]
    assert open_store().uuid == server.get("/store").json["uuid"]
