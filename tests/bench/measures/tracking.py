"""What it costs a training that MLflow is told of it, and what happens when MLflow is away for a minute."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import time
from pathlib import Path
from typing import Any

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal import Run
from tests.bench.fresh import call
from tests.bench.measuring import CLOCKS, ratio_of_medians
from tests.bench.report import Row, say
from tests.bench.rounds import interleaved
from tests.bench.subjects import mlp
from tests.ports import free_port
from tests.trackers.mlflow.places import server
from tests.waiting import until

_LENGTH = 40
"""Epochs of 4,096 steps: long enough for the relay's start to be a small part."""
_AWAY = 60.0
"""Seconds for which the server is dead."""
_PATIENCE = 300.0


def mlflow_cost(options: argparse.Namespace) -> list[Row]:
    """Train in turn with MLflow and without it."""
    epochs = max(2, round(options.length * _LENGTH))
    figures = interleaved(
        ["alone", "tracked"], options.rounds, lambda name: call(trained, name, epochs, options.clock), say
    )
    ratio = 1 / ratio_of_medians(figures["alone"], figures["tracked"])
    unit = "steps/s" if options.clock == "wall" else "steps/s of CPU"
    return [
        Row("an MLP trained alone", figures["alone"], unit),
        Row("with track: [mlflow]", figures["tracked"], unit, ratio, at_least=0.99),
    ]


def trained(name: str, epochs: int, clock: str) -> float:
    """Train in this process; give the steps a second, or a second of this process' processor time."""
    track = [{"type": "mlflow", "uri": f"sqlite:///{os.environ['DLTRAINER_HOME']}/mlflow.db"}]
    _start(1, []).wait()  # imports belong to nobody's step
    used = CLOCKS["cpu"]()
    run = _start(epochs, track if name == "tracked" else [])
    panel = run.panel()
    run.wait()
    panel.close()
    used = CLOCKS["cpu"]() - used
    progress = run.record.progress
    until(lambda: all(copy.state == "delivered" for copy in run.store.tracking(run.id)), timeout=_PATIENCE)
    return progress.step / (progress.train_seconds if clock == "wall" else used)


def mlflow_away(options: argparse.Namespace) -> list[Row]:
    """Kill MLflow's server in the middle of a run, start it again a minute later, and see all of it arrive, once."""
    seconds, step = options.length * _AWAY, mlp.BATCH
    folder, port = Path(os.environ["DLTRAINER_HOME"]) / "mlflow", free_port()
    folder.mkdir()
    speeds: dict[str, list[float]] = {"there": [], "away": []}
    with contextlib.ExitStack() as servers:
        uri = servers.enter_context(server(folder, port))
        run = _start(1_000_000, [{"type": "mlflow", "uri": uri, "steps": 100, "model": False, "checkpoints": "none"}])
        until(lambda: any(copy.step > step for copy in run.store.tracking(run.id)), timeout=_PATIENCE)
        for _ in range(options.rounds):
            speeds["there"].append(_speed(run, seconds))
            servers.pop_all().close()
            speeds["away"].append(_speed(run, seconds))
            servers.enter_context(server(folder, port))
            until(lambda reached=run.step: _copy(run).step > reached, timeout=_PATIENCE)
        run.stop().wait(_PATIENCE)
        until(lambda: _copy(run).state == "delivered", timeout=_PATIENCE)
        missing, doubled = _compared(run, uri)
    ratio = statistics.median(speeds["away"]) / statistics.median(speeds["there"])
    return [
        Row("an MLP, MLflow's server alive", tuple(speeds["there"]), "steps/s"),
        Row("while it is dead", tuple(speeds["away"]), "steps/s", ratio, at_least=0.99),
        Row("points that never arrived", (missing,), "", at_most=0),
        Row("points that arrived twice", (doubled,), "", at_most=0),
    ]


def _start(epochs: int, track: list[dict[str, Any]]) -> Run:
    return tal.train(
        mlp.pytorch(),
        data=mlp.arrays(),
        batch_size=mlp.BATCH,
        epochs=epochs,
        validation=False,
        optimizer="adam",
        learning_rate=mlp.RATE,
        metrics=["accuracy"],
        track=track,
        verbose=False,
    )


def _copy(run: Run) -> Any:
    (copy,) = run.store.tracking(run.id)
    return copy


def _speed(run: Run, seconds: float) -> float:
    """Give the steps a second for a while."""
    step, began = run.step, time.perf_counter()
    time.sleep(seconds)
    return (run.step - step) / (time.perf_counter() - began)


def _compared(run: Run, uri: str) -> tuple[int, int]:
    """Count the values that the server lacks, and those that it has more than once."""
    from mlflow import MlflowClient

    steps, values = run.store.curve_values(run.id, "train_loss")
    wanted = {int(step): float(value) for step, value in zip(steps, values, strict=True) if step % 100 == 0}
    history = MlflowClient(uri).get_metric_history(_copy(run).key, "step/train_loss")
    found = [(point.step, point.value) for point in history]
    held = dict(found)
    return sum(held.get(step) != value for step, value in wanted.items()), len(found) - len(held)
