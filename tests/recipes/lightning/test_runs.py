"""A LightningModule in runs as people start them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import IllegalControlError, TrainingFailed
from tests.halfway import held_at_call
from tests.recipes.lightning.bench import X, Y, seeded
from tests.recipes.lightning.modules import Classifier, Remembering, Scheduled
from tests.waiting import until

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Run


class Everything(Remembering):
    """Remembers, draws, schedules and averages."""

    def on_train_epoch_start(self) -> None:
        super().on_train_epoch_start()
        self.scale = torch.rand(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + 0.01 * torch.randn_like(x) * self.scale)

    def configure_optimizers(self) -> Any:
        optimizer, schedulers = torch.optim.AdamW(self.parameters(), lr=0.01), torch.optim.lr_scheduler
        plateau = {"scheduler": schedulers.ReduceLROnPlateau(optimizer, "max", patience=2), "monitor": "accuracy"}
        return [optimizer], [{"scheduler": schedulers.ExponentialLR(optimizer, 0.999), "interval": "step"}, plateau]


def quick(model: Any, **settings: Any) -> Run:
    given = {"data": (X, Y), "epochs": 2, "batch_size": 16, "executor": "inline", "verbose": False, "threads": 1}
    return tal.train(model=model, **given | settings)


def test_a_module_needs_no_recipe_by_name() -> None:
    run = quick(seeded(Classifier)).wait()
    history = run.metrics()
    assert {"train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(history.columns)
    assert (run.record.spec.recipe.type, run.record.exact) == ("lightning", True)
    assert list(history.learning_rate) == [0.01, 0.01]
    steps, losses = run.curve("train_loss")
    assert (len(steps), run.best.predict(X[:3].numpy()).shape) == (10, (3,))
    assert losses[-1] < losses[0]


def test_names_that_people_log_are_kept_and_those_of_the_history_are_not_overwritten() -> None:
    class Naming(Classifier):
        def validation_step(self, batch: Any, batch_idx: int) -> None:
            for name in ("val/loss of two", "step", "epoch"):
                self.log(name, 0.5)

    history = quick(seeded(Naming), monitor="val/loss of two").wait().metrics()
    assert history["val/loss of two"].tolist() == [0.5, 0.5]
    assert (history.epoch.tolist(), history.step.tolist()) == ([1, 2], [5, 10])


def test_a_module_that_makes_its_layers_late_predicts() -> None:
    class Late(Classifier):
        def configure_model(self) -> None:
            self.last = torch.nn.Linear(10, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(super().forward(x))

    run = quick(seeded(Late), epochs=1).wait()
    assert run.last.predict_proba(X[:3].numpy()).shape == (3, 10)


def test_a_schedule_asks_for_the_length_of_the_training() -> None:
    # The cycle refuses to be stepped more often than it was told.
    run = quick(seeded(lambda: Scheduled("one_cycle"))).wait()
    assert run.metrics().learning_rate.iloc[0] == pytest.approx(0.122, abs=1e-3)


def test_a_batch_that_is_left_out_moves_neither_schedulers_nor_statistics() -> None:
    class Stumbling(Classifier):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            x, y = batch
            # The first one of a window of two.
            return super().training_step((x * torch.nan, y) if batch_idx == 2 else batch, batch_idx)

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            self.schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
            return [optimizer], [{"scheduler": self.schedule, "interval": "step"}]

        def on_train_epoch_end(self) -> None:
            norm = self.net[1]
            finite = norm.running_mean.isfinite().all().float()
            self.log_dict({"finite": finite, "seen": norm.num_batches_tracked.float()})
            self.log_dict({"scheduled": self.schedule.last_epoch, "updated": self.trainer.global_step})

    run = quick(seeded(Stumbling), epochs=1, gradient_accumulation=2, on_nan="skip").wait()
    (last,) = run.metrics()[["step", "seen", "finite", "scheduled", "updated"]].to_numpy().tolist()
    assert last == [5, 4, 1, 2, 2]


@pytest.mark.parametrize("settings", [{"learning_rate": 0.1}, {"scheduler": "cosine"}])
def test_a_rate_is_set_from_one_side_only(settings) -> None:
    run = quick(seeded(lambda: Scheduled("step")), **settings)
    with pytest.raises(TrainingFailed, match="sets the learning rate by a schedule of its own"):
        run.wait()
    # Without a scheduler in the module it may be set.
    assert quick(seeded(Classifier), **settings).wait().metrics().learning_rate.iloc[0] != 0.01


def test_a_rate_that_the_module_sets_by_hand_is_left_alone() -> None:
    class Halving(Classifier):
        def on_train_epoch_end(self) -> None:
            for group in self.optimizers().param_groups:
                group["lr"] *= 0.5

    run = quick(seeded(Halving), epochs=3).wait()
    saved = json.loads((Path(run.last.record.path) / "state.json").read_text())
    assert saved["adapter"]["optimizers"]["optimizer"]["groups"][0]["lr"] == 0.01 * 0.5**3


def test_a_person_may_set_the_rate_where_the_module_has_no_scheduler() -> None:
    run = quick(seeded(Classifier), epochs=100_000, executor="thread")
    until(lambda: run.step > 0)
    run.set(learning_rate=0.003).wait(60)
    step = run.step
    until(lambda: run.step > step + 20)
    run.stop().wait(60)
    assert run.metrics().learning_rate.iloc[-1] == 0.003


def test_it_may_not_where_it_has_one() -> None:
    run = quick(seeded(lambda: Scheduled("step")), epochs=100_000, executor="thread")
    until(lambda: run.step > 0)
    control = run.set(learning_rate=0.003)
    with pytest.raises(IllegalControlError):
        control.wait(60)
    run.stop().wait(60)


@pytest.mark.slow
def test_suspended_in_mid_epoch_and_resumed_in_another_process_it_ends_the_same() -> None:
    settings = {"epochs": 12, "batch_size": 4, "ema": 0.9}
    undisturbed = quick(seeded(Everything), **settings).wait()
    with held_at_call(4) as there:
        run = quick(seeded(Everything), **settings, executor="thread")
        assert there.wait(60)
        suspension = run.suspend()
    suspension.wait(60)
    assert 3 < run.step < undisturbed.step
    run.resume(executor="process")
    run.wait(100)
    assert [attempt.executor for attempt in run.store.attempts(run.id)] == ["thread", "process"]
    assert run.last.record.digest == undisturbed.last.record.digest
    assert run.metrics().equals(undisturbed.metrics())
    assert run.curve("train_loss")[1].tolist() == undisturbed.curve("train_loss")[1].tolist()
    assert run.record.exact
