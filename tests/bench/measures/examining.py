"""What it costs to examine a validation, beside the forward pass it is made of."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.core.protocols import Course, Samples
from dltrainer_jupyter.data.cursor import batches, bounds
from dltrainer_jupyter.loop import parts as make
from dltrainer_jupyter.loop.evaluation import Evaluation
from dltrainer_jupyter.loop.examination import Examination
from dltrainer_jupyter.loop.gallery import Gallery
from dltrainer_jupyter.tal.description import describe
from tests.bench.fresh import call
from tests.bench.measuring import CLOCKS, ratio_of_medians
from tests.bench.report import Row
from tests.bench.subjects import cnn

_EXAMPLES, _BATCH, _PASSES = 50_000, 128, 5


def examining(options: argparse.Namespace) -> list[Row]:
    """Validate 50,000 images of 28 by 28 in ten classes, and let the same net compute nothing but their scores."""
    rows = []
    found = [call(seconds) for _ in range(options.rounds)]
    for clock in CLOCKS:
        forward, validation = (
            [one for each in found for one in each[clock][name]] for name in ("forward", "validation")
        )
        ratio = ratio_of_medians(validation, forward)
        wanted = 1.03 if clock == "wall" else None
        rows += [
            Row(f"forward pass alone ({clock})", tuple(forward), "s"),
            Row(f"validation, examined ({clock})", tuple(validation), "s", ratio, at_most=wanted),
        ]
    return rows


def seconds() -> dict[str, dict[str, list[float]]]:
    """Time passes of both kinds, one after the other, by the clock on the wall and the processor's."""
    spec, objects = describe(
        {
            "model": cnn.pytorch(),
            "data": cnn.arrays(),
            "batch_size": _BATCH // 2,
            "optimizer": "adam",
            "metrics": ["accuracy"],
        }
    )
    rng = np.random.default_rng(7)
    images = rng.standard_normal((_EXAMPLES, 1, 28, 28), dtype=np.float32)
    samples = Samples(images, rng.integers(0, 10, _EXAMPLES))
    adapter = make.make_adapter(spec, owns_process=True)
    adapter.open()
    signature = make.load_data(spec, objects).signature
    recipe = make.make_recipe(spec, objects)
    state = adapter.build(recipe, objects, signature)
    placed = adapter.place(samples)
    order = adapter.order(placed, np.arange(_EXAMPLES, dtype=np.int64))

    def forward() -> None:
        with adapter.evaluation(state) as measured:
            for index in range(batches(_EXAMPLES, _BATCH)):
                batch = adapter.batch(placed, order, *bounds(index, _EXAMPLES, _BATCH))
                measured.nets["model"](batch.inputs)

    with tempfile.TemporaryDirectory(dir=os.environ["DLTRAINER_HOME"]) as folder:
        examiner = make.make_examiner(spec, signature)
        assert examiner is not None
        gallery = Gallery(Path(folder), signature, seed=spec.seed, most=5000)
        evaluation = Evaluation(
            adapter,
            recipe,
            samples,
            metrics=make.make_metrics(spec, objects, signature, adapter.tensors),
            confusion=make.make_confusion(signature),
            examination=Examination(examiner, gallery, print),
            batch_size=_BATCH,
            together=True,
        )
        course = Course(1, 1, 0, 0, None, validates=True)

        def validation() -> None:
            evaluation.run(state, course, lambda: False)

        return _timed({"forward": forward, "validation": validation})


def _timed(ways: dict[str, Callable[[], Any]]) -> dict[str, dict[str, list[float]]]:
    """Take turns, after a pass of each that isn't counted: the first validation writes pictures."""
    times: dict[str, dict[str, list[float]]] = {clock: {name: [] for name in ways} for clock in CLOCKS}
    for work in ways.values():
        work()
    for _ in range(_PASSES):
        for name, work in ways.items():
            clocks = {clock: now() for clock, now in CLOCKS.items()}
            work()
            for clock, now in CLOCKS.items():
                times[clock][name].append(now() - clocks[clock])
    return times
