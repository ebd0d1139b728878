"""What is true of every schedule, and where torch defines the same, that the numbers are the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError
from torch.optim import lr_scheduler

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Schedule
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.schedules.constant import Constant
from dltrainer_jupyter.schedules.cosine import Cosine
from dltrainer_jupyter.schedules.cosine_restarts import CosineRestarts
from dltrainer_jupyter.schedules.exponential import Exponential
from dltrainer_jupyter.schedules.inverse_sqrt import InverseSqrt
from dltrainer_jupyter.schedules.multi_step import MultiStep
from dltrainer_jupyter.schedules.one_cycle import OneCycle
from dltrainer_jupyter.schedules.plateau import Plateau
from dltrainer_jupyter.schedules.polynomial import Linear, Polynomial
from dltrainer_jupyter.schedules.step import Step

FROM_THE_BASE_RATE = [
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    InverseSqrt,
    Linear,
    MultiStep,
    Plateau,
    Polynomial,
    Step,
]
ALL = [*FROM_THE_BASE_RATE, OneCycle]
STEPS, EPOCHS = 7, 12
BASE = 0.03


def make(schedule: type, *, epochs: int = EPOCHS, mode: str = "min", **config):
    return schedule(validate(schedule.Config, config), STEPS, epochs, mode)


def rates_of_torch(make_scheduler, *, every: int = 1, steps: int = STEPS * EPOCHS) -> list[float]:
    """Rates torch uses for each step, when its scheduler is stepped after every so many of them."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make_scheduler(optimizer)
    rates = []
    for step in range(1, steps + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step % every == 0:
            scheduler.step()
    return rates


def rates(schedule) -> list[float]:
    return [BASE * schedule.factor(step) for step in range(STEPS * EPOCHS)]


TOTAL = STEPS * EPOCHS
OF_TORCH = {
    "exponential": (
        lambda: make(Exponential, gamma=0.9),
        lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
        STEPS,
    ),
    "multi_step": (
        lambda: make(MultiStep, milestones=[7, 2, 9], gamma=0.3),
        lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [2, 7, 9], gamma=0.3),
        STEPS,
    ),
    "linear": (
        lambda: make(Linear, min_factor=0.2),
        lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=1, end_factor=0.2, total_iters=TOTAL),
        1,
    ),
    "polynomial": (
        lambda: make(Polynomial, power=1.7),
        lambda optimizer: lr_scheduler.PolynomialLR(optimizer, total_iters=TOTAL, power=1.7),
        1,
    ),
    "cosine_restarts": (
        lambda: make(CosineRestarts, period_epochs=3, min_factor=0.1),
        lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=3 * STEPS, eta_min=BASE * 0.1),
        1,
    ),
    "cosine_restarts, longer each time": (
        lambda: make(CosineRestarts, period_epochs=1, period_factor=2),
        lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=STEPS, T_mult=2),
        1,
    ),
    "one_cycle": (
        lambda: make(OneCycle),
        lambda optimizer: lr_scheduler.OneCycleLR(optimizer, max_lr=BASE, total_steps=TOTAL, cycle_momentum=False),
        1,
    ),
    "one_cycle, linear, in three phases": (
        lambda: make(OneCycle, rising=0.4, start_divisor=10, end_divisor=100, anneal="linear", three_phases=True),
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=BASE,
            total_steps=TOTAL,
            pct_start=0.4,
            div_factor=10,
            final_div_factor=100,
            anneal_strategy="linear",
            three_phase=True,
            cycle_momentum=False,
        ),
        1,
    ),
}


@pytest.mark.parametrize("name", OF_TORCH)
def test_the_same_numbers_as_torchs(name: str) -> None:
    ours, theirs, every = OF_TORCH[name]
    expected = rates_of_torch(theirs, every=every, steps=TOTAL - 1)
    assert rates(ours())[: TOTAL - 1] == pytest.approx(expected, rel=1e-9)


def test_inverse_sqrt_with_a_timescale_as_long_as_the_warm_up_is_the_transformers() -> None:
    warm = 2 * STEPS
    found = make(InverseSqrt, warmup_epochs=2, timescale_epochs=2)
    assert [found.factor(step) for step in range(warm, TOTAL)] == pytest.approx(
        [(warm / step) ** 0.5 for step in range(warm, TOTAL)]
    )


@pytest.mark.parametrize("schedule", [Exponential, InverseSqrt, MultiStep, OneCycle, Plateau, Step])
def test_no_schedule_falls_below_its_lowest_factor(schedule: type) -> None:
    settings = {"step_epochs": 1} if schedule is Step else {}
    found = make(schedule, epochs=200, min_factor=0.3, **settings)
    for _ in range(40):
        found.observe(1.0)
    factors = [found.factor(step) for step in range(200 * STEPS)]
    assert min(factors) == 0.3


def test_a_smooth_exponential_meets_the_stairs_at_each_epoch() -> None:
    smooth, stairs = make(Exponential, smooth=True, gamma=0.8), make(Exponential, gamma=0.8)
    for epoch in range(EPOCHS):
        assert smooth.factor(epoch * STEPS) == pytest.approx(stairs.factor(epoch * STEPS))
        assert smooth.factor(epoch * STEPS + 1) < stairs.factor(epoch * STEPS + 1)


@pytest.mark.parametrize("lowest", [0.0, 0.1])
def test_cosine_is_that_of_torch(lowest: float) -> None:
    expected = rates_of_torch(
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS * EPOCHS, eta_min=BASE * lowest)
    )
    assert rates(make(Cosine, min_factor=lowest)) == pytest.approx(expected, rel=1e-9)


def test_cosine_after_a_warm_up_is_that_of_torch() -> None:
    warm = 2 * STEPS

    def scheduler(optimizer):
        rising = lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=warm)
        falling = lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS * EPOCHS - warm)
        return lr_scheduler.SequentialLR(optimizer, [rising, falling], milestones=[warm])

    assert rates(make(Cosine, warmup_epochs=2, warmup_start=0.25)) == pytest.approx(rates_of_torch(scheduler), rel=1e-9)


def test_step_is_that_of_torch() -> None:
    expected = rates_of_torch(lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.3), every=STEPS)
    assert rates(make(Step, step_epochs=3, gamma=0.3)) == pytest.approx(expected, rel=1e-12)


def test_a_warm_up_is_that_of_torch() -> None:
    expected = rates_of_torch(lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=0.2, total_iters=10))
    assert rates(make(Constant, warmup_epochs=10 / STEPS, warmup_start=0.2)) == pytest.approx(expected, rel=1e-9)


HISTORIES = {
    "falls, then stays": [1.0, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.39999, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3],
    "rises": [0.1 * number for number in range(1, 15)],
    "not a number": [1.0, float("nan"), float("nan"), float("nan"), 0.5, float("nan"), 0.6, 0.7],
    "never better": [0.5] * 20,
}


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("history", HISTORIES)
def test_plateau_is_that_of_torch(mode: str, history: str) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, mode=mode, factor=0.5, patience=2, threshold=0.01, min_lr=BASE * 0.1, eps=0
    )
    found = make(Plateau, mode=mode, factor=0.5, patience=2, threshold=0.01, min_factor=0.1)
    for number, value in enumerate(HISTORIES[history]):
        scheduler.step(value)
        found.observe(value)
        assert BASE * found.factor(number) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12), number


@pytest.mark.parametrize("schedule", ALL)
def test_factors_stay_between_zero_and_one(schedule: type) -> None:
    found = make(schedule, warmup_epochs=1.5)
    for step in range(3 * STEPS * EPOCHS):
        assert 0 <= found.factor(step) <= 1
        found.observe(1.0)


@pytest.mark.parametrize("schedule", FROM_THE_BASE_RATE)
def test_a_warm_up_rises_from_its_start_to_the_schedule(schedule: type) -> None:
    warm, cold = make(schedule, warmup_epochs=0.5, warmup_start=0.2), make(schedule)
    steps = round(0.5 * STEPS)
    assert warm.factor(0) == pytest.approx(0.2)
    assert all(warm.factor(step) < warm.factor(step + 1) for step in range(steps - 1))
    assert warm.factor(steps) == 1.0
    assert warm.warmup_steps == steps
    assert cold.factor(0) == 1.0


@pytest.mark.parametrize("schedule", ALL)
def test_a_saved_state_goes_on_to_the_same_bits(schedule: type) -> None:
    whole, first, second = (make(schedule, warmup_epochs=1) for _ in range(3))
    values = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
    expected = []
    for epoch, value in enumerate(values):
        expected.append([whole.factor(epoch * STEPS + step) for step in range(STEPS)])
        whole.observe(value)
    for value in values[:4]:
        first.observe(value)
    second.load_state(json.loads(json.dumps(first.state())))
    for epoch, value in list(enumerate(values))[4:]:
        assert [second.factor(epoch * STEPS + step) for step in range(STEPS)] == expected[epoch]
        second.observe(value)


@pytest.mark.parametrize("schedule", ALL)
def test_a_factor_is_a_function_of_step_and_state(schedule: type) -> None:
    forwards, backwards = make(schedule, warmup_epochs=2), make(schedule, warmup_epochs=2)
    steps = range(STEPS * EPOCHS)
    assert [forwards.factor(step) for step in steps] == [backwards.factor(step) for step in reversed(steps)][::-1]


def test_cosine_of_a_longer_run_follows_the_longer_wave() -> None:
    planned, extended = make(Cosine), make(Cosine, epochs=2 * EPOCHS)
    extended.load_state(planned.state())
    end = STEPS * EPOCHS
    assert planned.factor(end) == planned.factor(10 * end) == 0.0
    assert extended.factor(end) == pytest.approx(0.5)
    assert extended.factor(2 * end) == 0.0


@pytest.mark.parametrize("schedule", [Constant, CosineRestarts, Exponential, InverseSqrt, Plateau, Step])
def test_other_schedules_go_on_in_a_longer_run(schedule: type) -> None:
    planned, extended = make(schedule), make(schedule, epochs=2 * EPOCHS)
    for value in [0.5] * 8:
        planned.observe(value)
    extended.load_state(planned.state())
    assert [extended.factor(step) for step in range(200)] == [planned.factor(step) for step in range(200)]


def test_a_warm_up_as_long_as_the_run_is_all_there_is() -> None:
    found = make(Cosine, epochs=1, warmup_epochs=1, warmup_start=0)
    assert [found.factor(step) for step in range(STEPS)] == pytest.approx([step / STEPS for step in range(STEPS)])


def test_plateau_knows_better_below_zero() -> None:
    found = make(Plateau, mode="max", patience=0, threshold=0.01)
    for value in (-1.0, -0.9, -0.8):
        found.observe(value)
    assert found.factor(0) == 1.0
    found.observe(-0.8)  # torch would take this for an improvement
    assert found.factor(0) == pytest.approx(0.1)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_plateau_never_takes_infinity_for_better(mode: str) -> None:
    found = make(Plateau, mode=mode, patience=0)
    found.observe(float("inf") if mode == "max" else float("-inf"))
    assert found.factor(0) == pytest.approx(0.1)
    assert found.state()["best"] is None


def test_plateau_alone_asks_for_the_metric() -> None:
    assert [schedule.__name__ for schedule in ALL if schedule.needs_metric] == ["Plateau"]


@pytest.mark.parametrize("schedule", ALL)
def test_a_schedule_is_a_part_as_every_other(schedule: type) -> None:
    built: Schedule = make(schedule)
    assert built.factor(0) == pytest.approx(0.04 if schedule is OneCycle else 1.0)
    assert schedule.description.endswith(".")
    assert all(field["description"] for field in schedule.Config.model_json_schema()["properties"].values())
    with pytest.raises(ValidationError, match="Extra inputs"):
        schedule.Config(warmup=3)


@pytest.mark.parametrize(
    ("schedule", "config", "message"),
    [
        (Cosine, {"min_factor": 2}, "less than or equal to 1, got 2"),
        (Cosine, {"warmup_epoch": 2}, r"Did you mean 'warmup_epochs'\?"),
        (Constant, {"warmup_epochs": -1}, "greater than or equal to 0, got -1"),
        (Step, {"step_epochs": 0}, "greater than or equal to 1, got 0"),
        (Plateau, {"factor": 1}, "less than 1, got 1"),
        (Cosine, {"min_lr": 1e-5}, r"Did you mean 'min_factor'\?"),
        (MultiStep, {"milestones": [0]}, "greater than or equal to 1, got 0"),
        (OneCycle, {"rising": 0.6, "three_phases": True}, "rising is at most 0.5, got 0.6"),
    ],
)
def test_bad_settings_are_refused(schedule: type, config: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make(schedule, **config)


def test_schedules_import_no_framework() -> None:
    names = ", ".join({schedule.__module__ for schedule in ALL})
    code = f"import sys, {names}\nprint([name for name in ('torch', 'numpy', 'sklearn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_stairs_that_nobody_named_are_two_or_one() -> None:
    """Half and three quarters of a run of two epochs are the same place."""
    for epochs, places in {1: [], 2: [1], 3: [1, 2], 8: [4, 6]}.items():
        stairs = MultiStep(MultiStep.Config(gamma=0.5), steps_per_epoch=1, epochs=epochs)
        assert [stairs.factor(step) for step in range(epochs)] == [
            0.5 ** sum(place <= step for place in places) for step in range(epochs)
        ]
