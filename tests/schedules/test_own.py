"""A person's own schedule: functions, objects and factories, without a framework."""

# ruff: noqa: ARG005 - what a function takes is told by its parameters, used or not

from __future__ import annotations

from typing import Any

import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.schedules.own import Around, check, own_schedule


def around(**changes: Any) -> Around:
    usual: dict[str, Any] = {"base": 0.1, "steps_per_epoch": 4, "epochs": 3, "interval": None}
    return Around(**{**usual, "parts": lambda: {"model": "net"}, "rates": lambda given, interval: None, **changes})


def factors(given: Any, **changes: Any) -> list[float]:
    schedule = own_schedule(given, around(**changes))
    return [schedule.factor(step) for step in (0, 3, 4, 8)]


def test_a_function_gives_the_rate_by_step_or_epoch_and_may_ask_for_more() -> None:
    assert factors(lambda epoch: 0.2 / (1 + epoch)) == pytest.approx([2, 2, 1, 2 / 3])
    assert factors(lambda step, learning_rate, *, total_steps: learning_rate * (1 - step / total_steps)) == (
        pytest.approx([1, 0.75, 2 / 3, 1 / 3])
    )
    assert factors(lambda step, /, low=0.05: max(0.1 - step, low)) == pytest.approx([1, 0.5, 0.5, 0.5])


def test_a_factory_of_the_model_makes_a_function() -> None:
    def make(net, epochs):
        return lambda epoch: len(net) / 10 / epochs * (epoch + 1)

    assert factors(make) == pytest.approx([1, 1, 2, 3])


def test_an_object_like_our_own_keeps_its_state() -> None:
    class Halves:
        needs_metric = True

        def __init__(self) -> None:
            self.share = 1.0

        def factor(self, step):
            return self.share

        def observe(self, value):
            self.share /= 2

        def state(self):
            return {"share": self.share}

        def load_state(self, state):
            self.share = state["share"]

    schedule, other = (own_schedule(Halves(), around()) for _ in range(2))
    schedule.observe(3.0)
    other.load_state(schedule.state())
    assert (schedule.needs_metric, schedule.factor(0), other.factor(9)) == (True, 0.5, 0.5)

    class Plain:
        def factor(self, step):
            return 1 / (1 + step)

    plain = own_schedule(Plain(), around())
    plain.observe(1.0)
    plain.load_state(plain.state())
    assert (plain.needs_metric, plain.factor(1)) == (False, 0.5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, r"scheduler: expected a name, a function of step or epoch, .*, got 3\."),
        (lambda step: -1.0, r"finite number that isn't negative, got -1\.0"),
        (lambda step: "much", r"finite number that isn't negative, got 'much'"),
        (lambda step, lr: lr, r"nothing called 'lr'; a function of step or epoch takes step, epoch, learning_rate"),
        (lambda optimizer: optimizer, r"there is no optimizer to give to a factory on this framework"),
        (lambda net: lambda model: model, r"scheduler: expected a name, a function of step"),
    ],
)
def test_what_is_no_schedule(given, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        factors(given)


def test_an_epoch_of_unknown_length() -> None:
    assert factors(lambda step: 0.1 / (1 + step), steps_per_epoch=None)[0] == 1
    for given in (lambda epoch: 0.1, lambda step, total_steps: 0.1, lambda steps_per_epoch: None):
        with pytest.raises(ConfigurationError, match=r"how many batches an epoch has.*set steps_per_epoch"):
            factors(given, steps_per_epoch=None)


class Cosine:
    def __init__(self, t_max: int) -> None:
        self.t_max = t_max


def test_what_is_refused_at_submit() -> None:
    check(lambda step, learning_rate: learning_rate, {"is": "f"}, has_rate=True)
    check(lambda optimizer: None, {"interval": "step"}, has_rate=True)
    for given, carried, words in (
        (lambda step: 1.0, {}, r"learning_rate: the function given as scheduler returns the rate itself"),
        (lambda optimizer: 1.0, {"interval": "batch"}, r"scheduler\.interval: expected step or epoch, got 'batch'"),
        (lambda optimizer: 1.0, {"gamma": 1}, r"scheduler\.gamma: a scheduler of your own has one setting"),
        (lambda epochz: 1.0, {}, r"nothing called 'epochz'.*Did you mean 'epochs'\?"),
        (
            type("Cosine", (), {"__init__": lambda self, t_max: None}),
            {},
            r"got the class Cosine; give lambda optimizer",
        ),
    ):
        with pytest.raises(ConfigurationError, match=words):
            check(given, carried, has_rate=True)
