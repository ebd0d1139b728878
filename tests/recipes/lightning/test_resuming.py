"""Stopped after any step and gone on with by another trainer, a training is what it would have been."""

from __future__ import annotations

import random
from functools import partial

import pytest
import torch

from dltrainer_jupyter.core.errors import CheckpointError
from tests.recipes.lightning.bench import Bench, check_resumes
from tests.recipes.lightning.modules import Adversaries, Classifier, Deciding, Logger, Remembering, Scheduled


@pytest.mark.parametrize("make", [Classifier, Adversaries, Logger, Remembering, Deciding])
def test_going_on_is_exact(make) -> None:
    check_resumes(make)


@pytest.mark.parametrize("which", ["lists", "step", "lambda", "plateau", "plateau_step", "two", "one_cycle"])
def test_going_on_with_schedulers_is_exact(which) -> None:
    check_resumes(partial(Scheduled, which), (3, 4))


def test_going_on_is_exact_with_everything_of_ours() -> None:
    check_resumes(
        partial(Scheduled, "step"),
        gradient_accumulation=3,
        gradient_clipping=0.5,
        ema=0.9,
        precision="bf16-mixed",
        on_nan="skip",
    )


class Failing(Classifier):
    """Has a batch whose loss is not finite, and one that it passes over."""

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        return {1: None, 2: loss * float("nan")}.get(batch_idx, loss)


@pytest.mark.parametrize("settings", [{}, {"precision": "16-mixed", "gradient_accumulation": 2}])
def test_batches_are_left_out_alike(settings) -> None:
    check_resumes(Failing, on_nan="skip", **settings)
    with Bench(Failing, on_nan="skip", **settings) as bench:
        assert bench.fit().module.global_step == (3 if settings else 9)
        assert all(torch.isfinite(weight).all() for weight in bench.module.parameters())


def test_attributes_come_back_as_they_were() -> None:
    with Bench(Remembering) as stopped:
        saved = stopped.fit(6).save()
        before = stopped.module
    with Bench(Remembering) as resumed:
        resumed.load(saved).fit(0)
        after = resumed.module
        assert (after.seen, after.of_epoch, after.started) == (before.seen, before.of_epoch, True)
        assert after.seen == 96
        assert torch.equal(torch.stack(after.losses), torch.stack(before.losses))
        assert (after.recent["last"][0], type(after.recent["last"])) == (1, tuple)
        assert not after.net[0].weight.requires_grad
        assert [part.training for part in after.net] == [True, False, True, True]
        assert after.loaded == 96
        assert after.accuracy.update_count == before.accuracy.update_count == 2
        assert resumed.recipe.inexact_because() is None


def test_a_validation_that_was_given_up_is_made_again() -> None:
    class Collecting(Classifier):
        def __init__(self) -> None:
            super().__init__()
            self.validated = []

        def validation_step(self, batch, batch_idx) -> None:
            super().validation_step(batch, batch_idx)
            self.validated.append(batch_idx)

    with Bench(Collecting) as undisturbed:
        undisturbed.fit()
    with Bench(Collecting) as stopped:
        stopped.fit(4)
        with stopped.adapter.evaluation(stopped.state) as measured:
            stopped.recipe.begin_validation(measured, stopped.course)
            stopped.adapter.eval_step(stopped.recipe, measured, stopped.first)
            assert stopped.module.validated == [0]
            saved = stopped.save()
        assert saved[1] == stopped.save()[1]
    with Bench(Collecting) as resumed:
        resumed.load(saved).fit()
        assert resumed.module.validated == undisturbed.module.validated == [0, 1] * 3
        assert (resumed.history, resumed.digest()) == (undisturbed.history, undisturbed.digest())


def test_what_changes_and_cannot_be_kept_is_named() -> None:
    class Forgetful(Classifier):
        def __init__(self) -> None:
            super().__init__()
            self.constant, self.dice, self.file = object(), random.Random(3), {"open": object()}

        def training_step(self, batch, batch_idx):
            self.file["open"] = object()
            return super().training_step(batch, batch_idx) * self.dice.random()

    with Bench(Forgetful) as bench:
        assert bench.recipe.inexact_because() is None
        bench.fit(1)
        assert bench.recipe.inexact_because() == (
            "self.dice, self.file changes in training, and no checkpoint can hold it"
        )


def test_what_a_module_adds_to_a_checkpoint_must_be_arrays_and_plain_values() -> None:
    class Adding(Classifier):
        def on_save_checkpoint(self, checkpoint) -> None:
            checkpoint["net"] = {"best": [1, torch.nn.Linear(1, 1)]}

    with (
        Bench(Adding) as bench,
        pytest.raises(
            CheckpointError, match=r"checkpoint\['net'\]\['best'\]\[1\]: .* not torch.nn.modules.linear.Linear"
        ),
    ):
        bench.fit(1).save()


def test_other_schedulers_are_refused() -> None:
    with Bench(partial(Scheduled, "two")) as bench:
        saved = bench.fit(1).save()
    with Bench(partial(Scheduled, "lists")) as other, pytest.raises(CheckpointError, match="has 2 .* the module 1"):
        other.load(saved)


class Drawing(Classifier):
    """Draws random numbers wherever it can."""

    def on_train_start(self) -> None:
        self.start = torch.rand(1)

    def on_train_epoch_start(self) -> None:
        self.of_epoch = torch.rand(1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        noisy = torch.nn.functional.dropout(x, 0.2) + torch.randn_like(x) * self.of_epoch * self.start
        return super().training_step([noisy, y], batch_idx)

    def on_validation_epoch_end(self) -> None:
        self.log("drawn_in_validation", torch.rand(1))

    def on_train_epoch_end(self) -> None:
        self.log("drawn", torch.rand(1))


def test_what_a_module_draws_is_its_runs_own() -> None:
    before = torch.get_rng_state()
    check_resumes(Drawing)
    assert torch.equal(before, torch.get_rng_state())


def test_what_draws_from_a_generator_of_others_is_noticed() -> None:
    class Recurrent(Classifier):
        def __init__(self) -> None:
            super().__init__()
            self.memory = torch.nn.GRU(8, 8, num_layers=2, dropout=0.5, batch_first=True)

        def forward(self, x):
            return super().forward(self.memory(x.reshape(-1, 8, 8))[0].flatten(1))

    with Bench(Recurrent) as bench:
        assert bench.adapter.inexact_because() is None
        with torch.random.fork_rng():
            bench.fit(1)
        assert "draws from a generator that other cells share" in bench.adapter.inexact_because()
