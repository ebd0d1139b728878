"""An update's numbers as Neptune's series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dltrainer_jupyter.core.tracking import Epoch, Points, Update
from dltrainer_jupyter.trackers.series import shown, values


def series(update: Update) -> Iterator[tuple[str, Points]]:
    """Give all series of an update by the names under which they are shown, those by epoch at global steps."""
    for name, points in update.curves.items():
        yield shown(name), points
    yield from _by_epoch(update.epochs)


def _by_epoch(epochs: Sequence[Epoch]) -> Iterator[tuple[str, Points]]:
    found: dict[str, list[tuple[int, float, float]]] = {}
    for epoch in epochs:
        for name, value in values(epoch).items():
            found.setdefault(name, []).append((epoch.step, value, epoch.time))
    for name, rows in found.items():
        steps, numbers, times = zip(*rows, strict=True)
        yield name, Points(np.asarray(steps, np.int64), np.asarray(numbers, float), np.asarray(times, float))


def lacking(points: Points, path: str, there: set[tuple[str, int]]) -> Points:
    """Leave out of a series what is there already."""
    if not there:
        return points
    new = np.asarray([(path, step) not in there for step in points.steps.tolist()], bool)
    return Points(points.steps[new], points.values[new], points.times[new])


def finite(points: Points) -> tuple[Points, str]:
    """Leave out values that Neptune doesn't take, and say which; the text is empty where there are none."""
    good = np.isfinite(points.values)
    if good.all():
        return points, ""
    bad = points.steps[~good]
    count = f"{len(bad)} value{'s' if len(bad) > 1 else ''}"
    where = f"step {bad[0]}" if len(bad) == 1 else f"steps {bad[0]} to {bad[-1]}"
    return Points(points.steps[good], points.values[good], points.times[good]), f"{count} at {where}"
