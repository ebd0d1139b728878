"""What an adapter promises that makes several steps in one call; skipped for one that doesn't."""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import Samples, SeveralSteps, StepOutput
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.loop import stepping
from dltrainer_jupyter.testing.adapter_fixtures import ABILITIES, AdapterFixtures, Make
from dltrainer_jupyter.testing.adapter_runs import WholeRun
from dltrainer_jupyter.testing.adapter_samples import Trainer

_TOGETHER = ("ema", "gradient_accumulation", "gradient_clipping")
_SINGLE = 0
"""A step by itself, in a split of steps into calls."""
_SPLITS = ([5], [2, 3], [1, 1, 1, 1, 1], [1, _SINGLE, 3])
_RATES = [0.02, 0.02, 0.01, 0.03, 0.005]
"""One for each step of a split."""


class StretchesContract(AdapterFixtures):
    """Several steps in one call."""

    @pytest.fixture
    def several(self, trainer: Make) -> Make:
        """Make trainers as ``trainer`` does, which make several steps of this model in one call."""

        def make(**settings: Any) -> Trainer:
            made = trainer(**settings)
            if not isinstance(made.adapter, SeveralSteps):
                pytest.skip(f"{self.framework} makes steps one by one")
            if made.adapter.most_steps() < 5:
                pytest.skip(f"{self.framework} makes the steps of this model one by one")
            return made

        return make

    @pytest.mark.parametrize(
        ("ability", "rates"), [("none", None), ("together", _RATES), ("bf16-mixed", None), ("16-mixed", _RATES)]
    )
    def test_any_split_of_steps_into_calls_gives_the_bits_of_single_ones(
        self, several: Make, ability: str, rates: Sequence[float] | None
    ) -> None:
        """State, losses, outputs and targets, in the order of the steps; the last learning rate stays."""
        settings: dict[str, Any] = {}
        for name in _TOGETHER if ability == "together" else (ability,):
            settings |= ABILITIES[name] if name in self.supports else {}
        if not settings and ability != "none":
            pytest.skip(f"{self.framework} doesn't support {ability}")
        made = several(**settings)
        wanted = _outcome(made, [_SINGLE] * 5, rates)
        for split in _SPLITS:
            np.testing.assert_equal(_outcome(made, split, rates), wanted)

    @pytest.mark.parametrize("on_nan", ["skip", "continue"])
    def test_a_loss_that_is_not_finite_does_in_a_call_what_it_does_outside(self, several: Make, on_nan: str) -> None:
        """It leaves one batch out, or ruins the steps after it in the same call."""
        made = several(data="diabetes", batch_size=32, on_nan=on_nan)
        targets = made.samples.targets.copy()
        targets[made.indices(2)[0]] = np.inf
        made.use(Samples(made.samples.inputs, targets))
        wanted = _outcome(made, [_SINGLE] * 5)
        assert np.isfinite(wanted[0]).tolist() == [True, True, False, *[on_nan == "skip"] * 2]
        for split in _SPLITS:
            np.testing.assert_equal(_outcome(made, split), wanted)

    def test_training_goes_on_bit_for_bit_between_two_calls(self, several: Make, tmp_path: Path) -> None:
        """From real files, in a trainer that has trained elsewhere."""
        undisturbed, resumed = several(), several()
        undisturbed.stretch(2)
        path = undisturbed.write(tmp_path)
        undisturbed.stretch(3)
        resumed.stretch(4)
        resumed.read(path)
        resumed.stretch(3)
        assert resumed.fingerprint() == undisturbed.fingerprint()

    def test_how_many_steps_a_call_can_hold_stays_as_it_is(self, several: Make) -> None:
        """Whoever goes on with the run, and however far it is, is told the same."""
        one, other = several(), several(seed=4)
        before = _most(one), _most(other)
        other.stretch(3)
        assert len({*before, _most(one), _most(other), _most(several())}) == 1

    def test_what_waits_on_the_device_tells_its_size(self, several: Make) -> None:
        """The loop goes by that when it brings outputs to the host."""
        made = several()
        output = made.stretch(4)
        for given in (output.outputs, output.targets):
            assert int(given.nbytes) >= made.adapter.arrays([given]).nbytes > 0

    def test_a_run_ends_as_with_single_steps_suspended_or_not(
        self, several: Make, model: Any, optimizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the whole loop around it: schedule, metrics, curve, and a batch at the end that is smaller.

        However fast the machine is, each call makes twice as many steps as the one before.
        """
        several()
        monkeypatch.setattr(stepping, "_LONGEST", 3600.0)
        settings = {
            "framework": self.framework,
            "model": model,
            "optimizer": optimizer,
            "data": "digits",
            "metrics": ["accuracy"],
            "epochs": 2,
            "batch_size": 64,
            "scheduler": "cosine",
        }
        single = WholeRun(tmp_path, **settings, fast={"several_steps": False})
        together, suspended = WholeRun(tmp_path, **settings), WholeRun(tmp_path, **settings)
        for run in (single, together):
            ended = run.train()
            assert (ended.state, ended.error, ended.exact) == (State.COMPLETED, None, True)
        left = suspended.train(suspend_after=3)
        assert (left.state, left.error) == (State.SUSPENDED, None)
        assert left.progress.step == 1 + 2 + 4
        again = suspended.train()
        assert (again.state, again.error, again.exact) == (State.COMPLETED, None, True)
        assert suspended.last.digest == together.last.digest == single.last.digest
        assert suspended.history() == together.history() == single.history()


def _most(made: Trainer) -> int:
    assert isinstance(made.adapter, SeveralSteps)
    return made.adapter.most_steps()


def _outcome(made: Trainer, split: Sequence[int], rates: Sequence[float] | None = None) -> tuple[Any, ...]:
    """Make the first steps by calls of so many, or single ones, and one more; give all that can be seen of them."""
    begin, given = made.save(), list[StepOutput]()
    for count in split:
        wanted = None if rates is None else rates[made.steps : made.steps + max(count, 1)]
        given.append(made.stretch(count, wanted) if count else _single(made, wanted))
    losses = made.adapter.losses([output.loss for output in given])
    outputs = made.adapter.arrays([output.outputs for output in given])
    targets = made.adapter.arrays([output.targets for output in given])
    after = made.step(), made.fingerprint()
    made.load(begin)
    made.steps = 0
    return losses.tolist(), outputs.tolist(), targets.tolist(), after


def _single(made: Trainer, rates: Sequence[float] | None) -> StepOutput:
    if rates is not None:
        made.adapter.set_learning_rate(made.state, rates[0])
    made.state, output = made.adapter.train_step(made.recipe, made.state, made.batch(made.steps))
    made.steps += 1
    return output
