from __future__ import annotations

import gc
import json
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal.inference import TrainedModel
from dltrainer_jupyter.widgets.built import built
from dltrainer_jupyter.widgets.feed import feed
from dltrainer_jupyter.widgets.panel import Panel, panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60


class Page:
    """What the page receives from a panel."""

    def __init__(self, shown: Panel) -> None:
        self.shown = shown
        self.news = threading.Condition()
        self.replies: list[dict[str, Any]] = []
        shown.send = self._receive
        shown.observe(self._notify, "snapshot")

    def _receive(self, content: dict[str, Any], buffers: object = None) -> None:
        json.dumps(content, allow_nan=False)
        with self.news:
            self.replies.append(content)
            self.news.notify_all()

    def _notify(self, _change: object) -> None:
        with self.news:
            self.news.notify_all()

    def ask(self, request_id: str, verb: str, **arguments: Any) -> None:
        message = {"kind": "request", "id": request_id, "verb": verb, "arguments": arguments}
        self.shown._handle_custom_msg(message, [])

    def reply(self, request_id: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [reply for reply in self.replies if reply["id"] == request_id]

        with self.news:
            assert self.news.wait_for(found, PATIENCE)
            return found()[0]

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> None:
        with self.news:
            assert self.news.wait_for(lambda: condition(self.shown.snapshot), PATIENCE)


@pytest.fixture
def open_panel() -> Iterator[Callable[[Any], Panel]]:
    """Give a function that opens panels, which are closed after the test."""
    opened: list[Panel] = []

    def open_(run: Any) -> Panel:
        opened.append(panel(run))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def test_a_panel_shows_its_run_at_once(open_panel: Callable, trainer: Any) -> None:
    shown = open_panel(trainer.run)
    assert shown.snapshot["run"]["id"] == trainer.run.id
    assert shown.snapshot["progress"]["step"] == 90
    assert repr(shown) == "Panel of digits-cnn, running when this was written"
    bundle = shown._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == repr(shown)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_page_gets_the_script_and_the_traits_it_expects(open_panel: Callable, trainer: Any) -> None:
    state = open_panel(trainer.run).get_state()
    assert "export" in state["_esm"]
    assert ".dltrain-panel" in state["_css"]
    assert ".dltrain-static" in state["_css"]
    assert state["collapsed"] == {}
    json.dumps(state["snapshot"], allow_nan=False)


def test_the_panel_follows_the_run(open_panel: Callable, trainer: Any) -> None:
    page = Page(open_panel(trainer.run))
    trainer.steps(10)
    page.until(lambda snapshot: snapshot["progress"]["step"] == 100)
    trainer.end(State.COMPLETED)
    page.until(lambda snapshot: snapshot["run"]["state"] == "completed")


def test_a_run_of_100_000_steps_sends_less_than_100_kb(open_panel: Callable, train: Callable) -> None:
    trainer = train(epochs=300)
    trainer.steps(100_000, ("train_loss", "train_grad_norm"))
    for number in range(1, 301):
        trainer.epoch(number, val_f1=0.5, train_f1=0.5)
    shown = open_panel(trainer.run)
    assert shown.snapshot["progress"]["step"] == 100_000
    assert len(json.dumps(shown.snapshot)) < 100_000


def test_a_request_is_answered_on_another_thread(
    open_panel: Callable, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(open_panel(trainer.run))
    release = threading.Event()
    threads: list[str] = []

    def examples(self: TrainedModel, count: int, offset: int) -> dict[str, Any]:
        threads.append(threading.current_thread().name)
        assert release.wait(PATIENCE)
        return {"items": []}

    monkeypatch.setattr(TrainedModel, "examples", examples)
    # The prediction takes its time; neither this thread nor the buttons wait for it.
    page.ask("p-1", "try", checkpoint="best", count=12, offset=0)
    page.ask("p-2", "curve", names=["train_loss"], start=None, stop=None, points=50)
    page.ask("p-3", "pause")
    assert page.reply("p-3")["ok"]
    assert 30 < len(page.reply("p-2")["result"]["train_loss"]["steps"]) <= 50
    assert not any(reply["id"] == "p-1" for reply in page.replies)
    release.set()
    assert page.reply("p-1") == {"kind": "reply", "id": "p-1", "ok": True, "result": {"items": []}}
    assert threads == ["dltrain-try"]


def test_what_was_asked_shows_at_once_and_then_what_came_of_it(open_panel: Callable, trainer: Any) -> None:
    page = Page(open_panel(trainer.run))
    page.ask("p-1", "pause")
    page.until(lambda snapshot: [control["status"] for control in snapshot["controls"]] == ["requested"])
    (control,) = trainer.attempt.pending_controls()
    trainer.attempt.change_state(State.PAUSED)
    trainer.attempt.acknowledge(control.id, status="done", outcome="Paused at step 90 (epoch 2).", step=90)
    page.until(lambda snapshot: snapshot["controls"][0]["outcome"] == "Paused at step 90 (epoch 2).")
    assert page.shown.snapshot["run"]["state"] == "paused"


def test_verbs_keep_their_order(open_panel: Callable, trainer: Any) -> None:
    page = Page(open_panel(trainer.run))
    verbs = ["pause", "resume", "checkpoint", "pause", "resume"]
    for number, verb in enumerate(verbs):
        page.ask(f"p-{number}", verb)
    page.reply("p-4")
    asked = sorted(trainer.run.store.controls(trainer.run.id), key=lambda control: control.id)
    assert [control.kind for control in asked] == verbs


@pytest.mark.parametrize("message", [None, "pause", 7, [], {}, {"kind": "reply"}, {"kind": "greeting", "id": "x"}])
def test_a_message_that_is_no_request_is_passed_over(open_panel: Callable, trainer: Any, message: Any) -> None:
    page = Page(open_panel(trainer.run))
    page.shown._handle_custom_msg(message, [])
    page.ask("p-1", "ping")
    page.reply("p-1")
    assert len(page.replies) == 1


def test_an_unknown_request_is_answered_too(open_panel: Callable, trainer: Any) -> None:
    page = Page(open_panel(trainer.run))
    page.ask("p-1", "dance")
    assert page.reply("p-1")["error"].startswith("Unknown request 'dance'.")


def test_a_request_about_a_deleted_run_is_refused_in_words(open_panel: Callable, trainer: Any) -> None:
    page = Page(open_panel(trainer.run))
    trainer.end()
    trainer.run.store.delete_run(trainer.run.id)
    page.ask("p-1", "pause")
    assert not page.reply("p-1")["ok"]
    assert trainer.run.id in page.reply("p-1")["error"]


def test_a_run_has_one_open_panel(open_panel: Callable, train: Callable) -> None:
    first, second = train("first"), train("second")
    shown = open_panel(first.run)
    assert open_panel(first.run) is shown
    assert open_panel(second.run) is not shown
    shown.close()
    assert open_panel(first.run) is not shown


def test_a_closed_panel_is_forgotten(train: Callable) -> None:
    shown = panel(train().run)
    gone = weakref.ref(shown)
    shown.close()
    assert shown not in feed._told
    del shown
    gc.collect()
    assert gone() is None


def test_what_the_page_folds_and_what_the_run_tells_do_not_lose_each_other(open_panel: Callable, trainer: Any) -> None:
    shown = open_panel(trainer.run)
    sent: list[Any] = []
    shown._send = lambda message, **_more: sent.append(message)
    news = dict(shown.snapshot)
    barrier = threading.Barrier(2)

    def fold() -> None:
        barrier.wait(PATIENCE)
        for number in range(200):
            shown.set_state({"collapsed": {"folded": number}})

    folding = threading.Thread(target=fold)
    folding.start()
    barrier.wait(PATIENCE)
    for number in range(200):
        shown.tell({**news, "revision": 1000 + number})
    folding.join(PATIENCE)
    told = [message["state"]["snapshot"]["revision"] for message in sent if "snapshot" in message["state"]]
    assert told == list(range(1000, 1200))
    assert shown.collapsed == {"folded": 199}


def test_replies_may_come_on_any_shell(open_panel: Callable, trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import comm

    class RoutingComm(comm.DummyComm):
        """As ipykernel 7.4's: sends a reply to the shell that spoke last."""

        def _reply_subshell_for(self, data: object, default: str | None) -> str | None:
            return "the main shell, busy with a cell"

    monkeypatch.setattr(comm, "create_comm", RoutingComm)
    shown = open_panel(trainer.run)
    assert shown.comm._reply_subshell_for({}, "the subshell that was asked") == "the subshell that was asked"


def test_a_front_end_that_is_not_built_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("dltrainer_jupyter.widgets.built._BUILT", tmp_path)
    with pytest.raises(MissingPackageError, match=r"panel\.js isn't built.*make setup"):
        built("panel.js")
