"""What may come next behind ``%dltrain`` and ``%%dltrain``. Never raises: a missing suggestion hurts nobody."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.live import declared
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.vocabulary import CHECKPOINT, RUN, SET, WORDS, Option, Word
from dltrainer_jupyter.magics.body import looks_like_python
from dltrainer_jupyter.magics.completing_settings import in_body, names, of_set
from dltrainer_jupyter.magics.options import CELL_OPTIONS, HELP

_LOG = logging.getLogger(__name__)
_MOST_RUNS = 200
_LINE = re.compile(r"\s*(?:[^%=]+=\s*)?(%%?dltrain)\s(.*)")


def candidates(text: str, token: str, cell: str, at: int | None = None) -> list[str]:
    """Say what may stand at the cursor.

    Parameters
    ----------
    text : str
        The line up to the cursor.
    token : str
        The end of it that is being typed.
    cell : str
        The whole cell.
    at : int, optional
        Which of its lines the cursor is in; the first that begins so if left out.

    Returns
    -------
    list of str
        What may stand in place of ``token``; empty where nothing of ours is being typed.
    """
    try:
        found = _found(text, cell, at)
    except (DLTrainerError, OSError) as error:
        _LOG.debug("Nothing to complete: %s", error)
        return []
    return [name for name in found if name.startswith(token)]


def _found(text: str, cell: str, at: int | None) -> list[str]:
    line = _LINE.fullmatch(text)
    magic, *body = cell.split("\n")
    if line is not None:
        word, rest = line.groups()
        *before, typed = rest.split(" ")
        before = [it for it in before if it]
        return _options(CELL_OPTIONS, before, typed, body) if word == "%%dltrain" else _after_verb(before, typed)
    blank = next((number for number, it in enumerate([magic, *body]) if it.strip()), 0)
    magic, body = [magic, *body][blank], [magic, *body][blank + 1 :]
    if not magic.lstrip().startswith("%%dltrain") or looks_like_python("\n".join(body)):
        return []
    number = at - blank - 1 if at is not None else next((it for it, one in enumerate(body) if one.startswith(text)), 0)
    return in_body(text, body, number) if 0 <= number < len(body) else []


def _after_verb(before: list[str], typed: str) -> list[str]:
    if not before:
        return [*WORDS, HELP.flag]
    word = WORDS.get(before[0])
    if word is None:
        return []
    options = (*word.options, HELP)
    awaited = _awaited(options, before)
    if awaited is not None or typed.startswith("-"):
        return _options(options, before, typed)
    if word.subject == "configuration" or (word.subject == "changes" and before[1:]):
        return of_set(typed, before[1:], ())
    return _subjects(word, before[1:])


def _options(options: Sequence[Option], before: Sequence[str], typed: str, body: Sequence[str] = ()) -> list[str]:
    flag, equals, _ = typed.partition("=")
    awaited = _awaited(options, [*before, flag] if equals and typed.startswith("-") else before)
    if awaited is None:
        return [option.flag for option in options if option.many or option.flag not in before]
    setting = typed.removeprefix(f"{SET.flag}=")
    values = of_set(setting, before, body) if awaited is SET and not setting.startswith("-") else [*_values(awaited)]
    # After the first of several values another option may follow.
    return [*values, *(option.flag for option in options)] if awaited.many and typed.startswith("-") else values


def _awaited(options: Sequence[Option], before: Sequence[str]) -> Option | None:
    """Find the option whose value comes next."""
    by_flag = {option.flag: option for option in options if option.metavar}
    for at, word in enumerate(reversed(before)):
        if word.startswith("--"):
            option = by_flag.get(word)
            return option if option is not None and (at == 0 or option.many) else None
    return None


def _values(option: Option) -> Iterable[str]:
    if option.names is not None:
        return registry.names(option.names)
    if option.flag == RUN.flag:
        return _runs()
    return ["best", "last"] if option.flag == CHECKPOINT.flag else []


def _subjects(word: Word, given: Sequence[str]) -> list[str]:
    flags = [option.flag for option in (*word.options, HELP)]
    if word.parts is not None:
        return [] if given else names(word.parts)
    if word.subject in {"runs", "some"} or (word.subject in {"run", "file", "changes"} and not given):
        return [name for name in _runs() if name not in given]
    if word.subject == "checks":
        return [name for name in names("checks") if name not in given]
    if word.subject == "settings":
        settings = [f"{key}=" for key in declared(RunSpec)]
        return settings if given else [*_runs(), *settings]
    return flags


def _runs() -> list[str]:
    """List names of runs, newest first; those that can be typed as one word."""
    from dltrainer_jupyter.tal.session import open_store

    names = dict.fromkeys(record.name for record in open_store().runs(limit=_MOST_RUNS))
    return [name for name in names if not any(character.isspace() or character in "'\"\\" for character in name)]
