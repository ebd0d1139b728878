"""The loop: a subject trained by ours and by its peers."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.bench.fresh import call
from tests.bench.measuring import microseconds_per_step, ratio_of_medians
from tests.bench.programs import missing, program
from tests.bench.report import Row, say
from tests.bench.rounds import interleaved
from tests.bench.subjects import steps_per_epoch, subject


@dataclass(frozen=True)
class Loop:
    """A case of the loop.

    Parameters
    ----------
    subject : str
        One of :mod:`tests.bench.subjects`.
    ours : str
        The one of :mod:`tests.bench.programs` that all are compared with.
    peers : mapping of str to float or None
        Other programs, and how many times longer than ours each shall take at least; None where nothing is promised.
    epochs : (int, int)
        The two lengths.
    busy : bool, default False
        Whether another process keeps a core busy meanwhile.
    """

    subject: str
    ours: str
    peers: Mapping[str, float | None] = field(default_factory=dict)
    epochs: tuple[int, int] = (1, 4)
    busy: bool = False

    def __call__(self, options: argparse.Namespace) -> list[Row]:
        """Measure in rounds, each program in fresh processes."""
        programs = {name: program(name) for name in (self.ours, *self.peers)}
        reasons = {name: missing(found) for name, found in programs.items()}
        if reasons[self.ours]:
            return [Row(programs[self.ours].TITLE, left_out=reasons[self.ours])]
        chosen = [name for name in programs if name == self.ours or options.only is None or options.only in name]
        here = [name for name in chosen if not reasons[name]]
        short, long = self.epochs
        epochs = (short, short + max(1, round(options.length * (long - short))))
        with _busy_core() if self.busy else contextlib.nullcontext():
            figures = interleaved(
                here, options.rounds, lambda name: call(measured, self.subject, name, epochs, options.clock), say
            )
        unit = "µs a step" if options.clock == "wall" else "µs of CPU a step"
        rows = [Row(programs[self.ours].TITLE, figures[self.ours], unit)]
        for name in chosen[1:]:
            title, wanted = programs[name].TITLE, self.peers[name]
            if reasons[name]:
                rows.append(Row(title, at_least=wanted, left_out=reasons[name]))
            else:
                ratio = ratio_of_medians(figures[name], figures[self.ours])
                rows.append(Row(title, figures[name], unit, ratio, at_least=wanted))
        return rows


def measured(trained: str, name: str, epochs: tuple[int, int], clock: str) -> float:
    """Measure the microseconds of a program's step in this process."""
    what, train = subject(trained), program(name).train
    return microseconds_per_step(lambda length: train(what, length), epochs, steps_per_epoch(what), clock)


@contextlib.contextmanager
def _busy_core() -> Iterator[None]:
    """Keep one core busy."""
    spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        spinning.kill()
        spinning.wait()
