"""A run while it trains, as the terminal shows it: a bar, or a line an epoch where nobody can see a bar."""

from __future__ import annotations

import contextlib
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import click

from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.views import summary
from dltrainer_jupyter.views.live import progress
from dltrainer_jupyter.views.words import duration, metric, speed

if TYPE_CHECKING:
    from rich.progress import Progress

    from dltrainer_jupyter.tal.run import Run

_INTERVAL = 0.25
"""Seconds between two looks at the run."""
_STEPS = 20
"""The loss shown is that of so many steps."""
_WIDE, _NARROW = 24, 10
"""Columns of the bar, and where the terminal has no room for that."""
_USUAL = 80
"""Columns that all there is to say takes."""
_EXPENDABLE = ("speed", "loss", "best", "left")
"""What a narrow terminal does without, first to last."""


class Display(Protocol):
    """Something that shows how a run goes on."""

    def begin(self, run: Run) -> None:
        """Show that it has been started."""

    def update(self, run: Run) -> None:
        """Show how far it is."""

    def end(self) -> None:
        """Leave the terminal as it was."""


def display(*, quiet: bool = False) -> Display:
    """Choose a display for standard output."""
    if quiet:
        return Nothing()
    return Bar() if sys.stdout.isatty() else Lines()


class Watching:
    """Keeps a display up to date from a thread, while something else trains or waits.

    Parameters
    ----------
    run : Run
        What to show.
    shown : Display
        Where.
    """

    def __init__(self, run: Run, shown: Display) -> None:
        self._run = run
        self._shown = shown
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="dltrain-display", daemon=True)

    def __enter__(self) -> Self:
        self._shown.begin(self._run)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        with contextlib.suppress(BrokenPipeError):
            self._shown.update(self._run)
            self._shown.end()

    def _watch(self) -> None:
        # If nobody reads our output any more, the training goes on all the same.
        with contextlib.suppress(BrokenPipeError):
            while not self._done.wait(_INTERVAL):
                self._shown.update(self._run)


class Nothing:
    """Shows nothing, for programs that want the result alone."""

    def begin(self, run: Run) -> None:
        """Show nothing."""

    def update(self, run: Run) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


class Lines:
    """A line for the start and one for each epoch, for pipes and logs."""

    def __init__(self) -> None:
        self._told = 0

    def begin(self, run: Run) -> None:
        """Print the start; epochs an earlier trainer made are history."""
        self._told = len(run.store.epochs(run.id))
        click.echo(f"Run {summary.title(run.store.run(run.id))} started.")

    def update(self, run: Run) -> None:
        """Print the epochs that are new."""
        records = run.store.epochs(run.id)
        # A trainer that goes on from a checkpoint takes back the epochs after it.
        self._told = min(self._told, len(records))
        if self._told == len(records):
            return
        epochs = run.store.run(run.id).progress.epochs
        for record in records[self._told :]:
            click.echo(summary.epoch_line(record, epochs))
        self._told = len(records)
        sys.stdout.flush()

    def end(self) -> None:
        """Nothing to take away."""


class Bar:
    """A bar over all steps, with epoch, loss, best value, speed and time left, as far as the terminal has room."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: Any = None
        self._room = 0
        # What was left out once stays so: words that come and go with the digits of a number can't be read.
        self._left_out: set[str] = set()

    def begin(self, run: Run) -> None:
        """Draw an empty bar."""
        from rich.cells import cell_len
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console()
        beside = console.width - cell_len(run.name) - 2
        bar_width = _WIDE if beside - _WIDE >= _USUAL else _NARROW
        self._room = beside - bar_width
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=bar_width),
            TextColumn("{task.fields[words]}", markup=False),
            console=console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(run.name, total=None, words="starting")
        self._bar.start()
        self._bar.refresh()

    def update(self, run: Run) -> None:
        """Draw the bar anew."""
        assert self._bar is not None  # noqa: S101 - begun
        record = run.store.run(run.id)
        self._bar.update(
            self._task,
            total=progress(record.progress)["steps"],
            completed=record.progress.step,
            words=self._fitted(_words(run, record)),
        )
        self._bar.refresh()

    def end(self) -> None:
        """Leave the bar as it is."""
        assert self._bar is not None  # noqa: S101 - begun
        self._bar.stop()

    def _fitted(self, words: dict[str, str]) -> str:
        """Join what there is room for."""
        from rich.cells import cell_len

        for expendable in (None, *_EXPENDABLE):
            if expendable is not None:
                self._left_out.add(expendable)
            told = "  ".join(text for name, text in words.items() if name not in self._left_out)
            if cell_len(told) <= self._room:
                break
        return told


def _words(run: Run, record: RunRecord) -> dict[str, str]:
    """Say what stands beside the bar, by what it is about."""
    shown, at = progress(record.progress), record.progress
    words: dict[str, str] = {} if str(record.state) == "running" else {"state": summary.state(record)}
    words["epoch"] = f"epoch {at.epoch:,}/{at.epochs:,}" if at.step else at.phase
    loss = _recent_loss(run, at.step)
    if loss is not None:
        words["loss"] = f"loss {metric(loss)}"
    if record.best is not None:
        words["best"] = f"best {record.best.metric} {metric(record.best.value)}"
    if at.steps_per_second:
        words["speed"] = speed(at.steps_per_second)
    if shown["seconds_left"]:
        words["left"] = f"{duration(shown['seconds_left'])} left"
    return words


def _recent_loss(run: Run, step: int) -> float | None:
    _, values = run.store.curve_values(run.id, "train_loss", start=max(step - _STEPS, 0))
    return float(values.mean()) if len(values) else None
