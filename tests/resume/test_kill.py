"""kill -9 at any moment, resume, and nothing shows that it ever happened. ``make chaos`` does it at length."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from dltrainer_jupyter.core import failpoints
from tests.chaos.forked import PRELOADED
from tests.chaos.killing import AT_THE_END, Case, carry_out, cases, undisturbed, visiting
from tests.chaos.trainers import Trainers

pytestmark = pytest.mark.timeout(600)

SUBJECTS: dict[str, dict[str, Any]] = {
    "pytorch": {"epochs": 20},
    "own-step": {"epochs": 20},
    "lightning": {"epochs": 4},
    "keras": {"epochs": 4},
    "jax": {"epochs": 8},
    "composed-pytorch": {"epochs": 6},
    "composed-tensorflow": {"epochs": 6},
    "composed-jax": {"epochs": 6, "threads": None},
}
"""Shorter than in the chaos tests, and forked from one process: a trainer spends most of its life on imports."""
KILLS = 2


def trainers(subject: str, **changes: Any) -> Trainers:
    """Give what starts a subject's trainers."""
    return Trainers(subject, forked=tuple(PRELOADED), **{**SUBJECTS[subject], **changes})


@pytest.mark.parametrize(
    "subject",
    [subject if subject == "pytorch" else pytest.param(subject, marks=pytest.mark.slow) for subject in SUBJECTS],
)
def test_killed_at_random_steps(subject: str) -> None:
    """Kill trainers somewhere between their first and their last step."""
    place = trainers(subject)
    expected = undisturbed(place)
    random_steps = [case for case in cases(KILLS, 0, 0) if case.name == "random step"]
    with ThreadPoolExecutor(KILLS) as pool:
        results = list(pool.map(partial(carry_out, trainers=place, expected=expected), random_steps))
    assert [result.differs for result in results] == [[]] * KILLS
    assert sum(result.killed for result in results) > 0


@pytest.mark.slow
def test_killed_at_every_named_place() -> None:
    """Kill one trainer after another: inside the writer, between row and folder, on the way back from a checkpoint."""
    place = trainers("pytorch", checkpoint={"every_seconds": 0.05})
    expected = undisturbed(place)
    # The end is visited once, after everything else.
    names = sorted(failpoints.NAMES, key=lambda name: name in AT_THE_END)
    result = carry_out(Case("every named place", "", partial(visiting, names), f"{names[0]}:1"), place, expected)
    assert result.differs == []
    assert result.killed == len(names)
