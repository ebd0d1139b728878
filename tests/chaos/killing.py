"""The cases of a subject: where its trainers die, and what came out in the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dltrainer_jupyter.core import failpoints
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.tal import Run
from tests.chaos.outcome import differences, outcome
from tests.chaos.trainers import Trainers, at_rest, at_work, strike

ON_THE_WAY_BACK = ("loop.loaded", "loop.rewound")
"""Places that only a trainer visits which goes on from a checkpoint."""
AT_THE_END = ("loop.ending",)
"""Places that a trainer visits once."""
_JITTER = 0.25
"""Seconds. The store learns of a step at most so much later; waiting a part of it lets any instruction be hit."""
_LATEST = 0.8
"""Share of the steps; later a trainer may be done before it is struck."""
_SOON = 0.25
"""Seconds within which a trainer of a row dies; a checkpoint is written every 0.2."""
_WAYLAID = 0.2
"""Share of them that die at a named place on the way back."""
_MOST_LIVES = 40


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    case: str
    """Kind of case: a row of the table."""
    key: str
    """Which of its kind."""
    killed: int
    """Trainers that were."""
    identical: bool
    seconds: float
    differs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Undisturbed:
    """The run nobody touched."""

    outcome: dict[str, Any]
    steps: int
    seconds: float
    """From its start to its end, imports included."""


Kill = Callable[[Trainers, Run, Undisturbed], int]
"""Kills a running run's trainers, and starts new ones in between; returns how many it killed."""


@dataclass(frozen=True)
class Case:
    """One run with one way to die."""

    name: str
    key: str
    kill: Kill
    failpoint: str | None = None
    """Where the first trainer dies by itself."""


def undisturbed(trainers: Trainers) -> Undisturbed:
    """Train once without disturbance."""
    began = time.perf_counter()
    run = at_rest(trainers.start("undisturbed"))
    found = outcome(run)
    if found["state"] != "completed" or found["holes"]:
        msg = f"expected the undisturbed run to complete, it is {found['state']}: {run.error} {found['holes']}"
        raise AssertionError(msg)
    return Undisturbed(found, run.step, time.perf_counter() - began)


def cases(kills: int, times: int, rows: int, *, in_a_row: int = 10) -> Iterator[Case]:
    """Give all ways to die.

    Parameters
    ----------
    kills : int
        Runs killed at a random step.
    times : int
        Runs killed at a random time, imports included.
    rows : int
        Runs whose first ``in_a_row`` trainers are killed.
    """
    yield Case("undisturbed again", "", lambda *_: 0)
    for number in range(kills):
        yield Case("random step", str(number), partial(_at_a_step, number))
    for number in range(times):
        yield Case("random time", str(number), partial(_at_a_time, number))
    for place in failpoints.NAMES:
        yield named(place)
    for number in range(rows):
        yield Case(f"{in_a_row} in a row", str(number), partial(_in_a_row, number, in_a_row))


def named(place: str) -> Case:
    """Give the case of a named place, visited for the second time where it is visited again."""
    if place in ON_THE_WAY_BACK:
        return Case("named place", place, partial(_on_the_way_back, place))
    visit = 1 if place in AT_THE_END else 2
    return Case("named place", place, _by_itself, failpoint=f"{place}:{visit}")


def carry_out(case: Case, trainers: Trainers, expected: Undisturbed) -> Result:
    """Kill, resume until the run is complete, compare; a run that ended well is deleted."""
    began = time.perf_counter()
    run = trainers.start(f"{case.name} {case.key}".strip(), case.failpoint)
    killed = 0
    try:
        killed = case.kill(trainers, run, expected)
        finish(trainers, run)
        told = differences(outcome(run), expected.outcome)
    except (AssertionError, DLTrainerError) as error:
        told = [f"{type(error).__name__}: {error}"]
    record = run.record
    if record.error is not None and record.state == "failed":
        told.append(f"{record.error.type}: {record.error.message}")
    if not told:
        run.delete()
    else:
        told.append(f"run {run.id}")
    return Result(case.name, case.key, killed, not told, time.perf_counter() - began, told)


def finish(trainers: Trainers, run: Run) -> None:
    """Start trainers until the run doesn't need one any more; one that dies of itself isn't started for ever."""
    for _ in range(_MOST_LIVES):
        at_rest(run)
        record = run.record
        never_began = record.error is not None and record.error.type == "TrainerError"
        if record.state == "lost" or (record.state == "failed" and never_began):
            trainers.resume(run)
        else:
            return


def _at_a_step(seed: int, trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    chance = random.Random(f"step {seed}")
    step = chance.randrange(1, max(2, int(_LATEST * expected.steps)))
    return int(at_work(run, step) and strike(run, chance.uniform(0, _JITTER)))


def _at_a_time(seed: int, trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    return int(strike(run, random.Random(f"time {seed}").uniform(0, expected.seconds)))


def _by_itself(trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    return int(at_rest(run).record.state == "lost")


def _on_the_way_back(place: str, trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    killed = int(at_work(run, expected.steps // 3) and strike(run))
    trainers.resume(run, f"{place}:1")
    return killed + _by_itself(trainers, run, expected)


def visiting(names: Sequence[str], trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    """Let each trainer die at the next named place; the first one dies at the first."""
    killed = _by_itself(trainers, run, expected)
    for name in names[1:]:
        trainers.resume(run, f"{name}:1")
        killed += _by_itself(trainers, run, expected)
    return killed


def _in_a_row(seed: int, count: int, trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    """Kill each trainer soon after it began; some before they wrote anything, some while they come back."""
    chance = random.Random(f"row {seed}")
    killed = 0
    for number in range(count):
        if number:
            trainers.resume(run, f"{chance.choice(ON_THE_WAY_BACK)}:1" if chance.random() < _WAYLAID else None)
        alive = at_work(run)
        killed += int(strike(run, chance.uniform(0, _SOON)) if alive else run.record.state == "lost")
        if at_rest(run).record.state == "completed":
            break
    return killed
