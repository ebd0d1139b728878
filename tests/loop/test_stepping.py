"""How many steps a call makes, and which."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.protocols import Batch, Samples, StepOutput, Stretch
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop.changes import Changes
from dltrainer_jupyter.loop.feed import SampleFeed
from dltrainer_jupyter.loop.pace import Pace
from dltrainer_jupyter.loop.stepping import OneByOne, SeveralAtOnce, Stepper
from dltrainer_jupyter.schedules.constant import Constant
from dltrainer_jupyter.schedules.cosine import Cosine


def test_the_pace_comes_to_what_fits_step_by_step() -> None:
    """With steps of 0.1 ms and calls of 20 ms it doubles from one step to two hundred."""
    pace, paces = Pace(1000), []
    for _ in range(10):
        paces.append(pace.steps)
        pace.took(pace.steps, pace.steps * 0.0001)
    assert paces == [1, 2, 4, 8, 16, 32, 64, 128, 200, 200]


def test_a_call_holds_no_more_than_it_can() -> None:
    pace = Pace(16)
    for _ in range(10):
        pace.took(pace.steps, 0.0)
    assert pace.steps == 16


def test_a_call_that_took_long_slows_down_at_once() -> None:
    """Such as one beside a process that has begun to use the same core."""
    pace = Pace(1000)
    for _ in range(8):
        pace.took(pace.steps, pace.steps * 0.0001)
    pace.took(128, 128 * 0.01)
    assert pace.steps == 2
    pace.took(2, 1.0)
    assert pace.steps == 1


def test_the_end_of_an_epoch_says_nothing_of_the_pace() -> None:
    pace = Pace(1000)
    for _ in range(8):
        pace.took(pace.steps, pace.steps * 0.0001)
    before = pace.steps
    pace.took(3, 3 * 0.0001)
    assert pace.steps == before


# --- where calls end ----------------------------------------------------------------------------------------------

SIZE = 2
SAMPLES = 25 * SIZE


class Noting:
    """An adapter that notes what each call makes, 0 for a single step, and which rate is set before each step."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.rates: list[float | None] = []
        self._set: float | None = None

    def place(self, samples: Samples) -> Samples:
        return samples

    def order(self, placed: Samples, indices: Any) -> Any:
        return indices

    def batch(self, placed: Samples, order: Any, start: int, stop: int) -> Batch:
        return Batch(order[start:stop], None, stop - start)

    def set_learning_rate(self, state: Any, rate: float) -> None:
        self._set = rate

    def train_step(self, recipe: Any, state: Any, batch: Batch) -> tuple[Any, StepOutput]:
        self.calls.append(0)
        self.rates.append(self._set)
        self._set = None
        return state, StepOutput(None, None, None, batch.size)

    def train_steps(self, recipe: Any, state: Any, stretch: Stretch, rates: Any) -> tuple[Any, StepOutput]:
        self.calls.append(stretch.steps)
        self.rates += [None] * stretch.steps if rates is None else rates.tolist()
        return state, StepOutput(None, None, None, stretch.size, stretch.steps)


class Doubling(Pace):
    """However fast the machine is."""

    def took(self, steps: int, seconds: float) -> None:
        super().took(steps, 0.0)


def trained(
    schedule: Any,
    *,
    several: bool,
    samples: int = SAMPLES,
    base_rate: float | None = 0.1,
    in_force: float | None = None,
    later: dict[int, float] | None = None,
) -> Noting:
    """Train two epochs; ``later`` is what a person sets the base rate to, by the number of steps made."""
    adapter: Any = Noting()
    spec = RunSpec(framework="jax", model={"type": "mlp"}, data="digits", batch_size=SIZE)
    feed = SampleFeed(adapter, Samples(np.zeros(samples), np.zeros(samples)), spec)
    parts = SimpleNamespace(adapter=adapter, feed=feed, recipe=None, state=None, schedule=schedule)
    training: Any = SimpleNamespace(
        parts=parts, base_rate=base_rate, rate=base_rate, rate_in_force=in_force, step=0, changes=Changes()
    )
    stepper: Stepper = OneByOne(training)
    if several:
        stepper = SeveralAtOnce(training, adapter, feed, Doubling(16), stepper)
    for training.epoch in (1, 2):
        training.consumed = 0
        for _ in stepper.epoch():
            training.base_rate = (later or {}).get(training.step, training.base_rate)
    assert training.step == len(adapter.rates) == 2 * feed.steps_per_epoch
    assert training.rate == next((rate for rate in reversed(adapter.rates) if rate is not None), base_rate)
    return adapter  # type: ignore[no-any-return]


STEPS = SAMPLES // SIZE
STEADY = Constant(Constant.Config(), STEPS, 2)
WARMED_UP = Constant(Constant.Config(warmup_epochs=0.4), STEPS, 2)
"""The eleventh step has the last new rate."""
WAVE = Cosine(Cosine.Config(), STEPS, 2)


@pytest.mark.parametrize(
    ("schedule", "settings", "calls"),
    [
        (STEADY, {}, [1, 2, 4, 8, 10, 16, 9]),
        (STEADY, {"in_force": 0.1}, [1, 2, 4, 8, 10, 16, 9]),
        (WAVE, {}, [1, 2, 4, 8, 10, 16, 9]),
        (WARMED_UP, {}, [1, 2, 4, 4, 8, 6, 16, 9]),
        (WARMED_UP, {"later": {19: 0.05}}, [1, 2, 4, 4, 8, 1, 5, 16, 9]),
        (WAVE, {"base_rate": None}, [1, 2, 4, 8, 10, 16, 9]),
        (STEADY, {"samples": 1}, [0, 0]),
        (STEADY, {"samples": 7}, [1, 2, 0, 3, 0]),
    ],
    ids=["steady", "in force", "wave", "warm-up", "set", "own schedule", "less than a batch", "smaller batch"],
)
def test_a_call_ends_where_rates_begin_or_cease_to_change(
    schedule: Any, settings: dict[str, Any], calls: list[int]
) -> None:
    made = trained(schedule, several=True, **settings)
    assert made.calls == calls
    assert made.rates == trained(schedule, several=False, **settings).rates


def test_a_rate_that_stays_is_set_once_if_at_all() -> None:
    assert trained(STEADY, several=True).rates == [0.1] + [None] * (2 * STEPS - 1)
    assert trained(STEADY, several=True, in_force=0.1).rates == [None] * 2 * STEPS
    assert trained(WAVE, several=True, base_rate=None).rates == [None] * 2 * STEPS


class Given:
    """A schedule of these factors."""

    def __init__(self, factors: list[float]) -> None:
        self.factor = factors.__getitem__


@given(
    factors=st.lists(st.sampled_from([1.0, 0.5, 0.25]), min_size=2 * STEPS, max_size=2 * STEPS),
    in_force=st.sampled_from([None, 0.1, 0.05]),
)
def test_rates_are_set_where_single_steps_set_them(factors: list[float], in_force: float | None) -> None:
    several, single = (trained(Given(factors), several=way, in_force=in_force) for way in (True, False))
    assert several.rates == single.rates
