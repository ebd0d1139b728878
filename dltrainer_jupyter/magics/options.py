"""From the words behind ``%dltrain`` and ``%%dltrain`` to values."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.vocabulary import SET, SETTINGS, Option, Word

HELP = Option("--help", "Show this help.")
SWITCHES = (
    Option("--no-panel", "Print a line instead of showing the panel."),
    Option("--wait", "Block until the run has ended; interrupting leaves it going."),
    Option("--new", "Start even if an older run of that name is alive."),
    Option("--form", "Show a form with these settings instead of starting; its button starts."),
    Option("--dry-run", "Check everything, print the complete configuration, and start nothing."),
    HELP,
)
"""What a cell takes besides the settings."""

CELL_OPTIONS = (*SETTINGS, *SWITCHES)


@dataclass(frozen=True)
class CellLine:
    """The first line of a ``%%dltrain`` cell."""

    name: str | None
    settings: dict[str, Any]
    """Values by key of the specification; of ``--set`` there are the pairs in ``assignments``."""
    assignments: list[str] = field(default_factory=list)
    no_panel: bool = False
    wait: bool = False
    new: bool = False
    dry_run: bool = False
    form: bool = False
    help: bool = False


@dataclass(frozen=True)
class VerbLine:
    """What stands behind a verb."""

    words: list[str]
    """What is no option."""
    options: dict[str, Any]
    """Values of the options that were given, by :attr:`Option.attribute`."""


def parse_cell_line(line: str) -> CellLine:
    """Read the first line of a cell.

    Raises
    ------
    ConfigurationError
        If it can't be understood.

    Examples
    --------
    >>> parse_cell_line("digits-cnn --epochs 3 --set model.dropout=0.1 --wait")
    CellLine(name='digits-cnn', settings={'epochs': 3}, assignments=['model.dropout=0.1'], no_panel=False, wait=True, \
new=False, dry_run=False, form=False, help=False)
    """
    words, values = _parse(split(line), CELL_OPTIONS)
    pairs = values.pop(SET.attribute, [])
    # --set takes all that follows; a word that is no pair can only be the name.
    words += [pair for pair in pairs if "=" not in pair]
    if len(words) > 1:
        got = ", ".join(repr(word) for word in words)
        msg = f"Expected one name for the run, got {got}; verbs take one %: %dltrain."
        raise ConfigurationError(msg)
    settings = {it.key: values[it.attribute] for it in SETTINGS if it.key and it.attribute in values}
    switches = {it.attribute: True for it in SWITCHES if it.attribute in values}
    assignments = [pair for pair in pairs if "=" in pair]
    return CellLine(words[0] if words else None, settings, assignments, **switches)


def parse_verb_line(word: Word, line: str) -> VerbLine:
    """Read what stands behind a verb.

    Raises
    ------
    ConfigurationError
        If it can't be understood.
    """
    options = (*word.options, HELP)
    if word.subject in {"input", "set"}:
        expression, rest = split_expression(line, options)
        words, values = _parse(split(rest), options)
        return VerbLine([it for it in (expression, *words) if it], values)
    return VerbLine(*_parse(split(line), options))


def split(line: str) -> list[str]:
    """Split a line as a shell does.

    Raises
    ------
    ConfigurationError
        If a quotation isn't closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        msg = f"The line can't be read: {str(error).lower()} in {line.strip()!r}."
        raise ConfigurationError(msg) from None


def split_expression(line: str, options: Sequence[Option]) -> tuple[str, str]:
    """Part a Python expression from the options before and behind it.

    Examples
    --------
    >>> split_expression('--run a x["--last --run"][:5] --checkpoint last', [Option("--run", "", "RUN")])
    ('x["--last --run"][:5]', '--run a --checkpoint last')
    """
    valued = "|".join(re.escape(option.flag) for option in options if option.metavar)
    before = re.match(rf"\s*(?:(?:{valued})(?:\s+|=)\S+(?:\s+|$))*", line) if valued else None
    start = before.end() if before else 0
    for found in re.finditer(r"(?:^|\s)(?=--[A-Za-z])", line[start:]):
        expression, rest = line[start : start + found.start()], line[start + found.start() :]
        # What looks like an option may stand in a text within the expression; a path without quotes is none.
        if not any(quote in expression for quote in "'\"") or _is_expression(expression):
            return expression.strip(), f"{line[:start].strip()} {rest.strip()}".strip()
    return line[start:].strip(), line[:start].strip()


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _parse(words: list[str], options: Sequence[Option]) -> tuple[list[str], dict[str, Any]]:
    """Sort words into those that are no option, and the values of those that are."""
    parser = _Parser(prog="dltrain", add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for option in options:
        if not option.metavar:
            parser.add_argument(option.flag, action="store_true")
        elif option.many:
            parser.add_argument(option.flag, nargs="+", action="extend", metavar=option.metavar)
        else:
            parser.add_argument(option.flag, type=_READERS[option.type], metavar=option.metavar)
    found, rest = parser.parse_known_args(words)
    for word in rest:
        if word.startswith("-") and word != "-":
            kind = "option"
            raise UnknownNameError(kind, word.partition("=")[0], [option.flag for option in options])
    return rest, vars(found)


class _Parser(argparse.ArgumentParser):
    """Raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        sentence = f"{message.removeprefix('argument ').rstrip('.')}."
        raise ConfigurationError(sentence)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        msg = f"expected a whole number, got '{text}'"
        raise argparse.ArgumentTypeError(msg) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        msg = f"expected a number, got '{text}'"
        raise argparse.ArgumentTypeError(msg) from None


_READERS: dict[type, Any] = {int: _whole, float: _number, str: str}
