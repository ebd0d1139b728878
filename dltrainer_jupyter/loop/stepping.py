"""How steps are made: one by one, or several in one call where the framework compiles a loop over them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.protocols import SeveralSteps, StepOutput
from dltrainer_jupyter.loop.changes import settle
from dltrainer_jupyter.loop.feed import SampleFeed
from dltrainer_jupyter.loop.pace import Pace
from dltrainer_jupyter.loop.training import Training


class Stepper(Protocol):
    """Makes the steps of an epoch."""

    def epoch(self) -> Iterator[StepOutput]:
        """Make the steps of the epoch that are left, and move the cursor; yield what they give, call by call."""


def make_stepper(training: Training) -> Stepper:
    """Choose the way for a training: several steps a call where that is possible and nobody has switched it off.

    Augmentation is drawn on the host batch by batch, and so are the batches of somebody else's loader.
    """
    adapter, feed, spec = training.parts.adapter, training.parts.feed, training.spec
    one_by_one = OneByOne(training)
    if not (spec.fast.several_steps and isinstance(adapter, SeveralSteps) and isinstance(feed, SampleFeed)):
        return one_by_one
    if spec.augmentation or (most := adapter.most_steps()) == 1:
        return one_by_one
    return SeveralAtOnce(training, adapter, feed, Pace(most), one_by_one)


class OneByOne:
    """Makes each step by a call of its own."""

    def __init__(self, training: Training) -> None:
        self._training = training

    def epoch(self) -> Iterator[StepOutput]:
        """Make the steps of the epoch that are left."""
        training, parts = self._training, self._training.parts
        adapter, recipe = parts.adapter, parts.recipe
        for batch in parts.feed.epoch(training.epoch, training.consumed):
            if training.changes.coming:
                settle(training)
            if training.base_rate is not None:
                rate = training.base_rate * parts.schedule.factor(training.step)
                if rate != training.rate_in_force:
                    adapter.set_learning_rate(parts.state, rate)
                    training.rate = training.rate_in_force = rate
            parts.state, output = adapter.train_step(recipe, parts.state, batch)
            training.consumed += 1
            training.step += 1
            yield output


class SeveralAtOnce:
    """Makes as many steps in a call as fit into a short time; a last, smaller batch is a step by itself.

    A call ends where the learning rate begins, or ceases, to be another in each step, and where a setting changes.

    Parameters
    ----------
    training : Training
        What is trained.
    adapter : SeveralSteps
        Its adapter.
    feed : SampleFeed
        Its feed.
    pace : Pace
        Says how many steps to make.
    rest : Stepper
        Makes the step of the smaller batch.
    """

    def __init__(self, training: Training, adapter: SeveralSteps, feed: SampleFeed, pace: Pace, rest: Stepper) -> None:
        self._training = training
        self._adapter = adapter
        self._feed = feed
        self._pace = pace
        self._rest = rest

    def epoch(self) -> Iterator[StepOutput]:
        """Make the steps of the epoch that are left."""
        training, parts = self._training, self._training.parts
        while (fitting := min(self._feed.full_batches - training.consumed, self._pace.steps)) > 0:
            if training.changes.coming:
                settle(training)
            if coming := training.changes.coming:
                fitting = min(fitting, coming[0].step - training.step)
            steps, rates = self._alike(fitting)
            stretch = self._feed.stretch(training.epoch, training.consumed, steps)
            began = time.perf_counter()
            parts.state, output = self._adapter.train_steps(parts.recipe, parts.state, stretch, rates)
            self._pace.took(steps, time.perf_counter() - began)
            training.consumed += steps
            training.step += steps
            if rates is not None:
                training.rate = training.rate_in_force = float(rates[-1])
            yield output
        yield from self._rest.epoch()

    def _alike(self, most: int) -> tuple[int, npt.NDArray[np.float64] | None]:
        """Give how many of the next steps make a call, and the rate of each; None if it stays as it is.

        Each of them has another rate than the one before it, or none has: set where it doesn't become another, a rate
        would undo what the recipe has made of it since.
        """
        training, schedule = self._training, self._training.parts.schedule
        if (base := training.base_rate) is None:
            return most, None
        rates = np.array([base * schedule.factor(step) for step in range(training.step, training.step + most)])
        # What isn't known is no number, from which every rate differs.
        in_force = np.nan if training.rate_in_force is None else training.rate_in_force
        changes = rates != np.append(in_force, rates[:-1])
        others = np.flatnonzero(changes != changes[0])
        steps = int(others[0]) if others.size else most
        return steps, rates[:steps] if changes[0] else None
