"""The ``%%dltrain`` cell: from its text to a run under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import (
    ConfigurationError,
    IllegalControlError,
    MissingKeysError,
    MissingPackageError,
    UnknownNameError,
    nearest,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.magics import body as bodies
from dltrainer_jupyter.magics.binding import bind
from dltrainer_jupyter.magics.options import CellLine, parse_cell_line
from dltrainer_jupyter.magics.shown import draw, from_users_frames, say
from dltrainer_jupyter.magics.usage import cell_help
from dltrainer_jupyter.recipes.decorator import STEPS
from dltrainer_jupyter.tal import configuration, form, settings
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import alive
from dltrainer_jupyter.tal.submit import submit
from dltrainer_jupyter.views import summary
from dltrainer_jupyter.views.configuration import to_yaml

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_DEFAULT_NAME = "run"


def run_cell(shell: InteractiveShell, line: str, body: str) -> Any:
    """Start what a cell describes.

    Parameters
    ----------
    shell : InteractiveShell
        Whose variables the body may use, and where the run is bound.
    line : str
        What stands behind ``%%dltrain``.
    body : str
        The cell below it.

    Returns
    -------
    object
        The form, if the cell asks for one.

    Raises
    ------
    DLTrainerError
        If it can't be understood or started.
    TrainingFailed
        If it was waited for and failed.
    Exception
        Whatever a Python body raises.
    """
    given = parse_cell_line(line)
    if given.help:
        say(cell_help())
        return None
    if given.form:
        return form(config=_values(shell, given, line, body))
    if given.name is not None:
        # Before the body runs, which may take its time.
        _refuse_a_second(shell, given.name, given, body)
    values = _values(shell, given, line, body)
    spec, own = _described(body, values)
    if given.dry_run:
        say(_dry_run(spec))
        return None
    _refuse_a_second(shell, spec.name, given, body)
    run = submit(spec, own)
    bind(shell, run, bodies.read_names(body, configuration.parse_yaml))
    _show(run, given)
    # What trains here has ended by now; how is worth knowing all the same.
    if given.wait or spec.executor == "inline":
        _wait(run)
    return None


def _values(shell: InteractiveShell, given: CellLine, line: str, body: str) -> dict[str, Any]:
    """Read the body, and lay the options over it."""
    if bodies.is_python(body):
        name = given.name or _DEFAULT_NAME
        with from_users_frames(shell, bodies.filename(name)):
            values = bodies.from_python(body, name, f"%%dltrain {line}", shell.user_ns, (*RunSpec.model_fields, *STEPS))
    else:
        values = bodies.from_yaml(body, configuration.parse_yaml, shell.user_ns)
    options = configuration.merged(configuration.parse_assignments(given.assignments), given.settings)
    if given.name is not None:
        options["name"] = given.name
    return configuration.merged(values, options)


def _described(body: str, values: dict[str, Any]) -> tuple[RunSpec, dict[str, Any]]:
    """Check the settings; a name the body misspells is pointed out."""
    try:
        return describe(values)
    except MissingKeysError as error:
        names = bodies.assigned_names(body)
        near = [(key, name) for key in error.keys if (name := nearest(key, names)) is not None]
        hints = " ".join(f"The cell assigns '{name}': did you mean '{key}'?" for key, name in near)
        if not hints:
            raise
        msg = f"{error} {hints}"
        raise ConfigurationError(msg) from None


def _refuse_a_second(shell: InteractiveShell, name: str, given: CellLine, body: str) -> None:
    """Raise if a run of that name is alive; its panel stays where the cell had it."""
    older = None if given.new or given.dry_run else alive(name)
    if older is None:
        return
    show = None if given.no_panel else _face()
    if show is not None:
        bind(shell, older, bodies.read_names(body, configuration.parse_yaml))
        show(older)
    record = older.record
    reference = summary.reference(record)
    msg = (
        f"Run {summary.title(record)} is {record.state}. Stop it with %dltrain stop {reference}, see it with "
        f"%dltrain panel {reference}, or start another of that name with --new."
    )
    raise IllegalControlError(msg)


def _dry_run(spec: RunSpec) -> str:
    return (
        f"{to_yaml(spec, complete=True)}\n"
        f"Nothing was started. It would train on {spec.framework}, by the executor '{spec.executor}', and keep its "
        f"files in {settings.artifacts}."
    )


def _show(run: Run, given: CellLine) -> None:
    """Show the panel, or a line."""
    show = None if given.no_panel else _face()
    if show is None:
        say(f"Run {summary.title(run.record)} started.")
    else:
        show(run)


def _face() -> Callable[[Run], Any] | None:
    """Find what shows panels; an installation without the widgets still trains."""
    try:
        found: Callable[[Run], Any] = registry.find("faces", "show")
    except (UnknownNameError, MissingPackageError):
        return None
    return found


def _wait(run: Run) -> None:
    try:
        run.wait()
    except KeyboardInterrupt as interrupt:
        record = run.record
        goes_on = f"Run '{record.name}' goes on; %dltrain pause {summary.reference(record)} pauses it."
        draw(interrupt, [goes_on])
        raise
    say(summary.status_line(run.record))
