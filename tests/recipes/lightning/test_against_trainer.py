"""What a module sees and becomes is what Lightning's own Trainer makes of it: hooks, arguments, metrics, weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.recipes.lightning.bench import Bench, assert_same_weights, by_trainer
from tests.recipes.lightning.modules import (
    Adversaries,
    Classifier,
    Deciding,
    Logger,
    Recording,
    Scheduled,
    Transferring,
)

SCHEDULERS = ("none", "list", "lists", "step", "lambda", "plateau", "plateau_step", "two", "one_cycle")


def both(make: Any, epochs: int = 3, *, validates: bool = True, trainer: Any = None, **settings: Any) -> Any:
    """Train with our loop, also by Lightning's own calls alone, and with its Trainer; weights have the same bits."""
    theirs = by_trainer(make, epochs, validates=validates, **(trainer or {}))
    plain, direct = (
        _by_us(make, epochs, validates=validates, fast={"direct_calls": direct}, **settings) for direct in (False, True)
    )
    for bench in (plain, direct):
        assert_same_weights(bench.module, theirs)
    assert direct.history == plain.history
    assert getattr(direct.module, "calls", None) == getattr(plain.module, "calls", None)
    return direct, theirs


def _by_us(make: Any, epochs: int, **settings: Any) -> Bench:
    with Bench(make, epochs, **settings) as bench:
        return bench.fit()


def recorded(kind: type, *arguments: Any) -> Any:
    class Recorded(Recording, kind):
        pass

    return lambda: Recorded(*arguments)


@pytest.mark.parametrize("validates", [True, False])
@pytest.mark.parametrize(
    "make",
    [recorded(Classifier), recorded(Adversaries), recorded(Deciding), recorded(Transferring)],
    ids=["automatic", "manual", "deciding", "transferring"],
)
def test_hooks_come_in_the_same_order_with_the_same_arguments(make, validates) -> None:
    bench, theirs = both(make, 2, validates=validates)
    assert len(theirs.calls) > 50
    assert bench.module.calls == theirs.calls


@pytest.mark.parametrize("which", SCHEDULERS)
def test_schedulers_are_stepped_as_the_trainer_steps_them(which) -> None:
    bench, theirs = both(recorded(Scheduled, which))
    assert bench.module.calls == theirs.calls
    rate = bench.state.optimizers["optimizer"].param_groups[0]["lr"]
    assert rate == theirs.made[0].param_groups[0]["lr"]
    assert (rate == 0.1) == (which in {"none", "list"})


@pytest.mark.parametrize(
    ("settings", "trainer"),
    [
        ({"gradient_clipping": 0.5}, {"gradient_clip_val": 0.5, "gradient_clip_algorithm": "norm"}),
        ({"gradient_clipping": {"value": 0.01}}, {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"}),
        ({"gradient_accumulation": 2}, {"accumulate_grad_batches": 2}),
        (
            {"gradient_accumulation": 4, "gradient_clipping": 0.5},
            {"accumulate_grad_batches": 4, "gradient_clip_val": 0.5, "gradient_clip_algorithm": "norm"},
        ),
        ({"precision": "bf16-mixed"}, {"precision": "bf16-mixed"}),
    ],
)
def test_settings_of_ours_do_what_the_trainers_do(settings, trainer) -> None:
    bench, theirs = both(recorded(Scheduled, "step"), trainer=trainer, **settings)
    assert bench.module.calls == theirs.calls


@pytest.mark.parametrize(("make", "few"), [(Classifier, 3), (Logger, 10), (Adversaries, 2)])
def test_what_is_logged_has_the_trainers_values(make, few) -> None:
    bench, theirs = both(make)
    measured = theirs.measured
    ours = {name: float(value) for name, value in bench.module.trainer.callback_metrics.items()}
    assert ours == measured
    reported = bench.history[-1]
    assert len(reported) >= few
    assert reported == {name: measured[name] for name in reported}
    # Nothing of an epoch is left out: what a step logs is there under its plain name, too.
    assert {name.removesuffix("_step").removesuffix("_epoch") for name in measured} - {"train_loss"} == set(reported)


def test_what_a_progress_bar_shows_is_there_for_the_module() -> None:
    seen = {}

    class Looking(Logger):
        def on_train_epoch_end(self) -> None:
            super().on_train_epoch_end()
            shown, logged = self.trainer.progress_bar_metrics, self.trainer.logged_metrics
            seen.setdefault(type(self.trainer).__name__, []).append(
                (dict(shown), {name: float(value) for name, value in logged.items()})
            )

    both(Looking)
    assert seen["StandIn"] == seen["Trainer"] * 2
    assert "both_step" in seen["StandIn"][0][0]


def test_a_module_without_validation_step_is_not_validated() -> None:
    class Blind(Classifier):
        validation_step = torch.nn.Module.__dict__.get("validation_step")

    Blind.validation_step = Blind.__mro__[2].validation_step
    bench, _ = both(recorded(Blind))
    assert not [name for name, *_ in bench.module.calls if "validation" in name]
    assert set(bench.history[-1]) == {"train_accuracy"}


def test_a_module_may_have_no_optimizer() -> None:
    class Idle(Classifier):
        def configure_optimizers(self) -> None:
            return None

    with pytest.warns(UserWarning, match="will run with no optimizer"):
        bench, _ = both(Idle, 1)
    assert bench.state.optimizers == {}
    assert bench.recipe.own_rate(bench.state) is None


def test_what_pytorch_lightning_calls_a_module_trains_as_well() -> None:
    import pytorch_lightning

    class Theirs(pytorch_lightning.LightningModule):
        __init__ = Classifier.__init__
        forward = Classifier.forward
        training_step = Classifier.training_step
        configure_optimizers = Classifier.configure_optimizers

    Theirs.__init__ = lambda self: (pytorch_lightning.LightningModule.__init__(self), _net(self))[0]
    with Bench(Theirs, 1, validates=False) as bench, Bench(Classifier, 1, validates=False) as other:
        assert_same_weights(bench.fit().module, other.fit().module)
        assert bench.history == other.history


def _net(module: Any) -> None:
    module.net = Classifier().net
