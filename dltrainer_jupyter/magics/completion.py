"""What may come next behind ``%dltrain`` and ``%%dltrain``. Never raises: a missing suggestion hurts nobody."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.live import declared
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.vocabulary import CHECKPOINT, RUN, WORDS, Option, Word
from dltrainer_jupyter.magics.body import looks_like_python
from dltrainer_jupyter.magics.options import CELL_OPTIONS, HELP

_LOG = logging.getLogger(__name__)
_MOST_RUNS = 200
_LINE = re.compile(r"\s*(?:[^%=]+=\s*)?(%%?dltrain)\s(.*)")
_KEY = re.compile(r"\w+")
_SETTING = re.compile(r"\s*(\w+):\s+(?:\[(?:[^\]]*,)?\s*)?(?:\{\s*type:\s*)?[^\s\[\]{},]*")
"""A key of a YAML body and the beginning of a name: alone, in a list, or in braces behind ``type:``."""
_NAMED: dict[str, registry.Kind] = {
    "framework": "adapters",
    "executor": "executors",
    "recipe": "recipes",
    "model": "models",
    "data": "data",
    "optimizer": "optimizers",
    "loss": "losses",
    "metrics": "metrics",
    "scheduler": "schedules",
    "augmentation": "augmentations",
    "preprocessing": "preprocessing",
}
"""Keys of a YAML body whose value is a registered name."""


def candidates(text: str, token: str, cell: str) -> list[str]:
    """Say what may stand at the cursor.

    Parameters
    ----------
    text : str
        The line up to the cursor.
    token : str
        The end of it that is being typed.
    cell : str
        The whole cell.

    Returns
    -------
    list of str
        What may stand in place of ``token``; empty where nothing of ours is being typed.
    """
    try:
        found = _found(text, cell)
    except (DLTrainerError, OSError) as error:
        _LOG.debug("Nothing to complete: %s", error)
        return []
    return [name for name in found if name.startswith(token)]


def _found(text: str, cell: str) -> list[str]:
    line = _LINE.fullmatch(text)
    if line is not None:
        magic, rest = line.groups()
        *before, typed = rest.split(" ")
        before = [word for word in before if word]
        return _options(CELL_OPTIONS, before, typed) if magic == "%%dltrain" else _after_verb(before, typed)
    magic, _, body = cell.lstrip().partition("\n")
    if not magic.startswith("%%dltrain") or looks_like_python(body):
        return []
    if _KEY.fullmatch(text):
        return [f"{key}:" for key in RunSpec.model_fields]
    setting = _SETTING.fullmatch(text)
    return _parts(_NAMED[setting[1]]) if setting is not None and setting[1] in _NAMED else []


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
    return _subjects(word, before[1:])


def _options(options: Sequence[Option], before: Sequence[str], typed: str) -> list[str]:
    flag, equals, _ = typed.partition("=")
    awaited = _awaited(options, [*before, flag] if equals else before)
    if awaited is None:
        return [option.flag for option in options if option.many or option.flag not in before]
    values = [*_values(awaited)]
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
        return [] if given else _parts(word.parts)
    if word.subject in {"runs", "some"} or (word.subject in {"run", "file"} and not given):
        return [name for name in _runs() if name not in given]
    if word.subject == "settings":
        settings = [f"{key}=" for key in declared(RunSpec)]
        return settings if given else [*_runs(), *settings]
    return flags


def _parts(kind: registry.Kind) -> list[str]:
    found = {name for framework in registry.names("adapters") for name in registry.names(kind, framework)}
    return sorted(found | {name for name in registry.names(kind) if "." not in name})


def _runs() -> list[str]:
    """List names of runs, newest first; those that can be typed as one word."""
    from dltrainer_jupyter.tal.session import open_store

    names = dict.fromkeys(record.name for record in open_store().runs(limit=_MOST_RUNS))
    return [name for name in names if not any(character.isspace() or character in "'\"\\" for character in name)]
