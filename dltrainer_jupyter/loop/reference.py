"""The loop as a textbook would print it: no tricks, nothing deferred, nothing in the background.

:class:`dltrainer_jupyter.loop.loop.Loop` must give the same weights and the same history, bit for bit; tests hold
it to that, with each of its optimizations on and off.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.protocols import (
    Adapter,
    Batch,
    Dataset,
    FullState,
    Metric,
    Recipe,
    Samples,
    StepOutput,
    TrainState,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.loop import parts as make
from dltrainer_jupyter.loop.judge import Judge, choose_monitor
from dltrainer_jupyter.loop.scheduling import lent_model, schedules_of


def train(
    spec: RunSpec, objects: Mapping[str, Any], adapter: Adapter, dataset: Dataset
) -> tuple[list[dict[str, float]], FullState]:
    """Train from the first epoch to the last.

    Parameters
    ----------
    spec : RunSpec
        What to train.
    objects : mapping
        The user's own objects by key of the specification.
    adapter : Adapter
        Opened.
    dataset : Dataset
        What to train on, in memory.

    Returns
    -------
    history : list of dict
        The values of each epoch.
    state : FullState
        At the end.
    """
    assert isinstance(dataset.train, Samples)  # noqa: S101 - loaders are gone through as they please
    recipe = make.make_recipe(spec, objects)
    state = adapter.build(recipe, objects, dataset.signature)
    count = len(dataset.train)
    samples = adapter.place(dataset.train)
    adapter.check(recipe, state, _batch(adapter, samples, epoch_order(spec.seed, 1, count), 0, spec.batch_size))

    model = partial(lent_model, adapter, state)
    metrics = make.make_metrics(spec, objects, dataset.signature, adapter.tensors, model=model)
    val_metrics = make.make_metrics(spec, objects, dataset.signature, adapter.tensors, model=model)
    train_metrics = [metric for metric in metrics if not getattr(metric, "validation_only", False)]
    monitor, mode = choose_monitor(spec, metrics, validates=dataset.validation is not None)
    judge = Judge(monitor, mode, spec.early_stopping)
    steps_per_epoch = batches(count, spec.batch_size)
    schedule = schedules_of(spec, objects, (adapter, state), steps_per_epoch, mode)(spec.epochs)
    base_rate = adapter.learning_rate(state)
    assert base_rate is not None  # noqa: S101 - a portable recipe leaves it to the loop

    history: list[dict[str, float]] = []
    step = 0
    for epoch in range(1, spec.epochs + 1):
        order = epoch_order(spec.seed, epoch, count)
        mean = _Mean(adapter, train_metrics)
        rate = base_rate
        for index in range(steps_per_epoch):
            rate = base_rate * schedule.factor(step)
            adapter.set_learning_rate(state, rate)
            batch = _batch(adapter, samples, order, index, spec.batch_size)
            if spec.augmentation:
                batch = adapter.augment(batch, epoch, index)
            state, output = adapter.train_step(recipe, state, batch)
            mean.add(output)
            step += 1
        values = {"learning_rate": rate, **mean.values("train")}
        validates = spec.validation and (epoch % spec.validation.interval == 0 or epoch == spec.epochs)
        if isinstance(dataset.validation, Samples) and validates:
            held_back = _Held(dataset.validation, 2 * spec.batch_size, val_metrics)
            values |= _evaluate(adapter, recipe, state, held_back)
        verdict = judge.observe(epoch, step, values)
        if schedule.needs_metric and monitor in values:
            schedule.observe(values[monitor])
        history.append(values)
        if verdict.enough:
            break
    return history, adapter.save(state)


def _batch(adapter: Adapter, samples: Any, order: npt.NDArray[np.int64], index: int, size: int) -> Batch:
    return adapter.batch(samples, adapter.order(samples, order), *bounds(index, len(order), size))


class _Held(NamedTuple):
    """What is measured on, in which portions, by which metrics."""

    samples: Samples
    batch_size: int
    metrics: list[Metric]


def _evaluate(adapter: Adapter, recipe: Recipe, state: TrainState, held_back: _Held) -> dict[str, float]:
    samples, count = adapter.place(held_back.samples), len(held_back.samples)
    order = np.arange(count, dtype=np.int64)
    mean = _Mean(adapter, held_back.metrics)
    with adapter.evaluation(state) as measured:
        for index in range(batches(count, held_back.batch_size)):
            batch = _batch(adapter, samples, order, index, held_back.batch_size)
            mean.add(adapter.eval_step(recipe, measured, batch))
    return mean.values("val")


class _Mean:
    """The loss averaged over samples, and the metrics."""

    def __init__(self, adapter: Adapter, metrics: list[Metric]) -> None:
        self._adapter = adapter
        self._metrics = metrics
        self._sum, self._count = 0.0, 0
        self._terms: dict[str, float] = {}
        for metric in metrics:
            metric.reset()

    def add(self, output: StepOutput) -> None:
        self._sum += float(self._adapter.losses([output.loss])[0]) * output.size
        self._count += output.size
        for name, value in (output.terms or {}).items():
            self._terms[name] = self._terms.get(name, 0.0) + float(self._adapter.losses([value])[0]) * output.size
        for metric in self._metrics:
            place = getattr(metric, "place", None)
            outputs, targets = (output.outputs, output.targets) if place is None else place.of(output)
            metric.update(self._adapter.arrays([outputs]), self._adapter.arrays([targets]), [output.size])

    def values(self, part: str) -> dict[str, float]:
        values = {f"{part}_loss": self._sum / self._count}
        values |= {f"{part}_{name}": total / self._count for name, total in self._terms.items()}
        return values | {f"{part}_{metric.name}": metric.compute() for metric in self._metrics}
