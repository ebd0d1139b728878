"""What an adapter promises that makes several steps in one call; skipped for one that doesn't.

:func:`check_splits` is for tests of an adapter's own as well, with models and recipes of its framework.
"""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import Batch, FullState, Samples, SeveralBatches, SeveralSteps, StepOutput
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.loop import pace
from dltrainer_jupyter.loop.collector import bytes_of
from dltrainer_jupyter.testing.adapter_fixtures import ABILITIES, AdapterFixtures, Make
from dltrainer_jupyter.testing.adapter_runs import WholeRun
from dltrainer_jupyter.testing.adapter_samples import Trainer, fingerprint

_TOGETHER = ("ema", "gradient_accumulation", "gradient_clipping")
_SINGLE = 0
"""A step by itself, in a split of steps into calls."""
_SPLITS = ([5], [2, 3], [1, 1, 1, 1, 1], [1, _SINGLE, 3])
RATES = [0.02, 0.02, 0.01, 0.03, 0.005]
"""One for each step of a split."""


class Stretching(Protocol):
    """What has an adapter at work, such as :class:`~dltrainer_jupyter.testing.adapter_samples.Trainer`.

    Attributes
    ----------
    adapter, recipe, state
        As the loop has them.
    steps : int
        Those made.
    """

    adapter: Any
    recipe: Any
    state: Any
    steps: int

    def batch(self, step: int, /) -> Batch:
        """Cut the batch of a step."""

    def stretch(self, count: int, rates: Sequence[float] | None = None) -> StepOutput:
        """Make the next steps in one call."""

    def save(self) -> FullState:
        """Copy the state."""

    def load(self, saved: FullState) -> None:
        """Go on from a state."""


class Outcome(NamedTuple):
    """All that can be seen of five steps, and of one more."""

    losses: list[float]
    outputs: list[Any] | None
    targets: list[Any] | None
    after: list[float]
    """The loss of the step after them, which has the rate that they left."""
    state: tuple[str, bytes]
    """Its fingerprint, after that step."""


def check_splits(made: Stretching, rates: Sequence[float] | None = None) -> Outcome:
    """Hold the first five steps, all of full batches, to giving the same bits however they are split into calls.

    Parameters
    ----------
    made : Stretching
        Has made no step yet, and has made none afterwards.
    rates : sequence of float, optional
        A learning rate for each step.
    """
    wanted = _outcome(made, [_SINGLE] * 5, rates)
    for split in _SPLITS:
        np.testing.assert_equal(_outcome(made, split, rates), wanted)
    return wanted


def _outcome(made: Stretching, split: Sequence[int], rates: Sequence[float] | None) -> Outcome:
    begin, given = made.save(), list[StepOutput]()
    for count in split:
        wanted = None if rates is None else rates[made.steps : made.steps + max(count, 1)]
        given.append(made.stretch(count, wanted) if count else _single(made, wanted))
    losses = made.adapter.losses([output.loss for output in given])
    outputs, targets = (
        None if values[0] is None else made.adapter.arrays(values).tolist()
        for values in ([output.outputs for output in given], [output.targets for output in given])
    )
    after = made.adapter.losses([_single(made, None).loss])
    left = fingerprint(made.save())
    made.load(begin)
    made.steps = 0
    return Outcome(losses.tolist(), outputs, targets, after.tolist(), left)


def _single(made: Stretching, rates: Sequence[float] | None) -> StepOutput:
    if rates is not None:
        made.adapter.set_learning_rate(made.state, rates[0])
    output: StepOutput
    made.state, output = made.adapter.train_step(made.recipe, made.state, made.batch(made.steps))
    made.steps += 1
    return output


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
        ("ability", "rates"), [("none", None), ("together", RATES), ("bf16-mixed", None), ("16-mixed", RATES)]
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
        check_splits(several(**settings), rates)

    @pytest.mark.parametrize("on_nan", ["skip", "continue"])
    def test_a_loss_that_is_not_finite_does_in_a_call_what_it_does_outside(self, several: Make, on_nan: str) -> None:
        """It leaves one batch out, or ruins the steps after it in the same call."""
        made = several(data="diabetes", batch_size=32, on_nan=on_nan)
        targets = made.samples.targets.copy()
        targets[made.indices(2)[0]] = np.inf
        made.use(Samples(made.samples.inputs, targets))
        losses = check_splits(made).losses
        assert np.isfinite(losses).tolist() == [True, True, False, *[on_nan == "skip"] * 2]

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

    def test_what_waits_on_the_device_tells_its_size(self, trainer: Make) -> None:
        """The loop goes by that when it brings outputs to the host, of single steps, several, and evaluation."""
        made = trainer()
        waiting = [_single(made, None)]
        if isinstance(made.adapter, SeveralSteps) and made.adapter.most_steps() > 1:
            waiting.append(made.stretch(2))
        with made.adapter.evaluation(made.state) as measured:
            waiting.append(made.adapter.eval_step(made.recipe, measured, made.batch(0)))
        for output in waiting:
            for given in (output.outputs, output.targets):
                assert bytes_of(given) >= made.adapter.arrays([given]).nbytes > 0

    @pytest.mark.parametrize("ability", ["none", "ema", "bf16-mixed"])
    def test_any_split_of_batches_into_calls_is_measured_alike(self, trainer: Make, ability: str) -> None:
        """Losses, outputs and targets, in the order of the batches, and nothing changes."""
        if ability not in {"none", *self.supports}:
            pytest.skip(f"{self.framework} doesn't support {ability}")
        made = trainer(**ABILITIES.get(ability, {}))
        adapter = made.adapter
        if not isinstance(adapter, SeveralBatches) or adapter.most_batches() < 5:
            pytest.skip(f"{self.framework} measures the batches of this model one by one")
        made.step()

        def measured(split: Sequence[int]) -> list[Any]:
            given, at = list[StepOutput](), 0
            with adapter.evaluation(made.state) as state:
                for count in split:
                    stretch, batch = made.batches(at, max(count, 1)), made.batch(at)
                    given.append(
                        adapter.eval_steps(made.recipe, state, stretch)
                        if count
                        else adapter.eval_step(made.recipe, state, batch)
                    )
                    at += stretch.steps
            shown = [output.outputs for output in given], [output.targets for output in given]
            return [adapter.losses([output.loss for output in given]), *map(adapter.arrays, shown)]

        before, wanted = made.fingerprint(), measured([_SINGLE] * 5)
        assert [len(values) for values in wanted] == [5, 5 * made.spec.batch_size, 5 * made.spec.batch_size]
        for split in _SPLITS:
            np.testing.assert_equal(measured(split), wanted)
        assert made.fingerprint() == before

    def test_a_run_ends_as_with_single_steps_suspended_or_not(
        self, several: Make, model: Any, optimizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the whole loop around it: schedule, metrics, curve, and a batch at the end that is smaller.

        However fast the machine is, each call makes twice as many steps as the one before.
        """
        several()
        monkeypatch.setattr(pace, "LONGEST", 3600.0)
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
