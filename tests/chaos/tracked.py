"""Trainers and relays that die while trackers are told of their run: each point must be there once in the end."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.tracking import Opened
from dltrainer_jupyter.tal import Run
from tests.chaos.killing import Result, finish
from tests.chaos.trainers import Trainers, at_work, strike
from tests.trackers.event_files import read, series
from tests.trackers.mlflow.places import client, held
from tests.waiting import until

_LATEST = 0.8
"""Share of the steps after which nobody is killed any more: the run may be over before."""
_JITTER = 2.0
"""Seconds; a relay sends about once a second."""
_MOST_TRIES = 20

Points = dict[str, list[tuple[int, float]]]


def deaths(trainers: Callable[..., Trainers], folder: Path, count: int) -> Iterator[Result]:
    """Kill trainers, relays, and both, while runs are tracked by MLflow and by TensorBoard.

    Parameters
    ----------
    trainers : callable
        Gives the trainers of a subject with these settings.
    folder : pathlib.Path
        Where both trackers keep their files.
    count : int
        Runs of each kind.
    """
    uri, events = f"sqlite:///{folder}/mlflow.db", folder / "events"
    track = [
        {"type": "mlflow", "uri": uri, "steps": "all", "model": False, "checkpoints": "none"},
        {"type": "tensorboard", "logdir": str(events), "steps": "all", "histograms": False, "checkpoints": "none"},
    ]
    tracked = trainers(track=track)
    for kind in ("trainer", "relay", "trainer and relay"):
        for number in range(count):
            began = time.perf_counter()
            run = tracked.start(f"{kind} {number}")
            try:
                killed = _kill(kind, number, tracked, run)
                _deliver(run)
                told = _differences(run, uri)
            except (AssertionError, DLTrainerError) as error:
                killed, told = 0, [f"{type(error).__name__}: {error}"]
            if told:
                told.append(f"run {run.id}")
            yield Result(f"tracked, {kind} killed", str(number), killed, not told, time.perf_counter() - began, told)


def _kill(kind: str, number: int, trainers: Trainers, run: Run) -> int:
    """Kill whom the kind names, and see the run to its end; a relay is killed twice, one that goes on too."""
    chance = random.Random(f"{kind} {number}")
    total = run.record.spec.epochs
    at_work(run)
    steps = total * run.record.progress.steps_per_epoch
    at_work(run, chance.randrange(1, max(2, int(_LATEST * steps))))
    wait, killed = chance.uniform(0, _JITTER), 0
    if "relay" in kind:
        time.sleep(wait)
        killed += _strike_relay(run)
    if "trainer" in kind:
        killed += strike(run, 0.0 if "relay" in kind else wait)
    finish(trainers, run)
    return killed


def _strike_relay(run: Run) -> int:
    """Kill the processes that send this run."""
    killed = 0
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "dltrainer_jupyter.relay" in command and run.id in command:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
    return killed


def _deliver(run: Run) -> None:
    """Wait for the relay, or send what is left over where none is there any more."""
    for _ in range(_MOST_TRIES):
        with contextlib.suppress(AssertionError):
            until(lambda: _delivered(run), timeout=5.0)
            return
        tal.sync(run.id)
    states = [(copy.name, copy.state, copy.message) for copy in run.store.tracking(run.id)]
    msg = f"not everything was delivered: {states}"
    raise AssertionError(msg)


def _delivered(run: Run) -> bool:
    return all(copy.state == "delivered" for copy in run.store.tracking(run.id))


def _differences(run: Run, uri: str) -> list[str]:
    """Compare what both trackers hold with what the store does."""
    copies = {copy.name: copy for copy in run.store.tracking(run.id)}
    wanted = _history(run)
    found = {
        "mlflow": held(uri, Opened(str(copies["mlflow"].key))).series,
        "tensorboard": series(read(str(copies["tensorboard"].key))),
    }
    told = [] if run.state == "completed" else [f"the run is {run.state}"]
    for tracker, points_there in found.items():
        for name, points in wanted.items():
            there = points_there.get(name, [])
            if len(there) != len({step for step, _ in there}):
                told.append(f"{tracker}: {name} has a step twice")
            elif [step for step, _ in there] != [step for step, _ in points]:
                told.append(f"{tracker}: {name} has {len(there)} points, not {len(points)}")
            elif any(abs(one - other) > 1e-6 * abs(one) for (_, one), (_, other) in zip(points, there, strict=True)):
                told.append(f"{tracker}: {name} has other values")
    told += [f"MLflow has {number} runs of it" for number in [_runs(uri, run)] if number != 1]
    return told


def _history(run: Run) -> Points:
    """Give what the store knows, under the names that trackers are told."""
    steps, losses = run.store.curve_values(run.id, "train_loss")
    known: Points = {"step/train_loss": list(zip(steps.tolist(), losses.tolist(), strict=True))}
    for epoch in run.store.epochs(run.id):
        for name, value in epoch.values.items():
            known.setdefault(name, []).append((epoch.step, value))
    return known


def _runs(uri: str, run: Run) -> int:
    reader = client(uri)
    experiments = [experiment.experiment_id for experiment in reader.search_experiments()]
    found: Any = reader.search_runs(experiments, filter_string=f"tags.`dltrainer.run_id` = '{run.id}'")
    return len(found)
