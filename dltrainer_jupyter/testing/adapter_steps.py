"""What an adapter promises about batches, steps and measuring."""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

import random

import numpy as np
import pytest

from dltrainer_jupyter.testing.adapter_fixtures import AdapterFixtures, Make
from dltrainer_jupyter.testing.adapter_samples import BATCH_SIZE, Trainer, changed, floats


class StepsContract(AdapterFixtures):
    """Batches, steps and measuring."""

    # --- data ---------------------------------------------------------------------------------------

    def test_a_batch_holds_the_samples_that_seed_and_epoch_say(self, trainer: Make) -> None:
        """Also the last of an epoch, which is smaller, and those of another epoch."""
        made = trainer()
        for step in (0, 5, 8):
            batch, indices = made.batch(step), made.indices(step)
            assert batch.size == len(indices)
            assert batch.whole is None
            inputs, targets = made.adapter.arrays([batch.inputs]), made.adapter.arrays([batch.targets])
            assert np.array_equal(inputs[: batch.size], made.samples.inputs[indices])
            assert np.array_equal(targets[: batch.size], made.samples.targets[indices])

    def test_batches_cut_one_by_one_are_the_same(self, trainer: Make) -> None:
        """The switch for quick cutting changes no bit of a training, over the end of an epoch as well."""
        quick, plain = trainer(), trainer(fast={"batching": False})
        assert quick.step(8) == plain.step(8)

    def test_a_loaders_pair_is_inputs_and_targets(self, trainer: Make) -> None:
        """And trains as a batch that was cut does."""
        given, cut = trainer(), trainer()
        pair = (given.samples.inputs[given.indices(0)], given.samples.targets[given.indices(0)])
        batch = given.adapter.to_batch(pair)
        assert batch.size == len(pair[0])
        assert batch.whole is not None
        assert given.learn(batch) == cut.step()[0]

    def test_a_loaders_other_structure_is_inputs_alone(self, trainer: Make) -> None:
        """Its size is that of the first axis."""
        made = trainer()
        rows = {"left": np.ones((4, 2), np.float32), "right": np.zeros((4, 3), np.float32)}
        batch = made.adapter.to_batch(rows)
        assert batch.targets is None
        assert batch.size == 4
        assert np.array_equal(made.adapter.arrays([batch.inputs["right"]]), rows["right"])

    def test_augmentation_is_a_function_of_seed_epoch_and_batch(self, trainer: Make) -> None:
        """Whatever was augmented before; targets keep their order."""
        if "augmentation" not in self.supports:
            pytest.skip(f"{self.framework} doesn't augment")
        made, another = trainer(augmentation=["flip"]), trainer(augmentation=["flip"])
        of_another_seed = trainer(augmentation=["flip"], seed=4)
        batch = made.batch(0)

        def augmented(by: Trainer, epoch: int, index: int) -> bytes:
            return by.adapter.arrays([by.adapter.augment(batch, epoch, index).inputs]).tobytes()

        first = augmented(made, 1, 0)
        others = [augmented(made, 1, 1), augmented(made, 2, 0), augmented(of_another_seed, 1, 0)]
        assert len({first, *others, made.adapter.arrays([batch.inputs]).tobytes()}) == 5
        assert augmented(another, 1, 0) == augmented(made, 1, 0) == first

    # --- steps --------------------------------------------------------------------------------------

    def test_a_step_changes_weights_and_training_learns(self, trainer: Make) -> None:
        """Losses are finite and fall."""
        made = trainer()
        before = made.save()
        losses = made.step(30)
        after = made.save()
        assert changed(before.weights, after.weights)
        assert after.weights.keys() == before.weights.keys()
        assert np.isfinite(losses).all()
        assert np.mean(losses[-6:]) < np.mean(losses[:6])

    def test_the_same_seed_gives_the_same_bits(self, trainer: Make) -> None:
        """Weights, dropout and order come from it; another seed gives others."""
        one, same, other = trainer(), trainer(), trainer(seed=4)
        assert one.fingerprint() == same.fingerprint()
        assert changed(one.save().weights, other.save().weights)
        # In turns, so that one's random numbers would be missing in the other.
        assert [one.step() for _ in range(4)] == [same.step() for _ in range(4)]
        assert one.fingerprint() == same.fingerprint()

    def test_random_numbers_of_other_cells_are_apart(self, trainer: Make) -> None:
        """A training doesn't notice what others draw, and they don't notice that there is one."""
        alone = trainer()
        alone.step(3)
        self.disturb()
        disturbed = trainer()
        for _ in range(3):
            self.disturb()
            disturbed.step()
        assert disturbed.fingerprint() == alone.fingerprint()
        before = random.getstate(), np.random.get_state()[1].tobytes()  # type: ignore[index] # noqa: NPY002 - the global
        trainer().step(2)
        assert (random.getstate(), np.random.get_state()[1].tobytes()) == before  # type: ignore[index] # noqa: NPY002

    def test_dropout_draws_anew_in_each_step(self, trainer: Make) -> None:
        """At a rate of nearly nothing the same batch gives different losses."""
        made = trainer()
        made.adapter.set_learning_rate(made.state, 1e-30)
        assert len({made.learn(made.batch(0)) for _ in range(4)}) == 4

    def test_trying_a_batch_changes_nothing(self, trainer: Make) -> None:
        """Neither weights nor statistics nor random numbers; it tells how many outputs there are."""
        tried, left_alone = trainer(), trainer()
        before = tried.fingerprint()
        assert tried.check() == tried.width == 10
        assert tried.fingerprint() == before
        assert tried.step(2) == left_alone.step(2)

    def test_the_learning_rate_is_what_it_is_set_to(self, trainer: Make) -> None:
        """From the next step on."""
        made = trainer()
        assert made.adapter.learning_rate(made.state) == pytest.approx(0.01)
        start = made.save().weights
        made.step()
        learned = changed(start, made.save().weights)
        made.adapter.set_learning_rate(made.state, 1e-30)
        before = made.save().weights
        made.step()
        assert changed(before, made.save().weights) < learned

    def test_an_update_without_a_finite_loss_is_left_out_if_wanted(self, trainer: Make) -> None:
        """Else it ruins the weights."""
        outcomes = {}
        for choice in ("skip", "continue"):
            made = trainer(data="diabetes", on_nan=choice)
            made.step()
            bad = made.adapter.to_batch(
                (made.samples.inputs[:BATCH_SIZE], np.full_like(made.samples.targets[:BATCH_SIZE], np.inf))
            )
            assert not np.isfinite(made.learn(bad))
            outcomes[choice] = np.isfinite(floats(made.save().weights)).all()
        assert outcomes == {"skip": True, "continue": False}

    # --- measuring ----------------------------------------------------------------------------------

    def test_evaluation_changes_nothing(self, trainer: Make) -> None:
        """Neither state nor random numbers, and it is the same each time; after an error as well."""
        measured, left_alone = trainer(), trainer()
        measured.step(2)
        left_alone.step(2)
        before = measured.fingerprint()
        (loss, outputs), (again, _) = measured.evaluate(), measured.evaluate()
        assert loss == again
        assert outputs.shape == (BATCH_SIZE, 10)
        with pytest.raises(ZeroDivisionError), measured.adapter.evaluation(measured.state):
            _ = 1 / 0
        assert measured.fingerprint() == before
        assert measured.step(2) == left_alone.step(2)

    def test_a_predictor_gives_what_evaluation_does(self, trainer: Make) -> None:
        """From the saved weights alone; it shares nothing with the training."""
        made = trainer()
        made.step(3)
        _, outputs = made.evaluate()
        before = made.fingerprint()
        assert np.allclose(made.predict(), outputs, rtol=1e-4, atol=1e-5)
        assert made.fingerprint() == before

    def test_losses_and_outputs_come_to_the_host_in_order(self, trainer: Make) -> None:
        """Joined along the first axis, as ordinary arrays."""
        made = trainer()
        with made.adapter.evaluation(made.state) as measured:
            steps = [made.adapter.eval_step(made.recipe, measured, made.batch(step)) for step in (0, 1)]
        together = made.adapter.losses([output.loss for output in steps])
        assert isinstance(together, np.ndarray)
        assert together.dtype == np.float32
        assert together.shape == (2,)
        assert together.tolist() == [float(made.adapter.losses([output.loss])[0]) for output in steps]
        targets = made.adapter.arrays([output.targets for output in steps])
        wanted = np.concatenate([made.samples.targets[made.indices(step)] for step in (0, 1)])
        assert np.array_equal(targets, wanted)
