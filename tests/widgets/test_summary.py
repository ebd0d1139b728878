from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.views.facts import rows
from dltrainer_jupyter.views.families import families
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.widgets.summary import line, look_again

if TYPE_CHECKING:
    from collections.abc import Callable


def shown(trainer: Any) -> dict[str, Any]:
    return snapshot(trainer.run.store, trainer.run.id)


def test_a_line_says_where_the_run_stands(trainer: Any) -> None:
    assert line(shown(trainer)) == "digits-cnn: running, epoch 3 of 20, best val_accuracy 0.8233 (epoch 2)"


def test_a_line_of_a_run_that_has_not_begun_is_short(new_run: Callable) -> None:
    run = new_run("wine")
    assert line(snapshot(run.store, run.id)) == "wine: pending"


def test_rows_hold_the_last_value_of_each_metric(trainer: Any) -> None:
    found = dict(rows(shown(trainer)))
    assert found["Final loss"] == "train 0.5000, val 0.5500"
    assert found["Final accuracy"] == "train 0.8333, val 0.8233"
    assert found["Best val_accuracy"] == "0.8233 (epoch 2)"


def test_an_epoch_without_validation_does_not_hide_the_last_validated_value(trainer: Any) -> None:
    news = shown(trainer)
    news["epochs"]["val_loss"][-1] = None
    assert dict(rows(news))["Final loss"] == "train 0.5000, val 1.100"


def test_rows_of_a_failed_run_say_why_and_where(trainer: Any) -> None:
    trainer.end(State.FAILED, ErrorRecord("NonFiniteLossError", "The loss became NaN.", step=91))
    assert dict(rows(shown(trainer)))["Error"] == "The loss became NaN. (at step 91)"
    assert line(shown(trainer)).endswith("The loss became NaN.")


def test_families_put_the_loss_first_and_the_monitored_metric_second() -> None:
    columns = dict.fromkeys(["epoch", "step", "learning_rate", "val_mae", "train_r2", "val_r2", "train_loss", "gap"])
    assert families(columns, "val_r2") == {
        "loss": ["train_loss"],
        "r2": ["train_r2", "val_r2"],
        "mae": ["val_mae"],
        "gap": ["gap"],
    }


@pytest.mark.parametrize(
    ("name", "written"),
    [("digits-cnn", "digits-cnn"), ("v1.2", "v1.2"), ("my run", "'my run'"), ("it's", "'it'\"'\"'s'"), ("é", "'é'")],
)
def test_a_name_is_quoted_where_the_magic_would_split_it(name: str, written: str) -> None:
    assert look_again({"run": {"name": name}}, "panel") == f"%dltrain panel {written}"
