"""The parts of the matrix, each of which runs in a process of its own."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.chaos import subjects
from tests.chaos.journal import Journal
from tests.chaos.killing import Case, Result, carry_out, cases, undisturbed
from tests.chaos.races import droughts, races
from tests.chaos.trainers import Trainers, at_rest

PRELOADED = {
    "pytorch": ("torch",),
    "pytorch-workers0": ("torch",),
    "pytorch-workers2": ("torch",),
    "lightning": ("lightning",),
    "keras": ("tensorflow",),
    "jax": ("jax",),
}
"""What a forked trainer of a subject finds imported."""

FOLDER = Path("build/chaos")
"""Where journals, homes and other rubbish lie."""

Shard = Callable[[Journal, argparse.Namespace], None]


def kills(options: argparse.Namespace) -> Iterable[Case]:
    """Give the ways in which every subject's trainers die."""
    return cases(options.kills, options.times, options.rows)


def subject(name: str, ways: Callable[[argparse.Namespace], Iterable[Case]] = kills) -> Shard:
    """Give the shard that does something to a subject's trainers."""

    def kill(journal: Journal, options: argparse.Namespace) -> None:
        length = {} if options.epochs is None else {"epochs": options.epochs}
        trainers = Trainers(name, forked=PRELOADED[name] if options.forked else None, **length)
        left = [case for case in ways(options) if _wanted(case, options) and not journal.holds(case.name, case.key)]
        if not left:
            return
        # The first one fills compilers' caches and starts the process that others are forked from; moments drawn from
        # its time would mostly lie after the end of those to come.
        undisturbed(trainers)
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
    verdict = "as it must be" if result.identical else "NOT as it must be: " + "; ".join(result.differs)
    return f"{shard}: {result.case} {result.key}: killed {result.killed}, {verdict} ({result.seconds:.1f} s)"


def all_well(results: Iterable[Result]) -> bool:
    """Tell whether every case came out as it must."""
    return all(result.identical for result in results)


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)  # noqa: T201 - a report is what it is run for


def control(framework: str) -> Shard:
    """Give the shard that kills a framework's own trainer."""

    def kill(journal: Journal, options: argparse.Namespace) -> None:
        from tests.chaos import stock

        for name, trainer in stock.STOCK.items():
            seeds = [seed for seed in range(options.kills) if not journal.holds(name, str(seed))]
            if not trainer.script.startswith(framework) or not seeds:
                continue
            folder = FOLDER / f"stock-{framework}"
            expected = stock.undisturbed(trainer, folder)
            with ThreadPoolExecutor(options.jobs) as pool:
                for result in pool.map(partial(stock.kill, name, folder=folder, expected=expected), seeds):
                    journal.add(result)
                    say(told(f"stock-{framework}", result))

    return kill


def damage(journal: Journal, options: argparse.Namespace) -> None:
    """Damage checkpoints, and fail to write them."""
    from tests.chaos.damage import Damage

    run = Trainers("pytorch", epochs=3).start("to be damaged")
    *_, older, newest = at_rest(run).checkpoints
    with tempfile.TemporaryDirectory() as copies:
        damaged = Damage(Path(newest.path), Path(older.path), Path(copies))
        for case, count in ((damaged.truncation, 200), (damaged.bit_flip, 200), (damaged.write_error, 104)):
            for seed in range(count):
                if not journal.holds(case.__name__.replace("_", " "), str(seed)):
                    journal.add(result := case(seed))
                    if not result.identical:
                        say(told("damage", result))


def writers(journal: Journal, options: argparse.Namespace) -> None:
    """Kill processes that write into one database."""
    import psycopg

    from tests.chaos.writers import together
    from tests.postgres import POSTGRESQL, schema

    with tempfile.TemporaryDirectory() as folder, psycopg.connect(POSTGRESQL, autocommit=True) as server:
        databases = {
            "SQLite": contextlib.nullcontext(f"sqlite:///{folder}/runs.db"),
            "PostgreSQL": schema(server),
        }
        for name, opened in databases.items():
            if not journal.holds("writers killed", name):
                with opened as url:
                    journal.add(result := together(name, url))
                say(told("writers", result))


def faces(journal: Journal, options: argparse.Namespace) -> None:
    """Kill those who look at a run."""
    from tests.chaos.faces import browsers, kernels, servers

    for kind in (kernels, servers, browsers):
        name = f"{kind.__name__.removesuffix('s')} killed"
        if not any(result.case == name for result in journal.results):
            for result in kind(2 * options.kills):
                journal.add(result)
                say(told("faces", result))


def tracked(journal: Journal, options: argparse.Namespace) -> None:
    """Kill trainers and relays while trackers are told of their run."""
    from tests.chaos.tracked import deaths

    length = {} if options.epochs is None else {"epochs": options.epochs}
    trainers = partial(Trainers, "pytorch", forked=PRELOADED["pytorch"] if options.forked else None, **length)
    with tempfile.TemporaryDirectory() as folder:
        for result in deaths(trainers, Path(folder), options.kills):
            journal.add(result)
            say(told("tracked", result))


def ablation(name: str) -> Shard:
    """Give the shard that takes fields out of a subject's checkpoint."""

    def ablate(journal: Journal, options: argparse.Namespace) -> None:
        from tests.chaos.ablation import Ablation

        with tempfile.TemporaryDirectory() as copies:
            ablated = Ablation(name, Path(copies))
            for field in ablated.fields():
                if not any(result.key == field.name for result in journal.results):
                    journal.add(result := ablated.without(field))
                    say(told(f"ablation-{name}", result))

    return ablate


SHARDS: dict[str, Shard] = {
    **{name: subject(name) for name in subjects.NAMES},
    "stock-keras": control("keras"),
    "stock-lightning": control("lightning"),
    "damage": damage,
    "races": subject("pytorch", lambda options: races(4 * options.kills)),
    "droughts": subject("pytorch", lambda options: droughts(1 + options.kills // 10)),
    "faces": faces,
    "writers": writers,
    "tracked": tracked,
    **{f"ablation-{name}": ablation(name) for name in subjects.NAMES if name != "pytorch-workers2"},
}
"""By name, in the order in which they run."""


def chosen(words: Sequence[str]) -> list[str]:
    """Give the shards of some names, or of names that begin so; all without any."""
    wanted = {
        name for word in words for name in SHARDS if name == word or (word not in SHARDS and name.startswith(word))
    }
    return [name for name in SHARDS if name in wanted or not words]


def journal_of(name: str) -> Path:
    """Give the file in which a shard's results stand."""
    return FOLDER / f"{name}.jsonl"
