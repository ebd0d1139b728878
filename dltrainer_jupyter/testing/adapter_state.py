"""What an adapter promises about the state of a training, alone and in a whole run."""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.testing.adapter_fixtures import ABILITIES, AdapterFixtures, Make
from dltrainer_jupyter.testing.adapter_runs import WholeRun
from dltrainer_jupyter.testing.adapter_samples import BATCH_SIZE, Trainer, changed, fingerprint, misfits

_TOGETHER = ("ema", "gradient_accumulation", "gradient_clipping", "augmentation")


class StateContract(AdapterFixtures):
    """Saving, loading, going on."""

    # --- state --------------------------------------------------------------------------------------

    def test_a_saved_state_is_a_copy(self, trainer: Make) -> None:
        """Later steps don't change it, and it holds the weights of the nets by name."""
        made = trainer()
        made.step(2)
        saved = made.save()
        before = fingerprint(saved)
        made.step(2)
        assert fingerprint(saved) == before
        assert all(name.partition(".")[0] in made.state.nets for name in saved.weights)

    def test_what_is_saved_while_measuring_is_the_state_of_the_training(self, trainer: Make) -> None:
        """A run may be left in the middle of a validation, in which averaged weights stand in for its own."""
        made = trainer(**ABILITIES["ema"] if "ema" in self.supports else {})
        made.step(3)
        before = made.fingerprint()
        outcome, _ = made.evaluate()
        with made.adapter.evaluation(made.state) as measured:
            made.adapter.eval_step(made.recipe, measured, made.batch(0))
            assert made.fingerprint() == before
        assert made.evaluate()[0] == outcome

    @pytest.mark.parametrize("ability", ["none", *ABILITIES])
    def test_training_goes_on_bit_for_bit_or_the_wish_is_refused(
        self, trainer: Make, tmp_path: Path, ability: str
    ) -> None:
        """From real files, in a trainer that has trained elsewhere; each ability makes a difference."""
        settings = ABILITIES.get(ability, {})
        if ability != "none" and ability not in self.supports:
            with pytest.raises(ConfigurationError, match=next(iter(settings))):
                trainer(**settings)
            return
        undisturbed = trainer(**settings)
        _goes_on(undisturbed, lambda: trainer(**settings), tmp_path)
        if settings:
            without = trainer()
            without.step(undisturbed.steps)
            assert without.evaluate()[0] != undisturbed.evaluate()[0]

    def test_training_goes_on_bit_for_bit_with_everything_together(self, trainer: Make, tmp_path: Path) -> None:
        """In the middle of an accumulation, with a half-way average."""
        settings: dict[str, Any] = {}
        for ability in _TOGETHER:
            settings |= ABILITIES[ability] if ability in self.supports else {}
        _goes_on(trainer(**settings), lambda: trainer(**settings), tmp_path)

    @pytest.mark.parametrize("case", ["a weight is missing", "a weight too many", "another shape", "another dtype"])
    def test_what_does_not_fit_is_refused_before_anything_is_written(self, trainer: Make, case: str) -> None:
        """In one sentence for a person."""
        other, made = trainer(), trainer(seed=4)
        other.step(2)
        made.step()
        before = made.fingerprint()
        with pytest.raises(CheckpointError):
            made.load(misfits(other.save())[case])
        assert made.fingerprint() == before

    def test_another_optimizers_state_is_refused_before_anything_is_written(
        self, trainer: Make, other_optimizer: Any
    ) -> None:
        """Both ways round."""
        made, other = trainer(), trainer(optimizer=other_optimizer)
        for one, two in ((made, other), (other, made)):
            one.step()
            two.step()
            before = one.fingerprint()
            with pytest.raises(CheckpointError):
                one.load(two.save())
            assert one.fingerprint() == before

    def test_another_run_begins_with_these_weights(self, trainer: Make) -> None:
        """With fresh optimizers."""
        trained, fresh, begun = trainer(), trainer(seed=4), trainer(seed=4)
        trained.step(3)
        begun.adapter.begin_with(begun.state, trained.save().weights)
        assert not changed(trained.save().weights, begun.save().weights)
        assert not changed(fresh.save().optimizer, begun.save().optimizer)

    def test_averaged_weights_are_measured_and_predict(self, trainer: Make) -> None:
        """While training goes on with its own; a checkpoint with an average doesn't fit a run without, nor back."""
        if "ema" not in self.supports:
            pytest.skip(f"{self.framework} keeps no averages")
        averaged, plain = trainer(ema=0.9), trainer()
        assert averaged.step(4) == plain.step(4)
        weights, without = averaged.save().weights, plain.save().weights
        assert not changed(weights, without)
        names = {name for name in weights if "@ema." in name}
        assert {name.replace("@ema.", ".") for name in names} <= without.keys()
        outputs = averaged.evaluate()[1]
        assert not np.allclose(outputs, plain.evaluate()[1])
        assert np.allclose(averaged.predict(), outputs, rtol=1e-4, atol=1e-5)
        for one, two in ((averaged, plain), (plain, averaged)):
            before = one.fingerprint()
            with pytest.raises(CheckpointError, match="average"):
                one.load(two.save())
            assert one.fingerprint() == before

    # --- a whole run --------------------------------------------------------------------------------

    def test_a_run_that_was_suspended_ends_as_if_left_alone(self, model: Any, optimizer: Any, tmp_path: Path) -> None:
        """Suspended in the middle of an epoch and taken up again, with the whole loop around it.

        Steps are made one by one, so that it is known where that is.
        """
        settings = {
            "framework": self.framework,
            "model": model,
            "optimizer": optimizer,
            "data": "digits",
            "metrics": ["accuracy"],
            "epochs": 3,
            "batch_size": BATCH_SIZE,
            "learning_rate": 0.01,
            "fast": {"several_steps": False},
        }
        alone, suspended = WholeRun(tmp_path, **settings), WholeRun(tmp_path, **settings)
        ended = alone.train()
        assert (ended.state, ended.error, ended.exact) == (State.COMPLETED, None, True)
        left = suspended.train(suspend_after=9)
        assert (left.state, left.error) == (State.SUSPENDED, None)
        assert 6 < left.progress.step < 12
        again = suspended.train()
        assert (again.state, again.error, again.exact) == (State.COMPLETED, None, True)
        assert suspended.last.digest == alone.last.digest
        assert suspended.history() == alone.history()
        losses, epochs = alone.history()
        assert len(losses) == ended.progress.step == 18
        assert epochs[-1]["val_loss"] < epochs[0]["val_loss"]


def _goes_on(undisturbed: Trainer, another: Callable[[], Trainer], folder: Path) -> None:
    """Train into the second epoch, write real files, train on; and the same from the files, elsewhere."""
    undisturbed.step(7)
    path = undisturbed.write(folder)
    saved = undisturbed.fingerprint()
    losses = undisturbed.step(6)
    resumed = another()
    resumed.step(2)
    resumed.read(path)
    assert resumed.fingerprint() == saved
    assert resumed.step(6) == losses
    assert resumed.fingerprint() == undisturbed.fingerprint()
    assert resumed.evaluate()[0] == undisturbed.evaluate()[0]
