"""Every optimizer goes on to the bit where it left off, and learns, on every framework."""

from __future__ import annotations

import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.testing.adapter_samples import Trainer

FRAMEWORKS = ("pytorch", "tensorflow", "jax")
OFTEN = ("pytorch", "nadam", "rmsprop")
"""On the other frameworks most share one way to step and to be saved."""
SETTINGS = {
    "rmsprop": {"centered": True, "momentum": 0.9},
    "nadam": {"weight_decay": 0.1},
    "lamb": {"weight_decay": 0.1},
}
RATES = {"lion": 1e-2, "adadelta": None, "adagrad": 0.1, "sgd": 0.1, "radam": 0.1}
ALL = [(framework, name) for framework in FRAMEWORKS for name in registry.names("optimizers", framework)]


def test_slots_that_were_made_before_the_weights_were_laid_out_lie_as_they_do() -> None:
    """Adagrad makes its sums at once, and a fused step takes them as they lie in memory."""
    settings = {
        "model": {"type": "cnn", "channels": [3, 5], "hidden": 0},
        "data": "digits",
        "batch_size": 256,
        "optimizer": "adagrad",
    }
    with Trainer(**settings) as made, Trainer(**settings) as again:
        made.step(2)
        again.load(made.save())
        again.steps = 2
        assert again.step(2) == made.step(2)
        assert again.fingerprint() == made.fingerprint()


@pytest.mark.parametrize(
    ("framework", "name"),
    [pytest.param(*it, marks=() if {*it} & {*OFTEN} else pytest.mark.slow) for it in ALL],
)
def test_it_goes_on_to_the_bit_and_learns(framework: str, name: str) -> None:
    settings = {
        "framework": framework,
        "model": {"type": "mlp", "hidden": [6]},
        "data": "wine",
        "batch_size": 64,
        "optimizer": {"type": name, **SETTINGS.get(name, {})},
        "learning_rate": RATES.get(name, 0.01),
    }
    with Trainer(**settings) as made, Trainer(**settings) as again:
        losses = made.step(5)
        saved = made.save()
        losses += made.step(25)
        again.step(2)
        again.load(saved)
        again.steps = 5
        assert again.step(25) == losses[5:]
        assert again.fingerprint() == made.fingerprint()
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
