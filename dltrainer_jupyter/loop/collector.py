"""Outputs of many batches, kept on the device until it is worth bringing them to the host together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.choosing import refuse_several
from dltrainer_jupyter.core.protocols import Adapter, Metric, StepOutput
from dltrainer_jupyter.loop.examination import Examination
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix
from dltrainer_jupyter.metrics.placed import Place

_MOST_BATCHES = 256
_MOST_BYTES = 32 * 2**20
"""Bounds of what waits on the device."""


def bytes_of(value: Any) -> int:
    """Tell how much a tensor, or a structure of tensors, takes on the device; nothing for what is neither."""
    if (known := getattr(value, "nbytes", None)) is not None:
        return int(known)
    if isinstance(value, dict):
        return sum(map(bytes_of, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(bytes_of, value))
    if (shape := getattr(value, "shape", None)) is None:
        return 0
    # TensorFlow's tensors tell no more than this; an axis of rows that differ in length counts as one number.
    return int(math.prod(length or 1 for length in shape) * value.dtype.size)


def _added(before: np.float64, values: npt.NDArray[np.float32], sizes: npt.NDArray[np.int64]) -> np.float64:
    """Add up batches one after another, so that the sum is the same however they were grouped."""
    weighted = values.astype(np.float64) * sizes
    return np.float64(np.add.accumulate(np.concatenate([[before], weighted]))[-1])


def _place_of(observer: Any) -> Place | None:
    """Give what an observer looks at, if it isn't outputs and targets as they are."""
    return getattr(observer, "place", None)


class Taken(NamedTuple):
    """What waited."""

    outputs: list[StepOutput]
    losses: npt.NDArray[np.float32]
    """Of each step; NaN where a recipe gave none."""
    measured: npt.NDArray[np.bool_]
    """Steps that have a loss."""
    counts: npt.NDArray[np.bool_]
    """Steps that are to be added to the sums."""
    terms: dict[str, npt.NDArray[np.float32]]
    """What losses are put together from, by name: of each step."""


class Collector:
    """Averages the loss over samples and updates metrics.

    The values do not depend on when outputs were brought to the host: sums are added batch by batch, in order.

    Parameters
    ----------
    adapter : Adapter
        Brings values to the host.
    metrics : sequence of Metric
        Updated with every batch that counts.
    confusion : ConfusionMatrix, optional
        Counts classes along with them.
    examination : Examination, optional
        Examines them.
    deferred : bool, default True
        Let outputs wait; else every batch is brought at once.
    """

    def __init__(
        self,
        adapter: Adapter,
        metrics: Sequence[Metric],
        confusion: ConfusionMatrix | None = None,
        examination: Examination | None = None,
        *,
        deferred: bool = True,
    ) -> None:
        self._adapter = adapter
        self._metrics = metrics
        self._observers: list[Metric | ConfusionMatrix] = [*metrics, *([confusion] if confusion else [])]
        self._examination = examination
        self._deferred = deferred
        self._waiting: list[StepOutput] = []
        self._bytes = 0
        self._sum = np.float64(0)
        self._count = 0
        self._terms: dict[str, np.float64] = {}

    def reset(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._bytes = 0
        self._sum, self._count, self._terms = np.float64(0), 0, {}
        for observer in self._observers:
            observer.reset()
        if self._examination is not None:
            self._examination.reset()

    def add(self, output: StepOutput) -> bool:
        """Take in a batch, or several; say whether it is time to :meth:`take` what waits."""
        self._waiting.append(output)
        self._bytes += bytes_of(output.outputs) + bytes_of(output.targets)
        return not self._deferred or len(self._waiting) >= _MOST_BATCHES or self._bytes >= _MOST_BYTES

    def take(self) -> Taken:
        """Give what waits, with the losses on the host; nothing waits afterwards."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        steps = [output.steps for output in waiting]
        measured = np.repeat(np.array([output.loss is not None for output in waiting], bool), steps)
        losses = np.full(len(measured), np.nan, np.float32)
        if measured.any():
            losses[measured] = self._adapter.losses([output.loss for output in waiting if output.loss is not None])
        names = next((output.terms for output in waiting if output.terms), {})
        held = [output.terms for output in waiting if output.terms]
        terms = {name: self._adapter.losses([values[name] for values in held]) for name in names}
        return Taken(waiting, losses, measured, np.ones(len(measured), bool), terms)

    def count(self, taken: Taken) -> None:
        """Add batches to the sums."""
        outputs, losses, measured, counts, terms = taken
        steps = [output.steps for output in outputs]
        sizes = np.repeat(np.array([output.size for output in outputs], np.int64), steps)
        given = measured & counts
        self._sum = _added(self._sum, losses[given], sizes[given])
        self._count += int(sizes[given].sum())
        for name, values in terms.items():
            self._terms[name] = _added(self._terms.get(name, np.float64(0)), values[given], sizes[given])
        shown = [output for output in outputs if output.outputs is not None]
        is_shown = np.repeat(np.array([output.outputs is not None for output in outputs], bool), steps)
        counted = sizes[is_shown & counts]
        if not counted.size or not (self._observers or self._examination):
            return
        try:
            brought = self._brought(shown)
        except Exception as error:
            # Outputs that can't be joined are no reason to end a run where nobody but the examiner asks for them.
            if self._observers or self._examination is None:
                raise
            self._examination.give_up(error)
            return
        if not counts.all():
            samples = np.repeat(counts[is_shown], sizes[is_shown])
            brought = {place: tuple(array[samples] for array in pair) for place, pair in brought.items()}
        for observer in self._everybody:
            observer.update(*brought[_place_of(observer)], counted.tolist())

    @property
    def _everybody(self) -> list[Any]:
        return [*self._observers, *([self._examination] if self._examination else [])]

    def _brought(self, shown: Sequence[StepOutput]) -> dict[Place | None, tuple[Any, ...]]:
        """Bring outputs and targets to the host for everybody, once for those who look at the same."""
        places = dict.fromkeys(map(_place_of, self._everybody))
        # A batch's own, without choosing, for those who look at all of it, as nearly everybody does.
        if None in places:
            for it in shown:
                refuse_several(it.outputs, "metrics")
                refuse_several(it.targets, "metrics", "target")
        pairs = {
            place: [(it.outputs, it.targets) if place is None else place.of(it) for it in shown] for place in places
        }
        return {
            place: (self._adapter.arrays([it[0] for it in pair]), self._adapter.arrays([it[1] for it in pair]))
            for place, pair in pairs.items()
        }

    def values(self, part: str) -> dict[str, float]:
        """Give ``<part>_loss``, unless no batch counted or had one, and ``<part>_<metric>``."""
        loss = {f"{part}_loss": float(self._sum / self._count)} if self._count else {}
        loss |= {f"{part}_{name}": float(total / self._count) for name, total in self._terms.items() if self._count}
        return loss | {f"{part}_{metric.name}": metric.compute() for metric in self._metrics}

    def state(self) -> dict[str, Any]:
        """Give the sums so far; nothing may wait."""
        return {
            "sum": float(self._sum),
            "count": self._count,
            "terms": {name: float(total) for name, total in self._terms.items()},
            "metrics": {metric.name: metric.state() for metric in self._metrics},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._sum, self._count = np.float64(state["sum"]), int(state["count"])
        self._terms = {name: np.float64(total) for name, total in state.get("terms", {}).items()}
        for metric in self._metrics:
            if metric.name in state["metrics"]:
                metric.load_state(state["metrics"][metric.name])
