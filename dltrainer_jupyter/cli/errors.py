"""Wrong usage, in the words of every other face."""

from __future__ import annotations

import click

from dltrainer_jupyter.core.errors import DLTrainerError, UnknownNameError
from dltrainer_jupyter.views.words import one_line


def sentence(error: Exception) -> str:
    """Say in one line what is wrong.

    Parameters
    ----------
    error : Exception
        One of ours, or of click's.
    """
    if isinstance(error, click.NoSuchOption):
        command = error.ctx.command if error.ctx else None
        known = [flag for parameter in command.params for flag in parameter.opts] if command else []
        return str(UnknownNameError("option", error.option_name, [flag for flag in known if flag.startswith("-")]))
    if isinstance(error, click.MissingParameter):
        return one_line(error.format_message())
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{error.param.opts[0]}: {one_line(error.message)}"
    return one_line(error.format_message() if isinstance(error, click.ClickException) else error)


def sentences(error: Exception) -> list[str]:
    """Say all that is wrong, a line each; see :func:`sentence`."""
    problems = error.problems if isinstance(error, DLTrainerError) else ()
    return [one_line(it.message) for it in problems] if len(problems) > 1 else [sentence(error)]


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        msg = f"expected a whole number, got '{text}'."
        raise click.BadParameter(msg) from None


def number(text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        msg = f"expected a number, got '{text}'."
        raise click.BadParameter(msg) from None
