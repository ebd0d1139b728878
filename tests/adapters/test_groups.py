"""Parameters that are frozen or learn in a way of their own, told by patterns of their names, on every framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.testing.adapter_samples import Trainer, changed

FRAMEWORKS = ("pytorch", "tensorflow", "jax")
MODEL = {"type": "mlp", "hidden": [8], "batch_norm": True}


def trainer(framework: str, *groups: dict[str, Any], **settings: Any) -> Trainer:
    usual = {"model": MODEL, "data": "wine", "batch_size": 32, "optimizer": "sgd", "learning_rate": 0.1}
    return Trainer(**usual | {"framework": framework, "parameter_groups": groups} | settings)


def values(made: Trainer) -> dict[str, Any]:
    return {name: np.frombuffer(raw.data, "<f4") for name, raw in made.save().weights.items() if raw.dtype == "F32"}


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_frozen_layers_stay_to_the_bit_statistics_of_batches_too(framework: str) -> None:
    with trainer(framework, {"match": "norm*", "freeze": True}, {"match": "output.bias", "freeze": True}) as made:
        before = made.save().weights
        made.step(3)
        found = changed(before, made.save().weights)
    assert {name for name in found if "bias" in name or "norm" in name} == {
        name for name in before if "bias" in name and "norm" not in name and "output" not in name
    }
    assert any("output" in name for name in found)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_layer_that_is_frozen_in_part_keeps_its_statistics_going(framework: str) -> None:
    weight = {"pytorch": "weight", "tensorflow": "gamma", "jax": "scale"}[framework]
    with trainer(framework, {"match": f"norm*.{weight}", "freeze": True}) as made:
        before = made.save().weights
        made.step(2)
        found = {name for name in changed(before, made.save().weights) if "norm" in name}
    assert {name for name in before if "norm" in name} - found == {
        name for name in before if name.endswith(weight) and "norm" in name
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_rate_and_a_weight_decay_of_their_own(framework: str) -> None:
    """One step of plain descent tells both: a rate divides what changes, a decay adds the weight itself."""
    groups = {"match": "output.bias", "lr_multiplier": 0.25}, {"match": "output.*", "weight_decay": 0.5}
    with trainer(framework) as plain, trainer(framework, *groups) as made:
        before = values(plain)
        assert all(np.array_equal(value, before[name]) for name, value in values(made).items())
        plain.step()
        made.step()
        usual, own = values(plain), values(made)
    for name, start in before.items():
        change = usual[name] - start
        if name.endswith("output.bias"):
            wanted = change / 4
        elif "output" in name:
            wanted = change - 0.1 * 0.5 * start
        else:
            wanted = change
        np.testing.assert_allclose(own[name] - start, wanted, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_another_rate_keeps_proportions_and_training_goes_on_to_the_bit(framework: str) -> None:
    groups = (
        {"match": "norm*", "freeze": True},
        {"match": "*.bias", "lr_multiplier": 0.25, "weight_decay": 0},
        {"match": "output.*", "lr_multiplier": 2},
    )
    settings = {"optimizer": {"type": "nadam", "weight_decay": 0.1}}
    with trainer(framework, *groups, **settings) as made, trainer(framework, *groups, **settings) as again:
        made.step(2)
        made.adapter.set_learning_rate(made.state, 0.0)
        before = values(made)
        made.step()
        assert all(np.array_equal(value, before[name]) for name, value in values(made).items())
        made.adapter.set_learning_rate(made.state, 0.02)
        saved = made.save()
        losses = made.step(3)
        again.steps = made.steps - 3
        again.load(saved)
        assert again.step(3) == losses
        assert again.fingerprint() == made.fingerprint()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_pattern_that_matches_nothing_names_what_comes_near(framework: str) -> None:
    cases = {
        "output": "no parameter is called 'output'. Did you mean 'output.*'?",
        "outptu.*": "'outptu.*' matches no parameter. Did you mean 'output.*'?",
    }
    for pattern, message in cases.items():
        with pytest.raises(ConfigurationError) as refusal:
            trainer(framework, {"match": "*.bias", "lr_multiplier": 2}, {"match": pattern, "freeze": True})
        assert str(refusal.value).startswith(f"parameter_groups.1.match: {message}")
    with pytest.raises(ConfigurationError, match="takes before it; the first match decides"):
        trainer(framework, {"match": "*"}, {"match": "output.*", "freeze": True})
    with pytest.raises(ConfigurationError, match="nothing to train: parameter_groups freeze all of it"):
        trainer(framework, {"match": "*", "freeze": True})


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"match": "a", "freeze": True, "lr_multiplier": 2}, "what is frozen .a. learns nothing"),
        ({"match": "a", "lr_multiplier": -1}, "greater than or equal to 0"),
        ({"match": ""}, "at least 1 character"),
        ({"freeze": True}, "match"),
    ],
)
def test_groups_that_make_no_sense_are_refused(group: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RunSpec(model="mlp", data="wine", parameter_groups=[group])


@pytest.mark.parametrize(("key", "likely"), [("learning_rate", "lr_multiplier"), ("weight_decy", "weight_decay")])
def test_a_misspelt_setting_of_a_group_names_the_likely_one(key: str, likely: str) -> None:
    group = {"match": "*", key: 0.1}
    with pytest.raises(ConfigurationError, match=rf"'parameter_groups.0.{key}'. Did you mean '{likely}'"):
        validate(RunSpec, {"model": "mlp", "data": "wine", "parameter_groups": [group]})
