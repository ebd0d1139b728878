from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.views import feed as module
from dltrainer_jupyter.views.feed import BEAT, Feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60


class Watcher:
    """Remembers what it was told, and lets a test wait for it."""

    def __init__(self, run: Any) -> None:
        self.store: Store = run.store
        self.run_id: str = run.id
        self.told: list[dict[str, Any]] = []
        self.ended = threading.Event()
        self.news = threading.Condition()

    def tell(self, snapshot: dict[str, Any]) -> None:
        with self.news:
            self.told.append(snapshot)
            self.news.notify_all()

    def end(self) -> None:
        self.ended.set()

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        with self.news:
            assert self.news.wait_for(lambda: bool(self.told) and condition(self.told[-1]), PATIENCE), self.told[-1:]
            return self.told[-1]


def is_state(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda news: news["run"]["state"] == state


def is_step(step: int) -> Callable[[dict[str, Any]], bool]:
    return lambda news: news["progress"]["step"] == step


@pytest.fixture
def feed() -> Iterator[Feed]:
    """Give a feed in a hurry, which ends with the test."""
    quick = Feed(beat=0.02, rest=0.05)
    yield quick
    for watcher in list(quick._told):
        quick.remove(watcher)
    thread = quick._thread
    if thread is not None:
        thread.join(PATIENCE)


def test_what_changes_is_told(feed: Feed, trainer: Any) -> None:
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_step(90))
    trainer.steps(5)
    watcher.until(is_step(95))
    trainer.attempt.change_state(State.PAUSED)
    watcher.until(is_state("paused"))


def test_what_did_not_change_is_not_told_again(feed: Feed, trainer: Any) -> None:
    other = Watcher(trainer.run)
    watcher = Watcher(trainer.run)
    feed.add(watcher, trainer.run.store.revision(trainer.run.id))
    feed.add(other)
    other.until(is_step(90))
    # Whoever shows this already needn't be told; a sign of life is nothing new either.
    trainer.attempt.heartbeat()
    trainer.steps(5)
    watcher.until(is_step(95))
    assert [news["progress"]["step"] for news in watcher.told] == [95]


def test_many_writes_make_few_refreshes(trainer: Any) -> None:
    feed = Feed()
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    started = time.monotonic()
    while time.monotonic() < started + 5 * BEAT:
        trainer.steps(1)
    trainer.attempt.change_state(State.PAUSED)
    watcher.until(is_state("paused"))
    # One a beat while steps were made, one before them, and two for what came last.
    assert len(watcher.told) <= 3 + (time.monotonic() - started) / BEAT
    feed.remove(watcher)


def test_a_hurried_look_does_not_wait_for_the_beat(trainer: Any) -> None:
    feed = Feed(beat=PATIENCE, rest=PATIENCE)
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_step(90))
    trainer.steps(5)
    started = time.monotonic()
    feed.hurry()
    watcher.until(is_step(95))
    assert time.monotonic() - started < PATIENCE / 2
    feed.remove(watcher)


def test_the_thread_ends_with_the_last_watcher_and_begins_with_the_next(feed: Feed, trainer: Any) -> None:
    assert not feed.is_running
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    thread = feed._thread
    assert feed.is_running
    feed.remove(watcher)
    thread.join(PATIENCE)
    assert not feed.is_running
    feed.add(watcher)
    watcher.until(is_step(90))


@pytest.mark.slow
def test_a_watcher_nobody_holds_is_forgotten(feed: Feed, trainer: Any) -> None:
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_step(90))
    thread = feed._thread
    del watcher
    gc.collect()
    feed.hurry()
    thread.join(PATIENCE)
    assert not feed.is_running


def test_a_run_that_is_resumed_elsewhere_wakes_its_panel(feed: Feed, trainer: Any) -> None:
    trainer.end(State.STOPPED)
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_state("stopped"))
    elsewhere = Store.open(trainer.run.store.url)
    elsewhere.request_start(trainer.run.id)
    watcher.until(is_state("pending"))
    elsewhere.claim(trainer.run.id, executor="process", environment={})
    watcher.until(is_state("running"))


def test_a_trainer_that_died_is_noticed(feed: Feed, trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_state("running"))
    monkeypatch.setattr("dltrainer_jupyter.store.reaping.is_dead", lambda _attempt, _now: True)
    watcher.until(is_state("lost"))


def test_a_store_that_is_out_of_reach_for_a_while_is_read_again(
    feed: Feed, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_step(90))
    looked = threading.Event()
    revisions = Store.revisions

    def unreachable(self: Store, _: Any) -> dict[str, int]:
        looked.set()
        msg = "The database can't be reached."
        raise StoreError(msg)

    monkeypatch.setattr(Store, "revisions", unreachable)
    trainer.steps(5)
    assert looked.wait(PATIENCE)
    assert watcher.told[-1]["progress"]["step"] == 90
    monkeypatch.setattr(Store, "revisions", revisions)
    watcher.until(is_step(95))


def test_a_deleted_run_keeps_its_last_picture_and_ends_the_watch(feed: Feed, trainer: Any) -> None:
    trainer.end()
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_state("completed"))
    thread = feed._thread
    trainer.run.store.delete_run(trainer.run.id)
    thread.join(PATIENCE)
    assert not feed.is_running
    assert watcher.told[-1]["run"]["state"] == "completed"
    assert watcher.ended.is_set()


def test_a_write_during_the_snapshot_is_not_missed(feed: Feed, trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = module.snapshot

    def slow(store: Store, run_id: str) -> dict[str, Any]:
        news = snapshot(store, run_id)
        if trainer.step == 90:
            # Comes after the reading, before its watcher is told.
            trainer.steps(5)
            news["revision"] = store.revision(run_id)
        return news

    monkeypatch.setattr(module, "snapshot", slow)
    watcher = Watcher(trainer.run)
    feed.add(watcher)
    watcher.until(is_step(95))
    assert [news["progress"]["step"] for news in watcher.told] == [90, 95]


def test_a_run_that_cannot_be_shown_keeps_nobody_else_waiting(
    feed: Feed, train: Callable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = train("bad"), train("good")
    snapshot, watchers = module.snapshot, [Watcher(bad.run), Watcher(good.run)]

    def failing(store: Store, run_id: str) -> dict[str, Any]:
        if run_id == bad.run.id and bad.step < 5:
            msg = "nobody foresaw this"
            raise ValueError(msg)
        return snapshot(store, run_id)

    monkeypatch.setattr(module, "snapshot", failing)
    for watcher in watchers:
        feed.add(watcher)
    good.steps(3)
    watchers[1].until(is_step(3))
    assert caplog.text.count(f"Run {bad.run.id} can't be shown") == 1
    bad.steps(5)
    watchers[0].until(is_step(5))


def test_two_runs_are_told_apart(feed: Feed, train: Callable) -> None:
    first, second = train("first"), train("second")
    watchers = [Watcher(first.run), Watcher(second.run), Watcher(second.run)]
    for watcher in watchers:
        feed.add(watcher)
    second.steps(3)
    for watcher in watchers[1:]:
        watcher.until(is_step(3))
    first.steps(7)
    watchers[0].until(is_step(7))
    assert {news["run"]["name"] for news in watchers[0].told} == {"first"}
    assert {news["run"]["name"] for news in watchers[1].told} == {"second"}
