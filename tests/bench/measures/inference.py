"""How soon the best checkpoint answers."""

from __future__ import annotations

import argparse
import statistics

from dltrainer_jupyter import tal
from tests.bench.fresh import call
from tests.bench.measuring import seconds_of
from tests.bench.report import Row

_BATCH, _TIMES = 256, 20


def predicting(options: argparse.Namespace) -> list[Row]:
    """Predict with the best checkpoint: the first time, one sample, and many at once."""
    found = [call(milliseconds) for _ in range(options.rounds)]
    first, one, many = zip(*found, strict=True)
    return [
        Row("best.predict of a sample, the first time", first, "ms", at_most=100),
        Row("best.predict of a sample", one, "ms", at_most=100),
        Row(f"best.predict of {_BATCH} samples", many, "ms", at_most=100),
    ]


def milliseconds() -> tuple[float, float, float]:
    """Train in this process, then time the first prediction, one of a sample and one of a batch."""
    from sklearn.datasets import load_digits

    inputs = load_digits().data
    run = tal.train("cnn", "digits", epochs=1, executor="inline", metrics=["accuracy"], verbose=False)
    first = seconds_of(lambda: run.best.predict(inputs[:1]))
    one, many = (
        statistics.median(seconds_of(lambda count=count: run.best.predict(inputs[:count])) for _ in range(_TIMES))
        for count in (1, _BATCH)
    )
    return 1000 * first, 1000 * one, 1000 * many
