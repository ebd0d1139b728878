"""The relay's process: whatever dies, and whenever, each point arrives once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import main, training
from dltrainer_jupyter.cli.commands import dltrain
from dltrainer_jupyter.executors import tracking
from dltrainer_jupyter.executors.process import search_path
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.liveness import process_start
from tests.waiting import until

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Run

SMALL: dict[str, Any] = {"model": "mlp", "data": "digits", "verbose": False}


def relays(run_id: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "dltrainer_jupyter.relay" in words and run_id in words and process_start(process.pid) is not None:
            found.append(process)
    return found


def delivered(run: Run) -> bool:
    return [it.state for it in run.store.tracking(run.id)] == ["delivered"]


def history(run: Run) -> list[tuple[int, float]]:
    steps, values = run.store.curve_values(run.id, "train_loss")
    return list(zip(steps.tolist(), values.astype(float).tolist(), strict=True))


@pytest.mark.parametrize(
    ("executor", "model"), [("process", False), pytest.param("inline", True, marks=pytest.mark.slow)]
)
def test_every_place_to_train_starts_a_relay(place, home, executor, model) -> None:
    run = tal.train(epochs=2, executor=executor, track={"type": "filed", "steps": "all", "model": model}, **SMALL)
    run.wait(90)
    until(lambda: delivered(run), 60)
    assert place.curve(run.id) == history(run)
    log = run.folder / "relay.log"
    assert log.stat().st_mode & 0o777 == 0o600
    names = [name for name, *_ in place.of(run.id, "artifact")]
    assert names == ["checkpoints/best", "config.yaml", "report.md"]
    assert place.of(run.id, "model") == ([[run.best.record.step, [4, 1, 8, 8], [4, 10]]] if model else [])
    assert place.of(run.id, "run")[0]["track"] == [{"type": "filed", "steps": "all", "model": model}]
    until(lambda: not relays(run.id))


@pytest.mark.slow
def test_a_relay_that_is_killed_in_the_middle_of_a_send_doubles_nothing(tracked, place) -> None:
    run = tracked(steps="all")
    run.trainer.steps(3000)
    for send in range(3):
        place.say(f"dies-{1 if send == 0 else 2}")
        with run.relay() as relay:
            if send:
                run.trainer.steps(2000)
            assert relay.wait(60) == -signal.SIGKILL
    run.trainer.epoch(1)
    run.trainer.end()
    with run.relay() as relay:
        assert relay.wait(60) == 0
    assert run.record.state == "delivered"
    assert len(place.of(run.id, "curve train_loss")) > len(run.curve()), "something was sent twice"
    assert place.curve(run.id) == run.curve()
    assert [True] in place.of(run.id, "sent")


def test_a_relay_that_sleeps_too_long_is_replaced(tracked, place, monkeypatch) -> None:
    run = tracked(steps="all")
    run.trainer.steps(1000)
    with run.relay() as sleeper:
        until(lambda: run.record.step == 1000)
        sleeper.send_signal(signal.SIGSTOP)
        assert run.store.hold_tracking(run.id, "filed") is None
        # Its time is over, without waiting for that.
        monkeypatch.setattr("dltrainer_jupyter.store.tracking._is_free", lambda *_: True)
        run.trainer.steps(500)
        run.trainer.end()
        run.sent()
        assert run.record.state == "delivered"
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.wait(60) == 0
    assert len(place.of(run.id, "curve train_loss")) == 1500
    assert place.curve(run.id) == run.curve()
    assert [state for state, *_ in place.of(run.id, "end")] == ["completed"]


SCRIPT = """
import sys
from dltrainer_jupyter import tal

run = tal.train(model="mlp", data="digits", epochs=2000, verbose=False, executor="thread",
                checkpoint={"every_seconds": 0.2}, track={"type": "filed", "steps": "all"})
print(run.id, flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_a_killed_trainer_is_noticed_and_resumed_under_the_same_key(place, home) -> None:
    command, pipes = [sys.executable, "-c", SCRIPT], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": search_path()}, **pipes) as script:
        assert script.stdout is not None
        store = Store.open(tal.settings.store)
        run_id = script.stdout.readline().decode().strip()
        until(lambda: place.curve(run_id), 60)
        until(lambda: len(store.checkpoints(run_id)) > 1, 60)
        script.kill()
        script.wait()
    # Nobody else looks: the relay notices.
    until(lambda: store.run(run_id).state == "lost", 60)
    until(lambda: [it.state for it in store.tracking(run_id)] == ["delivered"], 60)
    assert [state for state, *_ in place.of(run_id, "end")] == ["lost"]
    run = tal.get(run_id)
    assert place.curve(run_id) == history(run)
    sent = run.store.tracking(run_id)[0].step
    run.resume(executor="thread")
    until(lambda: run.step > sent + 200, 60)
    run.stop()
    run.wait(60)
    until(lambda: delivered(run), 60)
    assert [key for key, *_ in place.of(run_id, "open")] == [None, run_id]
    steps = [step for step, _ in place.curve(run_id)]
    assert steps == list(range(1, run.step + 1)), "each step once"
    assert place.curve(run_id) == history(run)


@pytest.mark.slow
def test_what_is_left_over_is_synced(place, home, capsys) -> None:
    place.say("down")
    run = tal.train(epochs=1, executor="inline", track={"type": "filed", "steps": "all"}, **SMALL)
    until(lambda: [it.state for it in run.store.tracking(run.id)] == ["behind"], 60)
    (sending,) = tal.sync(run.id)
    assert not sending.delivered
    assert not sending.is_well
    expected = (
        f"{run.name} ({run.id[:6]}…) is being sent to filed: 0 of {run.step:,} steps so far, "
        "and will be tried again: Conn"
    )
    assert sending.message.startswith(expected)
    for process in relays(run.id):
        process.kill()
    until(lambda: run.store.tracking_holder(run.id, "filed") is None)
    (left,) = tal.sync()
    assert not left.delivered
    reason = "ConnectionError: no answer from http://localhost."
    lacking = f"lacks its end at filed (0 of {run.step:,} steps are there): {reason}"
    assert left.message == f"{run.name} ({run.id[:6]}…) {lacking}"
    assert dltrain.main(["sync"], standalone_mode=False) == 1
    place.unsay("down")
    assert dltrain.main(["sync"], standalone_mode=False) == 0
    assert f"All of {run.name} ({run.id[:6]}…) is at filed: {run.step:,} steps." in capsys.readouterr().out
    assert place.curve(run.id) == history(run)
    assert dltrain.main(["sync", "--json"], standalone_mode=False) == 0
    assert capsys.readouterr().out == "[]\n"
    assert dltrain.main(["sync"], standalone_mode=False) == 0
    assert capsys.readouterr().out == "Nothing is left over: every tracker has all of its runs.\n"
    assert [it.delivered for it in tal.sync(run.name)] == [True]


def test_what_is_being_sent_is_left_to_its_relay_and_no_failure(tracked, place, home, monkeypatch, capsys) -> None:
    run = tracked(steps="all")
    monkeypatch.setattr("dltrainer_jupyter.tal.syncing.open_store", lambda: run.store)
    run.trainer.steps(100)
    hold = run.store.hold_tracking(run.id, "filed")
    assert hold is not None
    assert dltrain.main(["sync"], standalone_mode=False) == 0
    assert capsys.readouterr().out == f"digits ({run.id[:6]}…) is being sent to filed: 0 steps so far.\n"
    hold.tell("behind", "No answer.")
    assert dltrain.main(["sync"], standalone_mode=False) == 1
    expected = f"digits ({run.id[:6]}…) is being sent to filed: 0 steps so far, and will be tried again: No answer.\n"
    assert capsys.readouterr().out == expected
    began = time.monotonic()
    assert dltrain.main(["sync", "--wait"], standalone_mode=False) == 1
    assert capsys.readouterr().out == expected
    assert time.monotonic() - began < 40, "nobody waits for a run that goes on"
    hold.give_back()
    assert dltrain.main(["sync"], standalone_mode=False) == 0
    expected = f"What is there of digits ({run.id[:6]}…) is at filed: 100 steps; it is running on '"
    assert capsys.readouterr().out.startswith(expected)


def test_what_is_being_sent_of_an_ended_run_can_be_waited_for(tracked, place, home, monkeypatch, capsys) -> None:
    run = tracked(steps="all")
    monkeypatch.setattr("dltrainer_jupyter.tal.syncing.open_store", lambda: run.store)
    run.trainer.steps(300)
    run.trainer.end()
    place.say("hangs")
    with run.relay() as relay:
        until(lambda: run.store.tracking_holder(run.id, "filed") is not None, 60)
        assert dltrain.main(["sync"], standalone_mode=False) == 0
        assert "0 of 300 steps so far." in capsys.readouterr().out
        waiting = ThreadPoolExecutor(1)
        done = waiting.submit(tal.sync, wait=True)
        with pytest.raises(TimeoutError):
            done.result(1)
        place.unsay("hangs")
        (synced,) = done.result(60)
        assert relay.wait(60) == 0
    waiting.shutdown()
    assert synced.message == f"All of digits ({run.id[:6]}…) is at filed: 300 steps."
    assert place.curve(run.id) == run.curve()
    assert len(place.of(run.id, "open")) == 1, "by the relay that was at work"


def test_what_a_relay_leaves_is_sent_by_who_waited_for_it(tracked, place, home, monkeypatch) -> None:
    run = tracked(steps="all")
    monkeypatch.setattr("dltrainer_jupyter.tal.syncing.open_store", lambda: run.store)
    run.trainer.steps(300)
    run.trainer.end()
    place.say("hangs")
    with run.relay() as relay, ThreadPoolExecutor(1) as waiting:
        until(lambda: run.store.tracking_holder(run.id, "filed") is not None, 60)
        done = waiting.submit(tal.sync, wait=True)
        with pytest.raises(TimeoutError):
            done.result(1)
        relay.kill()
        relay.wait(60)
        place.unsay("hangs")
        assert [it.delivered for it in done.result(60)] == [True]
    assert place.curve(run.id) == run.curve()


@pytest.mark.slow
def test_training_ends_with_a_word_on_copies_that_are_on_their_way(place, home, tmp_path, capsys) -> None:
    place.say("hangs")
    file = tmp_path / "small.yaml"
    file.write_text("model: mlp\ndata: digits\nepochs: 1\ntrack: {type: filed, steps: all}\n")
    assert main(["train", str(file)]) == 0
    run = tal.get("small")
    said = capsys.readouterr()
    assert "completed" in said.out.splitlines()[-1]
    copies, cure = said.err.splitlines()
    assert re.fullmatch(rf"filed: (waiting|catching up), 0 of {run.step:,} steps sent(, file://\S+)?", copies)
    assert cure in {
        "A process of its own goes on sending; dltrain sync --wait small waits for it.",
        "Nobody sends the rest; dltrain sync small does.",  # its relay is only starting
    }
    place.unsay("hangs")
    until(lambda: delivered(run), 60)
    assert main(["resume", "small", "--epochs", "2", "--wait"]) == 0
    until(lambda: not relays(run.id), 60)


@pytest.mark.parametrize("is_sending", [True, False], ids=["sent", "left"])
def test_what_is_left_says_how_to_get_it_there(tracked, is_sending, capsys) -> None:
    run = tracked()
    run.trainer.steps(100)
    run.trainer.end()
    hold = run.store.hold_tracking(run.id, "filed")
    hold.tell("behind", "No answer.")
    if not is_sending:
        hold.give_back()
    training._tell_of_copies(tal.Run(run.id, run.store))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "filed: behind, 0 of 100 steps sent. No answer."
    assert ("dltrain sync --wait digits waits for it." in said[1], "Nobody sends" in said[1]) == (
        is_sending,
        not is_sending,
    )
    hold.give_back()
    run.sent()
    training._tell_of_copies(tal.Run(run.id, run.store))
    assert capsys.readouterr().err == ""


def test_a_run_that_is_deleted_while_others_are_synced_is_passed_over(tracked, place, home, monkeypatch) -> None:
    gone, there = tracked(), tracked()
    monkeypatch.setattr("dltrainer_jupyter.tal.syncing.open_store", lambda: there.store)
    found = there.store.undelivered()
    monkeypatch.setattr(there.store, "undelivered", lambda: found)
    gone.trainer.end()
    gone.store.delete_run(gone.id)
    assert there.store.hold_tracking(there.id, "filed") is not None
    assert [one.run for one in tal.sync()] == [there.id]


def test_a_tracker_that_is_away_holds_up_no_other(place, home, tmp_path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "down").touch()
    run = tal.train(epochs=1, executor="inline", track=[{"type": "filed", "place": str(away)}, "filed"], **SMALL)
    until(lambda: [it.state for it in run.store.tracking(run.id)] == ["behind", "delivered"], 60)
    (away / "down").unlink()
    until(lambda: [it.state for it in run.store.tracking(run.id)] == ["delivered"] * 2, 90)
    assert [it.name for it in run.store.tracking(run.id)] == ["filed", "filed-2"]
    until(lambda: not relays(run.id))


def test_a_run_trains_on_where_no_relay_can_be_started(place, home, monkeypatch) -> None:
    monkeypatch.setattr("dltrainer_jupyter.executors.tracking.sys.executable", "/nowhere/python")
    run = tal.train(epochs=1, executor="inline", track=["filed"], **SMALL)
    assert run.state == "completed"
    (told,) = [event.message for event in run.store.events(run.id) if event.kind == "tracker_note"]
    assert told.startswith("The run is not sent to its trackers: the process that does so could not be started (")
    assert [it.state for it in run.store.tracking(run.id)] == ["waiting"]


@pytest.mark.slow
def test_a_relay_that_is_killed_while_its_run_trains_is_started_again(tracked, place, monkeypatch) -> None:
    monkeypatch.setattr(tracking, "_PAUSE", 0.01)
    run = tracked(steps="all")
    with tracking.tracked(run.store, run.store.run(run.id)):
        run.trainer.steps(100)
        until(lambda: run.record.step == 100, 60)
        (relay,) = relays(run.id)
        relay.kill()
        run.trainer.steps(100)
        until(lambda: run.record.step == 200, 60)
        assert [it.pid for it in relays(run.id)] != [relay.pid]
        run.trainer.end()
    until(lambda: run.record.state == "delivered", 60)
    until(lambda: not relays(run.id))
    assert place.curve(run.id) == run.curve()
    assert run.events("tracker_note") == ["Opened in a file."]


@pytest.mark.parametrize("is_over", [False, True])
def test_a_relay_that_ends_again_and_again_is_left_at_that_and_told_of(tracked, monkeypatch, is_over) -> None:
    monkeypatch.setattr(tracking, "_PAUSE", 0.01)
    monkeypatch.setattr(tracking, "RELAY", "no_such_module")
    run = tracked()
    started = []
    start = tracking.start_relay
    monkeypatch.setattr(tracking, "start_relay", lambda *given: started.append(given) or start(*given))
    with tracking.tracked(run.store, run.store.run(run.id)):
        until(lambda: is_over or run.events("tracker_note"), 60)
    until(lambda: run.events("tracker_note"), 60)
    assert len(started) == (1 if is_over else 1 + tracking._RESTARTS)
    (told,) = run.events("tracker_note")
    assert "the process that does so ended with code 1, and its output is in " in told


def test_a_relay_is_in_nobodys_way_and_imports_no_framework(tracked, place) -> None:
    run = tracked(steps="all")
    with run.relay() as relay:
        run.trainer.steps(100)
        until(lambda: run.record.step == 100, 60)
        process = psutil.Process(relay.pid)
        assert process.nice() >= 10
        assert os.getsid(relay.pid) == relay.pid, "a closed terminal doesn't take it along"
        assert run.store.url not in " ".join(process.cmdline())
        assert not [it.path for it in process.memory_maps() if "torch" in it.path]
        began = time.monotonic()
        run.trainer.end()
        assert relay.wait(60) == 0
        assert time.monotonic() - began < 30
