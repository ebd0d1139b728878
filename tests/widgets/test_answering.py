from __future__ import annotations

import math
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.tal.inference import TrainedModel
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.widgets.answering import reply
from dltrainer_jupyter.widgets.built import built
from dltrainer_jupyter.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable


def ask(run: Any, verb: Any, **arguments: Any) -> dict[str, Any]:
    return reply(run, {"kind": "request", "id": "a-1", "verb": verb, "arguments": arguments})


@pytest.mark.parametrize("verb", ["pause", "resume", "suspend", "stop", "checkpoint"])
def test_a_verb_becomes_a_control(trainer: Any, verb: str) -> None:
    answer = ask(trainer.run, verb)
    (control,) = trainer.run.store.controls(trainer.run.id)
    assert answer == {"kind": "reply", "id": "a-1", "ok": True, "result": {"control": control.id}}
    assert (control.kind, control.status) == (verb, "requested")


def test_a_setting_becomes_a_control_with_its_value(trainer: Any) -> None:
    assert ask(trainer.run, "set", learning_rate=0.01)["ok"]
    (control,) = trainer.run.store.controls(trainer.run.id)
    assert (control.kind, control.arguments) == ("set", {"learning_rate": 0.01})


def test_a_ping_is_answered(trainer: Any) -> None:
    assert ask(trainer.run, "ping") == {"kind": "reply", "id": "a-1", "ok": True, "result": None}


def test_the_script_that_shows_more_is_given_and_never_kept_by_the_notebook(trainer: Any) -> None:
    script = ask(trainer.run, "module")["result"]["script"]
    assert script == built("insight.js")
    assert "export" in script
    with closing(Panel(trainer.run)) as shown:
        kept = [value for value in shown.get_state().values() if isinstance(value, str)]
        assert any(value == built("panel.js") for value in kept)
        assert not any(value == script for value in kept)


def test_a_window_of_a_curve_is_read_as_finely_as_asked(train: Callable) -> None:
    trainer = train()
    trainer.steps(5000)
    curve = ask(trainer.run, "curve", names=["train_loss"], start=100, stop=300, points=5000)["result"]["train_loss"]
    assert curve["steps"] == list(range(100, 300))
    coarse = ask(trainer.run, "curve", names=["train_loss"], start=None, stop=None, points=100)["result"]["train_loss"]
    assert 80 <= len(coarse["steps"]) == len(coarse["values"]) <= 100


@pytest.mark.parametrize(
    ("verb", "arguments", "says"),
    [
        ("pouse", {}, "Unknown request 'pouse'. Did you mean 'pause'?"),
        (None, {}, "expected a request with a verb"),
        ("pause", {"now": True}, "Unknown key 'pause.now'."),
        ("set", {"learning_rate": -1}, "learning_rate: expected greater than 0, got -1."),
        ("set", {}, "got nothing"),
        ("resume", {"epochs": 0}, "resume.epochs: expected greater than or equal to 1, got 0."),
        ("curve", {"names": ["train_los"]}, "Did you mean 'train_loss'?"),
        ("curve", {"names": ["train_loss"], "points": 10**9}, "curve.points"),
        ("try", {"count": 10**9}, "try.count"),
        ("try", {"checkpoint": "newest"}, "try.checkpoint"),
        ("try", {"checkpoint": 7}, "has no checkpoint at step 7"),
        ("try", {}, "has no best checkpoint yet"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(trainer: Any, verb: Any, arguments: dict, says: str) -> None:
    answer = ask(trainer.run, verb, **arguments)
    assert (answer["kind"], answer["id"], answer["ok"]) == ("reply", "a-1", False)
    assert says in answer["error"]
    assert "\n" not in answer["error"]
    assert trainer.run.store.controls(trainer.run.id) == []


def test_a_verb_that_makes_no_sense_now_says_why(trainer: Any) -> None:
    trainer.end()
    answer = ask(trainer.run, "pause")
    assert answer["error"] == "Can't pause run 'digits-cnn': it is completed. Only a live run can be paused."


def test_examples_come_from_the_checkpoint_that_was_asked_for(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, int, int]] = []

    def examples(self: TrainedModel, count: int, offset: int) -> dict[str, Any]:
        asked.append((self._which, count, offset))
        return {"items": [{"confidence": math.nan, "probabilities": [0.5, math.inf]}]}

    monkeypatch.setattr(TrainedModel, "examples", examples)
    answer = ask(trainer.run, "try", checkpoint="last", count=3, offset=6)
    assert asked == [("last", 3, 6)]
    # JSON knows neither NaN nor infinity.
    assert answer["result"] == {"items": [{"confidence": None, "probabilities": [0.5, None]}]}


@pytest.mark.parametrize(
    ("verb", "arguments", "called"),
    [
        ("predict", {"text": "1,2", "top": 3}, {"text": "1,2", "top": 3, "probabilities": False, "heatmaps": False}),
        ("predict", {"inputs": [[0]]}, {"inputs": [[0]], "top": 5, "probabilities": False, "heatmaps": False}),
        ("heatmaps", {"index": [3, 1]}, {"index": [3, 1]}),
    ],
)
def test_a_model_is_tried_with_what_was_sent(
    trainer: Any, monkeypatch: pytest.MonkeyPatch, verb: str, arguments: dict[str, Any], called: dict[str, Any]
) -> None:
    monkeypatch.setattr(TrainedModel, "answer", lambda _, **given: given)
    monkeypatch.setattr(TrainedModel, "heatmaps", lambda _, index: {"index": index})
    assert ask(trainer.run, verb, **arguments)["result"] == called


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("predict", {"paths": ["/etc/passwd"]}, "predict.paths"),
        ("predict", {"files": [{"name": "a.png"}]}, "predict.files.0.data"),
        ("heatmaps", {"index": []}, "heatmaps.index"),
    ],
)
def test_a_model_is_not_tried_with_anything_else(trainer: Any, verb: str, arguments: dict[str, Any], said: str) -> None:
    answer = ask(trainer.run, verb, **arguments)
    assert (answer["ok"], said in answer["error"]) == (False, True), answer


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ZeroDivisionError("division\n by zero"), "ZeroDivisionError: division by zero"),
        (CheckpointError("It is\ndamaged."), "It is damaged."),
        (ValueError("x" * 2000), "ValueError: " + "x" * 487 + "…"),
    ],
)
def test_an_error_of_the_persons_model_becomes_one_line(
    trainer: Any, monkeypatch: pytest.MonkeyPatch, raised: Exception, said: str
) -> None:
    def examples(self: TrainedModel, count: int, offset: int) -> dict[str, Any]:
        raise raised

    monkeypatch.setattr(TrainedModel, "examples", examples)
    assert ask(trainer.run, "try") == {"kind": "reply", "id": "a-1", "ok": False, "error": said}


def test_a_clone_is_named_so_that_it_can_be_found(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []

    def clone(self: Run, step: int | None = None) -> Run:
        asked.append(step)
        return self

    monkeypatch.setattr(Run, "clone", clone)
    assert ask(trainer.run, "clone", step=45)["result"] == {"id": trainer.run.id, "name": "digits-cnn"}
    assert asked == [45]


def test_a_test_run_is_made_listed_and_forgotten(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trainer.run
    record = CheckpointRecord(run.id, 7, 1, frozenset({"last"}), {}, "d" * 64, "/nowhere", 1, datetime.now(UTC), 1)

    def test(self: Run, data: Any, checkpoint: Any, name: str | None) -> Any:
        return self.store.add_test_run(
            record,
            name=f"{data} {checkpoint} {name}",
            count=3,
            seconds=0.5,
            metrics={"accuracy": math.nan},
            labels=["a", "b"],
            confusion=[[1, 0], [1, 1]],
            summary={"notes": ["said"]},
            examples={},
        )

    monkeypatch.setattr(Run, "test", test)
    made = ask(run, "test", data="digits", checkpoint="last", name="some")["result"]
    assert (made["name"], made["metrics"], made["notes"]) == ("digits last some", {"accuracy": None}, ["said"])
    listed = ask(run, "tests")["result"]["tests"]
    assert [one["number"] for one in listed] == [made["number"]]
    assert ask(run, "tests", number=made["number"])["result"] == made
    assert ask(run, "delete_test", number=made["number"])["ok"]
    gone = ask(run, "tests", number=made["number"])
    assert (gone["ok"], f"has no test run {made['number']}" in gone["error"]) == (False, True)
