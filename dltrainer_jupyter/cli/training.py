"""``dltrain train`` and ``dltrain resume``: start a trainer, here or in a process of its own, and follow it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dltrainer_jupyter.cli import INTERRUPTED
from dltrainer_jupyter.cli.output import say_json
from dltrainer_jupyter.cli.progress import Display, Watching, display
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, TrainingFailed
from dltrainer_jupyter.core.states import ENDED, State, Verb
from dltrainer_jupyter.executors.inline import InlineExecutor
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal import checking, configuration, settings
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.submit import submit
from dltrainer_jupyter.views import summary, tracking
from dltrainer_jupyter.views.configuration import to_yaml

_HERE = "inline"
_APART = "process"
_ENDS_WITH_US = frozenset({_HERE, "thread"})
"""Executors whose trainer can't outlive this command."""
_PATIENCE = 60.0
"""Seconds a trainer may take to start, or to write its last checkpoint, before we leave it alone."""


class _Watched:
    """The inline executor with a display beside it."""

    name = _HERE
    needs_pickling = False

    def __init__(self, shown: Display) -> None:
        self._shown = shown

    def start(self, store_url: str, run_id: str) -> None:
        """Train here, and return when the run has ended."""
        with Watching(Run(run_id, Store.open(store_url)), self._shown):
            InlineExecutor(owns_process=True).start(store_url, run_id)


def train(
    file: str,
    assignments: Sequence[str],
    options: dict[str, Any],
    *,
    as_json: bool,
    detach: bool,
    dry_run: bool,
) -> int:
    """Train what a file describes.

    Parameters
    ----------
    file : str
        Path of the YAML file; a run it gives no name is called like it.
    assignments : sequence of str
        ``key=value`` pairs that go before the file.
    options : dict
        Settings by key, which go before both.
    as_json : bool
        Print nothing but the run's document at the end.
    detach : bool
        Leave the trainer behind in a process of its own.
    dry_run : bool
        Check everything and start nothing.

    Returns
    -------
    int
        The exit code.
    """
    given = configuration.merged(configuration.read_file(file), configuration.parse_assignments(list(assignments)))
    given = configuration.merged({"name": Path(file).stem} | given, options)
    # What would be a thread in a notebook is this very process: nothing else happens in it.
    asked = given.get("executor", _HERE)
    given["executor"] = (_APART if detach else _HERE) if asked in _ENDS_WITH_US else asked
    try:
        spec, own = describe(given)
    except (ConfigurationError, MissingPackageError) as error:
        error.problems = checking.problems(given)
        raise
    if dry_run:
        click.echo(to_yaml(spec, complete=True))
        click.echo(f"Nothing was started. It would keep its files in {settings.artifacts}.")
        return 0
    if spec.executor == _HERE:
        return _concluded(submit(spec, own, place=_Watched(display(quiet=as_json))), as_json=as_json)
    run = submit(spec, own)
    if detach:
        _say_started(run, as_json=as_json)
        return 0
    try:
        _follow(run, quiet=as_json)
    except KeyboardInterrupt:
        click.echo(run.suspend().answer(_PATIENCE), err=True)
    return _concluded(run, as_json=as_json)


def resume(run: Run, *, epochs: int | None, executor: str | None, wait: bool) -> int:
    """Let a run go on, in a trainer that outlives this command if none is alive.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    TrainingFailed
        If it fails, or fails to start.
    """
    record = run.record
    _refuse_what_ends_with_us(executor)
    if record.state in ENDED and executor is None and record.spec.executor in _ENDS_WITH_US:
        executor = _APART
    checkpoints = run.checkpoints
    control = run.resume(epochs=epochs, executor=executor)
    if record.state in ENDED and control.status == "requested":
        # A trainer takes its time until it is at work.
        click.echo(summary.resuming(record, checkpoints))
    if not wait:
        click.echo(control.answer(_PATIENCE))
        return 0
    return _followed(run)


def clone(run: Run, given: dict[str, Any], *, wait: bool, as_json: bool) -> int:
    """Start a new run from another's settings, in a trainer that outlives this command.

    Parameters
    ----------
    run : Run
        The run to clone.
    given : dict
        Settings by key that differ, and ``step``: of the checkpoint to begin with.
    wait : bool
        Follow the new run until it has ended.
    as_json : bool
        Print nothing but the new run's document, with ``wait`` at its end.

    Returns
    -------
    int
        The exit code.
    """
    _refuse_what_ends_with_us(given.get("executor"))
    if run.spec.executor in _ENDS_WITH_US:
        given = {"executor": _APART} | given
    made = run.clone(**given)
    if wait:
        return _followed(made, as_json=as_json)
    _say_started(made, as_json=as_json)
    return 0


def _refuse_what_ends_with_us(executor: Any) -> None:
    if isinstance(executor, str) and executor in _ENDS_WITH_US:
        msg = f"executor: '{executor}' ends with this command; use {_APART}."
        raise ConfigurationError(msg)


def _followed(run: Run, *, as_json: bool = False) -> int:
    """Follow a run that goes on without this command; say how it ended."""
    try:
        _follow(run, quiet=as_json)
    except KeyboardInterrupt:
        record = run.record
        name = summary.reference(record)
        click.echo(f"Run '{record.name}' goes on; dltrain suspend {name} suspends it.", err=True)
        return INTERRUPTED
    return _concluded(run, as_json=as_json)


def _follow(run: Run, *, quiet: bool = False) -> None:
    """Show a run until it has ended."""
    with Watching(run, display(quiet=quiet)):
        try:
            run.wait()
        except TrainingFailed:
            # Said once the display is gone.
            return


def _say_started(run: Run, *, as_json: bool) -> None:
    if as_json:
        say_json(run.document())
    else:
        click.echo(f"Run {summary.title(run.record)} started.")


def _tell_of_copies(run: Run) -> None:
    """Say which trackers don't have all of an ended run yet, and what to do about it."""
    record, store = run.record, run.store
    left = [it for it in store.tracking(run.id) if it.state != "delivered"]
    for copy in left:
        click.echo(tracking.line(tracking.tracker_row(copy, record)), err=True)
    if left:
        name = summary.reference(record)
        if any(store.tracking_holder(run.id, copy.name) for copy in left):
            click.echo(f"A process of its own goes on sending; dltrain sync --wait {name} waits for it.", err=True)
        else:
            click.echo(f"Nobody sends the rest; dltrain sync {name} does.", err=True)


def _concluded(run: Run, *, as_json: bool = False) -> int:
    """Say how a run ended; raise if it failed."""
    record = run.record
    if as_json:
        say_json(run.document())
    try:
        run.wait()
        if not as_json:
            click.echo(summary.status_line(record))
    finally:
        if not as_json:
            _tell_of_copies(run)
    if record.state is not State.SUSPENDED:
        return 0
    click.echo(f"Resume it with: dltrain resume {summary.reference(record)}", err=True)
    # Nobody asked for it by a control: a signal did.
    asked_for = any(it.kind == Verb.SUSPEND and it.step == record.progress.step for it in run.store.controls(run.id))
    return 0 if asked_for else INTERRUPTED
