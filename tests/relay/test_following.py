"""What a relay sends, when, and what it does while a tracker is away."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.secrets import MASK
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import GraphNode
from dltrainer_jupyter.relay import __main__ as process
from dltrainer_jupyter.relay import following as under_test
from dltrainer_jupyter.relay.delivery import Delivery, Progress
from dltrainer_jupyter.testing.store_samples import checkpoint, histogram
from tests.waiting import until

if TYPE_CHECKING:
    from tests.relay.conftest import Tracked


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "INTERVAL", 0.02)
    monkeypatch.setattr(under_test, "LONGEST_PAUSE", 0.05)


@pytest.mark.slow
def test_a_hundred_thousand_steps_arrive_once_and_in_order(tracked, place) -> None:
    run = tracked(steps="all")
    following = run.follow()
    for epoch in range(1, 11):
        run.trainer.steps(10_000)
        run.trainer.epoch(epoch)
    run.trainer.end()
    until(lambda: run.record.state == "delivered", 60)
    following.thread.join(60)
    points = place.of(run.id, "curve train_loss")
    assert [(step, value) for step, value, _ in points] == run.curve()
    assert len(points) == 100_000
    assert [epoch for epoch, *_ in place.of(run.id, "epoch")] == list(range(1, 11))
    assert [epoch for epoch, _ in place.of(run.id, "validation")] == list(range(1, 11))
    times = [time for _, _, time in points]
    assert times == sorted(times)
    assert run.record.step == 100_000
    assert place.of(run.id, "end")[0][0] == "completed"


def test_of_a_decimated_series_the_last_step_arrives_too(tracked, place) -> None:
    run = tracked(steps=10)
    following = run.follow()
    run.trainer.steps(1005)
    until(lambda: run.record.step == 1000)
    assert place.curve(run.id)[-1][0] == 1000
    run.trainer.end()
    until(lambda: run.record.state == "delivered")
    following.thread.join(60)
    assert place.curve(run.id) == run.curve(every=10)
    assert place.curve(run.id)[-1][0] == 1005


def test_without_series_epochs_and_the_machines_load_arrive(tracked, place) -> None:
    run = tracked(steps="none")
    run.trainer.steps(45)
    run.trainer.attempt.curves({"system/cpu_percent": (7, np.ones(1, np.float32))})
    run.trainer.epoch(1)
    run.trainer.end()
    run.sent()
    assert place.curve(run.id) == []
    assert place.of(run.id, "curve system/cpu_percent")[0][:2] == [7, 1.0]
    assert len(place.of(run.id, "epoch")) == 1
    assert run.record.state == "delivered"


def test_what_is_sent_in_windows_is_what_is_there(tracked, place, monkeypatch) -> None:
    monkeypatch.setattr("dltrainer_jupyter.relay.reading.POINTS", 100)
    run = tracked(steps=3)
    run.trainer.steps(1000)
    run.trainer.epoch(1)
    run.trainer.end()
    run.sent()
    assert len(place.of(run.id, "sent")) > 3
    assert place.curve(run.id) == run.curve(every=3)


def test_what_a_trainer_makes_meanwhile_can_wait_and_a_backlog_cannot(tracked, place, monkeypatch) -> None:
    monkeypatch.setattr("dltrainer_jupyter.relay.reading.POINTS", 100)
    run = tracked(steps=10)
    hold = run.store.hold_tracking(run.id, "filed")
    assert hold is not None
    delivery = Delivery(run.store, hold)
    run.trainer.steps(95)
    assert delivery.look(run.store.run(run.id)) is Progress.IDLE
    assert hold.mark.step == 90
    run.trainer.steps(2000)
    looks = []
    until(lambda: looks.append(delivery.look(run.store.run(run.id))) or looks[-1] is Progress.IDLE)
    assert looks == [Progress.MORE, Progress.IDLE]
    assert hold.mark.step == 2090
    delivery.close()


def test_a_tracker_that_is_away_is_told_of_once_and_catches_up(tracked, place) -> None:
    run = tracked(steps="all", token="s3cret")  # noqa: S106 - of nobody
    place.say("down")
    following = run.follow()
    run.trainer.steps(500)
    until(lambda: run.events("tracker_behind"))
    assert run.record.message == "ConnectionError: no answer from http://localhost"
    revision = run.store.revision(run.id)
    tries = time.monotonic() + 0.3
    until(lambda: time.monotonic() > tries)
    assert run.store.revision(run.id) == revision, "nobody is woken while nothing changes"
    run.trainer.steps(500)
    place.unsay("down")
    until(lambda: run.record.state == "following")
    run.trainer.end()
    until(lambda: run.record.state == "delivered")
    following.thread.join(60)
    (behind,) = run.events("tracker_behind")
    assert behind.startswith("'filed' is behind since ")
    assert behind.endswith("will be tried again: ConnectionError: no answer from http://localhost")
    assert run.events("tracker_caught_up") == ["'filed' has caught up."]
    assert place.curve(run.id) == run.curve()


def test_a_relay_leaves_when_nobody_answers_after_the_end(tracked, place, monkeypatch) -> None:
    monkeypatch.setattr(under_test, "PATIENCE", 0.2)
    run = tracked()
    place.say("down")
    following = run.follow()
    run.trainer.steps(100)
    run.trainer.end()
    following.thread.join(60)
    assert not following.thread.is_alive()
    assert run.record.state == "behind"
    assert run.store.tracking_holder(run.id, "filed") is None


def test_a_tracker_that_refuses_says_how_to_mend_it(tracked) -> None:
    run = tracked(name="refuse me")
    run.trainer.steps(100)
    run.sent()
    assert run.record.message == "It takes no run of this name; give it another."


def test_what_a_tracker_says_is_told_once(tracked, place) -> None:
    run = tracked(steps="all")
    place.say("note", "NaN can't be\nkept.")
    run.trainer.steps(100)
    run.sent()
    run.trainer.steps(100)
    run.sent()
    assert len(place.of(run.id, "sent")) == 2
    assert run.events("tracker_note") == ["Opened in a file.", "NaN can't be kept."]


def test_of_an_inexact_run_only_what_stays_is_sent(tracked, place) -> None:
    run = tracked(steps="all")
    run.trainer.attempt.describe(exact=False)
    run.trainer.steps(500)
    run.trainer.epoch(1)
    run.sent()
    assert place.curve(run.id) == []
    run.trainer.attempt.commit_checkpoint(checkpoint(run.trainer.attempt, 400, "last"))
    run.sent()
    assert place.curve(run.id)[-1][0] == 400
    assert place.of(run.id, "epoch") == []
    run.trainer.end(State.FAILED, ErrorRecord("ValueError", "Odd."))
    run.sent()
    assert place.curve(run.id) == run.curve()
    assert [epoch for epoch, *_ in place.of(run.id, "epoch")] == [1]
    assert place.of(run.id, "end") == [["failed", place.of(run.id, "end")[0][1], "Odd."]]


def resumed(run: Tracked, step: int) -> None:
    """Let another trainer go on from a step."""
    run.store.request_start(run.id)
    run.trainer = type(run.trainer)(run.store, run.id)
    run.trainer.attempt.rewind(step, step // 100, None)
    run.trainer.attempt.describe(resumed_from_step=step)
    run.trainer.step = step


def test_a_resumed_run_goes_on_under_the_same_key_and_doubles_nothing(tracked, place) -> None:
    run = tracked(steps="all")
    run.trainer.steps(400)
    run.trainer.steps(100)
    before = run.curve()
    run.trainer.attempt.end(State.SUSPENDED)
    run.sent()
    assert run.record.state == "delivered"
    resumed(run, 400)
    run.sent()
    assert len(place.curve(run.id)) == 500, "nothing is sent while the trainer is starting"
    run.trainer.steps(100)
    assert run.curve() == before, "an exact run makes the same again"
    run.trainer.steps(300)
    run.trainer.end()
    run.sent()
    assert place.curve(run.id) == run.curve()
    assert [key for key, *_ in place.of(run.id, "open")] == [None, run.id]
    assert [state for state, *_ in place.of(run.id, "end")] == ["suspended", "completed"]
    assert [it for it in run.events("tracker_note") if "holds" in it] == []


def test_a_relay_and_a_trainer_that_died_and_an_end_before_what_was_sent_double_nothing(
    tracked, place, monkeypatch
) -> None:
    run = tracked(steps="all")
    run.trainer.steps(400)
    run.sent()
    run.trainer.steps(100)
    with monkeypatch.context() as broken:
        broken.setattr("filed.Filed.send", lambda *_: 1 / 0)
        run.sent()
    run.trainer.attempt.end(State.LOST)
    resumed(run, 300)
    run.trainer.steps(50)
    run.trainer.attempt.end(State.STOPPED)
    run.sent()
    assert run.record.step == 400, "what the tracker holds it holds still"
    resumed(run, 300)
    run.trainer.steps(100)
    run.trainer.steps(100)
    run.trainer.end()
    run.sent()
    assert [step for step, *_ in place.of(run.id, "curve train_loss")] == list(range(1, 501))


def test_what_was_made_again_differently_is_said_once(tracked, place) -> None:
    run = tracked(steps="all")
    run.trainer.steps(500)
    run.trainer.attempt.describe(exact=False)
    run.trainer.attempt.end(State.LOST)
    run.sent()
    resumed(run, 300)
    run.trainer.steps(100)
    run.sent()
    run.trainer.steps(150)
    run.trainer.end()
    run.sent()
    expected = (
        "'filed' holds steps 301 to 500 as the attempt before made them: attempt 2 went on from step 300, and may have "
        "made them differently."
    )
    assert [it for it in run.events("tracker_note") if "holds" in it] == [expected]
    assert [step for step, _ in place.curve(run.id)] == list(range(1, 551))


def test_a_setting_changed_before_what_was_sent_is_said(tracked, place) -> None:
    run = tracked(steps="all")
    run.trainer.steps(500)
    run.trainer.attempt.end(State.SUSPENDED)
    run.sent()
    resumed(run, 300)
    control = run.store.request_control(run.id, "set", {"learning_rate": 0.1}, "ada")
    run.trainer.steps(1)
    run.trainer.attempt.acknowledge(control.id, status="done", outcome="Done.", step=300)
    run.trainer.steps(10)
    run.sent()
    assert len([it for it in run.events("tracker_note") if "holds steps 301 to 500" in it]) == 1


@pytest.mark.parametrize("measured", [True, None], ids=["asked", "unasked"])
def test_a_graph_that_comes_with_the_first_epoch_reaches_the_tracker(tracked, place, measured) -> None:
    """Histograms do if somebody asked for them; those that are measured anyway are for whoever looks at the run."""
    run = tracked(steps="all", measured=measured)
    following = run.follow()
    run.trainer.steps(45)
    until(lambda: run.record.step == 45)
    with run.trainer.attempt.transaction():
        run.trainer.epoch(1)
        run.trainer.attempt.set_graph([GraphNode("model/layer", "Linear")])
        run.trainer.attempt.add_histograms([histogram("model.weight", 1)])
    run.trainer.steps(45)
    run.trainer.epoch(2)
    run.trainer.end()
    until(lambda: run.record.state == "delivered")
    following.thread.join(60)
    assert place.of(run.id, "graph") == [[], ["model/layer"]]
    assert place.of(run.id, "histogram") == ([["model.weight", 1]] if measured else [])
    assert place.curve(run.id) == run.curve()
    assert len(place.of(run.id, "curve train_loss")) == 90


@pytest.mark.parametrize("end", ["completed", "deleted", "pending", "store gone"])
def test_a_relay_whose_tracker_hangs_leaves_once_nothing_more_is_to_come(tracked, place, monkeypatch, end) -> None:
    monkeypatch.setattr(process, "_REAP", 0.02)
    monkeypatch.setattr(process, "_RENEW", 0.02)
    monkeypatch.setattr(process, "_HANGING", 0.2)
    run = tracked(steps="all")
    run.trainer.steps(100)
    place.say("hangs")
    following = run.follow()
    watching = threading.Thread(target=process._watch, args=(run.store, run.id, [following], None), daemon=True)
    watching.start()
    until(lambda: "span" in (following.hold.memory if following.hold else {}))
    watching.join(0.5)
    assert watching.is_alive(), "the run goes on"
    with monkeypatch.context() as away:
        if end == "store gone":
            away.setattr(run.store, "reap", gone)
        else:
            run.trainer.end()
        if end == "deleted":
            run.store.delete_run(run.id)
        if end == "pending":
            run.store.request_start(run.id, epochs=20_000)
        watching.join(60)
    place.unsay("hangs")
    assert not watching.is_alive()
    following.stop()
    following.thread.join(60)


def gone(*_: object) -> None:
    msg = "No store."
    raise StoreError(msg)


def test_a_relay_leaves_a_run_that_waits_for_another_trainer_and_for_a_store_that_is_away_it_waits(
    tracked, place, monkeypatch
) -> None:
    run = tracked(steps="all")
    following = run.follow()
    run.trainer.steps(100)
    until(lambda: run.record.step == 100)
    with monkeypatch.context() as away:
        away.setattr(run.store, "run", gone)
        following.thread.join(0.3)
        assert following.thread.is_alive()
    run.trainer.attempt.end(State.SUSPENDED)
    run.store.request_start(run.id)
    following.thread.join(60)
    assert not following.thread.is_alive()
    assert not following.is_broken
    assert run.record.step == 100


def test_a_client_that_ends_its_process_is_like_any_trouble(tracked, place) -> None:
    run = tracked(steps="all")
    run.trainer.steps(100)
    place.say("leaves")
    run.sent()
    assert (run.record.state, run.record.message) == ("behind", "SystemExit: no quota")


def test_a_tracker_that_cannot_be_made_says_so_without_its_secrets(tracked, monkeypatch) -> None:
    run = tracked(token="s3cret")  # noqa: S106 - of nobody

    def refuse(_: object, config: Any) -> None:
        raise ValueError(config.token.get_secret_value())

    monkeypatch.setattr("filed.Filed.__init__", refuse)
    run.trainer.steps(100)
    run.sent()
    assert (run.record.state, run.record.message) == ("behind", f"ValueError: {MASK}")


def test_a_deleted_run_is_left_quietly(tracked, place) -> None:
    run = tracked()
    following = run.follow()
    run.trainer.steps(100)
    until(lambda: run.record.step == 100)
    place.say("down")
    run.trainer.end()
    until(lambda: run.record.state == "behind")
    run.store.delete_run(run.id)
    following.thread.join(60)
    assert not following.thread.is_alive()


def test_two_relays_never_send_at_once(tracked, place) -> None:
    run = tracked(steps="all")
    followings = [run.follow() for _ in range(3)]
    for _ in range(20):
        run.trainer.steps(50)
    run.trainer.end()
    until(lambda: run.record.state == "delivered")
    for following in followings:
        following.thread.join(60)
    assert len(place.of(run.id, "open")) == 1
    assert len(place.of(run.id, "curve train_loss")) == 1000


def test_a_relay_that_was_replaced_stops(tracked, place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tracked(steps="all")
    following = run.follow()
    run.trainer.steps(100)
    until(lambda: run.record.step == 100)
    monkeypatch.setattr("dltrainer_jupyter.store.tracking._is_free", lambda *_: True)
    assert run.store.hold_tracking(run.id, "filed") is not None
    run.trainer.steps(100)
    following.thread.join(60)
    assert not following.thread.is_alive()
    assert len(place.of(run.id, "curve train_loss")) <= 200
    assert run.record.step == 100


def test_a_look_that_takes_long_is_followed_by_a_longer_rest_that_ends_with_the_run(tracked) -> None:
    run = tracked()
    following = under_test.Following(run.store, run.id, "filed")

    def look(seconds: float) -> Progress:
        until_then = time.thread_time() + seconds
        while time.thread_time() < until_then:
            pass
        return Progress.IDLE

    rests = []
    for seconds in (0.0, 0.1, 0.7):
        following._look = lambda seconds=seconds: look(seconds)
        following._delivery = SimpleNamespace(is_open=False)
        rests.append(following._turn(0.0))
    short, long, longest = rests
    assert short < 1
    assert 2 <= long < 10
    assert longest == under_test.LONGEST_INTERVAL == 10
    threading.Timer(0.2, lambda: following.notice(is_over=True)).start()
    began = time.monotonic()
    assert not following._rested(100.0)
    threading.Timer(0.2, following.stop).start()
    assert following._rested(100.0)
    assert time.monotonic() - began < 50
