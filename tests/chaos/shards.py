"""The parts of the matrix, each of which runs in a process of its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos import subjects
from tests.chaos.journal import Journal
from tests.chaos.killing import Case, Result, carry_out, cases, undisturbed
from tests.chaos.trainers import Trainers

PRELOADED = {
    "pytorch": ("torch",),
    "pytorch-workers0": ("torch",),
    "pytorch-workers2": ("torch",),
    "lightning": ("lightning",),
    "keras": ("tensorflow",),
    "jax": ("jax",),
}
"""What a forked trainer of a subject finds imported."""

Shard = Callable[[Journal, argparse.Namespace], None]


def subject(name: str) -> Shard:
    """Give the shard that kills a subject's trainers."""

    def kill(journal: Journal, options: argparse.Namespace) -> None:
        trainers = Trainers(name, forked=PRELOADED[name] if options.forked else None)
        wanted = cases(options.kills, options.times, options.rows)
        left = [case for case in wanted if _wanted(case, options) and not journal.holds(case.name, case.key)]
        if not left:
            return
        expected = undisturbed(trainers)
        say(f"{name}: undisturbed {expected.steps} steps in {expected.seconds:.1f} s; {len(left)} cases to go")

        def one(case: Case) -> Result:
            return carry_out(case, trainers, expected)

        with ThreadPoolExecutor(options.jobs) as pool:
            for result in pool.map(one, left):
                journal.add(result)
                say(told(name, result))

    return kill


def _wanted(case: Case, options: argparse.Namespace) -> bool:
    return options.only is None or options.only in f"{case.name} {case.key}"


def told(shard: str, result: Result) -> str:
    """Tell a result in a line."""
    verdict = "identical" if result.identical else "DIFFERS: " + "; ".join(result.differs)
    return f"{shard}: {result.case} {result.key}: killed {result.killed}, {verdict} ({result.seconds:.1f} s)"


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)  # noqa: T201 - a report is what it is run for


SHARDS: dict[str, Shard] = {name: subject(name) for name in subjects.NAMES}
"""By name, in the order in which they run."""


def chosen(prefixes: Iterable[str]) -> list[str]:
    """Give the shards whose names begin with one of some words; all without any."""
    words = tuple(prefixes)
    return [name for name in SHARDS if not words or name.startswith(words)]


def journal_of(folder: Path, name: str) -> Journal:
    """Open a shard's journal."""
    return Journal(folder / f"{name}.jsonl")
