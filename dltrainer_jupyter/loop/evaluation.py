"""One pass over the validation set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dltrainer_jupyter.core.protocols import (
    Adapter,
    Course,
    Metric,
    Recipe,
    Samples,
    SeveralBatches,
    StepOutput,
    Stream,
    Stretch,
    TrainState,
)
from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.data.cursor import batches, bounds
from dltrainer_jupyter.loop.collector import Collector
from dltrainer_jupyter.loop.examination import Examination
from dltrainer_jupyter.loop.following import follower_of
from dltrainer_jupyter.loop.pace import Pace
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class Evaluation:
    """Measures a model on data held back from training.

    Parameters
    ----------
    adapter, recipe
        Who computes.
    source : Samples or Stream
        What is measured on.
    metrics : sequence of Metric
        Reset at the start of each pass.
    confusion : ConfusionMatrix, optional
        Counts classes in the same pass.
    examination : Examination, optional
        Looks at all outputs in the same pass.
    batch_size : int
        Samples in a forward pass; a stream has batches of its own.
    together : bool
        Measure several batches in one call, where the adapter can.
    """

    def __init__(
        self,
        adapter: Adapter,
        recipe: Recipe,
        source: Samples | Stream,
        *,
        metrics: Sequence[Metric],
        confusion: ConfusionMatrix | None,
        examination: Examination | None = None,
        batch_size: int,
        together: bool,
    ) -> None:
        self._adapter = adapter
        self._follower = follower_of(recipe)
        self._collector = Collector(adapter, metrics, confusion, examination)
        self._confusion = confusion
        self._examination = examination
        self._samples = source if isinstance(source, Samples) else None
        self._as_they_came = getattr(source, "as_they_came", None)
        self._found: tuple[Mapping[str, Any] | None, Mapping[str, Array] | None] = None, None
        self._measurement: _Measurement
        if isinstance(source, Samples):
            self._measurement = _OfSamples(adapter, recipe, source, batch_size, together=together)
        else:
            self._measurement = _OfStream(adapter, recipe, source, examination)

    def run(self, state: TrainState, course: Course, interrupted: Callable[[], bool]) -> dict[str, float] | None:
        """Measure.

        Parameters
        ----------
        state : TrainState
            Not changed.
        course : Course
            Where the training stands.
        interrupted : callable
            Asked after every batch, or every call that measures several; True ends the pass.

        Returns
        -------
        dict of str to float, or None
            ``val_loss``, ``val_<metric>`` and what the recipe measures; None if the pass was interrupted.
        """
        self._collector.reset()
        with self._adapter.evaluation(state) as measured:
            self._follower.begin_validation(measured, course)
            for output in self._measurement(measured):
                if self._collector.add(output):
                    self._collector.count(self._collector.take())
                if interrupted():
                    return None
            self._collector.count(self._collector.take())
            values = self._collector.values("val") | dict(self._follower.end_validation(measured, course))
        if self._examination is not None:
            self._found = self._examination.finding(self._samples, self._as_they_came)
        return values

    def record(self, epoch: int, step: int, labels: Sequence[str]) -> ValidationRecord | None:
        """Give what the last pass found beyond numbers; None if there is nothing.

        Parameters
        ----------
        epoch, step : int
            Where the training stands.
        labels : sequence of str
            Names of the classes, where no confusion matrix knows better.
        """
        summary, examples = self._found
        if self._confusion is not None:
            matrix, named = self._confusion.matrix, self._confusion.labels
            return ValidationRecord(epoch, step, matrix, named, summary, examples)
        return None if summary is None else ValidationRecord(epoch, step, None, list(labels), summary, examples)


class _Measurement(Protocol):
    def __call__(self, measured: TrainState) -> Iterator[StepOutput]:
        """Measure all batches; yield what they give, call by call."""


class _OfStream:
    def __init__(self, adapter: Adapter, recipe: Recipe, stream: Stream, examination: Examination | None) -> None:
        self._adapter = adapter
        self._recipe = recipe
        self._stream = stream
        self._examination = examination

    def __call__(self, measured: TrainState) -> Iterator[StepOutput]:
        if self._examination is not None:
            self._examination.begin(self._stream.steps_per_epoch)
        for whole in self._stream.epoch(1, 0):
            if self._examination is not None:
                self._examination.see(whole)
            yield self._adapter.eval_step(self._recipe, measured, self._adapter.to_batch(whole))


class _OfSamples:
    def __init__(self, adapter: Adapter, recipe: Recipe, samples: Samples, batch_size: int, *, together: bool) -> None:
        self._adapter = adapter
        self._recipe = recipe
        self._size = batch_size
        self._count = len(samples)
        self._placed = adapter.place(samples)
        self._order = adapter.order(self._placed, np.arange(self._count, dtype=np.int64))
        self._together = together
        self._pace: Pace | None = None

    def __call__(self, measured: TrainState) -> Iterator[StepOutput]:
        done = 0
        if self._together and isinstance(self._adapter, SeveralBatches):
            for output in self._full_batches(self._adapter, measured):
                done += output.steps
                yield output
        for index in range(done, batches(self._count, self._size)):
            batch = self._adapter.batch(self._placed, self._order, *bounds(index, self._count, self._size))
            yield self._adapter.eval_step(self._recipe, measured, batch)

    def _full_batches(self, adapter: SeveralBatches, measured: TrainState) -> Iterator[StepOutput]:
        """Measure the batches that are full, several a call; none where they are better measured one by one."""
        if self._pace is None:
            self._pace = Pace(adapter.most_batches())
        if self._pace.most == 1:
            return
        done, full = 0, self._count // self._size
        while (fitting := min(full - done, self._pace.steps)) > 0:
            stretch = Stretch(self._placed, self._order, done * self._size, self._size, fitting)
            began = time.perf_counter()
            output = adapter.eval_steps(self._recipe, measured, stretch)
            self._pace.took(fitting, time.perf_counter() - began)
            done += fitting
            yield output
