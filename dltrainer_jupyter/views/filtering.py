"""The words by which people choose runs from a list, on every face."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.states import state_named
from dltrainer_jupyter.store.listing import SIGNS, Comparison, RunFilter

HELP = "words of the name, state:running, framework:jax, executor:process, host:NAME, val_accuracy>0.9, best<0.1"
"""What may be said, in a line."""

_TERM = re.compile(r'(?:"[^"]*"|[^\s"])+')
_PARTS = re.compile(r'([^\s":<>=]+)(:|>=|<=|>|<|=)(.*)', re.DOTALL)
_LONGEST, _MOST = 1000, 30
"""Characters, and terms: nobody types more, and databases bound how deep a question may be."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_KEYS = {
    "executor": "executors",
    "framework": "frameworks",
    "host": "hosts",
    "name": "words",
    "state": "states",
}
"""What may stand before a colon, and which field of the filter takes it."""


def parse(text: str) -> RunFilter:
    """Understand a filter.

    Parameters
    ----------
    text : str
        Terms with blanks between, all of which a run has to meet. A word stands in the run's name, in capitals or not;
        ``state:failed,lost``, ``framework:``, ``executor:`` and ``host:`` name one of some values; ``val_accuracy>0.9``
        compares the last value of a metric, ``best<0.1`` the best one of the monitored metric. What holds blanks or
        one of ``: < > =`` stands in double quotes.

    Returns
    -------
    RunFilter
        What the store understands.

    Raises
    ------
    ConfigurationError
        Says what was expected.

    Examples
    --------
    >>> parse('digits framework:jax best>0.9').words
    ('digits',)
    """
    if len(text) > _LONGEST:
        msg = f"filter: expected at most {_LONGEST:,} characters, got {len(text):,}."
        raise ConfigurationError(msg)
    if _UNSTORABLE.search(text):
        msg = "filter: expected text that can be shown, got a NUL or half a character."
        raise ConfigurationError(msg)
    if text.count('"') % 2:
        msg = f"filter: expected a second quotation mark behind the one in {text.rsplit(maxsplit=1)[-1]}."
        raise ConfigurationError(msg)
    terms = _TERM.findall(text)
    if len(terms) > _MOST:
        msg = f"filter: expected at most {_MOST} terms, got {len(terms)}."
        raise ConfigurationError(msg)
    wanted = RunFilter()
    for term in terms:
        wanted = _narrowed(wanted, term)
    return wanted


def _narrowed(wanted: RunFilter, term: str) -> RunFilter:
    parts = _PARTS.fullmatch(term)
    if parts is None:
        word = term.replace('"', "")
        return _with(wanted, "words", word) if word else wanted
    key, sign, value = parts[1], parts[2], parts[3].replace('"', "")
    if sign in SIGNS:
        return _with(wanted, "comparisons", Comparison(key, sign, _number(key, sign, value)))
    if key not in _KEYS:
        kind = "filter"
        raise UnknownNameError(kind, f"{key}:", [f"{known}:" for known in _KEYS])
    if not value:
        msg = f"filter: expected something behind '{key}:'. Known: {HELP}."
        raise ConfigurationError(msg)
    if key == "name":
        return _with(wanted, "words", value)
    values = [item for item in value.split(",") if item]
    if key == "host":
        return _with(wanted, "hosts", tuple(values))
    if key == "state":
        return _with(wanted, "states", frozenset(map(state_named, values)))
    return _with(wanted, _KEYS[key], frozenset(values))


def _with(wanted: RunFilter, field: str, value: Any) -> RunFilter:
    changed: dict[str, Any] = {field: (*getattr(wanted, field), value)}
    return dataclasses.replace(wanted, **changed)


def _number(key: str, sign: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = (
            f"filter: expected a number behind '{key}{sign}', got '{text}'. A word that holds {sign} itself stands in "
            f'double quotes: "{key}{sign}{text}".'
        )
        raise ConfigurationError(msg)
    return value
