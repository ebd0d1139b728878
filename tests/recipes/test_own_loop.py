"""A plug-in that owns its whole loop answers to the same verbs as everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sklearn.datasets import load_digits

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import TrainingFailed
from dltrainer_jupyter.core.registry import plug_ins
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUG_IN = '''
import json
import numpy as np
from dltrainer_jupyter import register
from pydantic import BaseModel, Field


@register("models", framework="own_loop")
class Means:
    """Classes by the nearest of their means, learnt a hundred samples at a time."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        pieces: int = Field(default=4, ge=1, description="Pieces of work in an epoch.")

    def __init__(self, config):
        self.config, self.sums, self.counts = config, None, None

    def train(self, data, epoch):
        if self.sums is None:
            self.sums = np.zeros((self.signature.outputs, data.inputs[0].size))
            self.counts = np.zeros(self.signature.outputs)
        for part in np.array_split(np.arange(len(data)), self.config.pieces):
            np.add.at(self.sums, data.targets[part], data.inputs[part].reshape(len(part), -1))
            np.add.at(self.counts, data.targets[part], 1)
            yield {"loss": 1 - self._right(data), "seen": self.counts.sum()}

    def validate(self, data):
        return {"loss": 1 - self._right(data), "accuracy": self._right(data)}

    def _right(self, data):
        return float((self.infer(data.inputs).argmax(1) == data.targets).mean())

    def infer(self, inputs):
        means = self.sums / np.maximum(self.counts, 1)[:, None]
        flat = np.asarray(inputs).reshape(len(inputs), -1)
        return -((flat[:, None] - means[None]) ** 2).sum(2)

    def save_checkpoint(self, folder):
        state = {it: None if self.sums is None else getattr(self, it).tolist() for it in ("sums", "counts")}
        (folder / "state.json").write_text(json.dumps(state))

    def load_checkpoint(self, folder):
        state = json.loads((folder / "state.json").read_text())
        self.sums, self.counts = (None if state[it] is None else np.array(state[it]) for it in ("sums", "counts"))
'''
SMALL: dict[str, Any] = {"model": "means", "data": "digits", "framework": "own_loop", "verbose": False}


@pytest.fixture(autouse=True)
def folder(home: Path) -> Iterator[Path]:
    where = home / "plugins"
    where.mkdir(parents=True, mode=0o700)
    (where / "means.py").write_text(PLUG_IN)
    plug_ins.forget()
    yield where
    plug_ins.forget()


def test_it_trains_measures_saves_predicts_and_goes_on() -> None:
    run = tal.train(executor="inline", epochs=2, monitor="val_accuracy", **SMALL)
    assert (run.state, run.epoch, run.step, run.record.resume) == ("completed", 2, 8, "epoch")
    history = run.metrics()
    assert history["val_accuracy"].iloc[-1] > 0.85
    assert history["train_loss"].iloc[-1] < 0.2
    assert {"train_seen", "val_loss"} <= set(history.columns)
    assert run.record.best is not None
    assert run.record.best.metric == "val_accuracy"
    notes = [event.message for event in run.store.events(run.id) if event.kind == "notice"]
    assert any(note.startswith("The plug-in owns its loop: the run pauses and stops between") for note in notes)
    assert not run.record.exact
    digits = load_digits()
    assert (run.best.predict(digits.images) == digits.target).mean() > 0.85
    before = run.last.record.digest
    run.resume(epochs=3)
    run.wait(60)
    assert (run.epoch, run.last.record.digest != before) == (3, True)
    assert run.last.model().counts.sum() == 3 * 1438


def test_a_piece_without_a_loss_is_refused_by_name(folder: Path) -> None:
    (folder / "means.py").write_text(PLUG_IN.replace('{"loss": 1 - self._right(data), "seen"', '{"seen"'))
    plug_ins.reload()
    with pytest.raises(TrainingFailed, match="train: expected a 'loss' among the numbers it yields, got seen"):
        tal.train(executor="inline", epochs=1, **SMALL).wait()


def test_it_pauses_and_stops_between_its_pieces_and_goes_on_with_the_epoch_that_was_cut_short() -> None:
    run = tal.train(executor="thread", epochs=100_000, **SMALL | {"model": {"type": "means", "pieces": 10}})
    until(lambda: run.step > 12, 60)
    run.pause().wait(60)
    assert run.state == "paused"
    run.resume().wait(60)
    run.suspend().wait(60)
    until(lambda: run.state == "suspended", 60)
    run.resume(executor="thread")
    at = run.step
    until(lambda: run.step > at + 15, 60)
    run.stop().wait(60)
    until(lambda: run.state == "stopped", 60)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"optimizer": "adamw"}, "optimizer: a plug-in that owns its loop has settings of its own for that"),
        ({"metrics": ["accuracy"]}, "metrics: a plug-in that owns its loop"),
        ({"precision": "bf16-mixed"}, "precision: a plug-in that owns its loop can't do bf16-mixed here"),
        ({"model": "mlp"}, "The model 'mlp' can't be built for own_loop; set framework: "),
    ],
)
def test_what_it_cannot_do_is_refused_by_its_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises((TrainingFailed, ValueError), match=said):
        tal.train(executor="inline", epochs=1, **SMALL | changes).wait(60)


def test_a_plug_in_that_lacks_a_method_is_told_which(folder: Path) -> None:
    (folder / "means.py").write_text(PLUG_IN.replace("def infer", "def guess"))
    plug_ins.reload()
    with pytest.raises(
        TrainingFailed, match="'means' doesn't own its loop: it lacks infer; leave framework own_loop out"
    ):
        tal.train(executor="inline", epochs=1, **SMALL).wait(60)


def test_what_is_no_report_is_said(folder: Path) -> None:
    (folder / "means.py").write_text(
        PLUG_IN.replace('yield {"loss"', 'yield [{"loss"').replace(".sum()}", ".sum()}]", 1)
    )
    plug_ins.reload()
    with pytest.raises(TrainingFailed, match="train: expected a mapping of numbers such as {'loss': 0.5}, got"):
        tal.train(executor="inline", epochs=1, **SMALL).wait(60)
