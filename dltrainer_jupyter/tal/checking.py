"""Everything that is wrong with a configuration, and in which line: for editors, which ask as one types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, MissingPackageError, Problem, brief
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.tal.configuration import UnreadableYAMLError, line_of, parse_yaml
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.views.words import one_line


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a text."""

    message: str
    line: int | None
    """Where the key to blame stands, counted from 1; None if there is none."""
    path: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The keys, and places in lists, that lead to it."""


def check(text: str, *, is_json: bool = False) -> list[Finding]:
    r"""Check the text of a configuration as starting it would.

    Parameters
    ----------
    text : str
        YAML.
    is_json : bool, default False
        Whether the text is JSON.

    Returns
    -------
    list of Finding
        Empty if a run could be started.

    Examples
    --------
    >>> check("model: mlp\ndata: digits\nepochs: many")
    [Finding(message="epochs: expected a whole number, got 'many'.", line=3)]
    """
    values = parsed(text, is_json=is_json)
    if isinstance(values, Finding):
        return [values]
    return placed(text, problems(values))


def placed(text: str, found: Sequence[Problem]) -> list[Finding]:
    """Say where in a text problems are."""
    return [Finding(problem.message, line_of(text, problem.path), problem.path) for problem in found]


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Describe findings as JSON types."""
    return {"problems": [{"message": one_line(it.message), "line": it.line, "path": list(it.path)} for it in findings]}


def parsed(text: str, *, is_json: bool) -> dict[str, Any] | Finding:
    """Read a text, or say why it can't be."""
    try:
        return _parse_json(text) if is_json else parse_yaml(text)
    except UnreadableYAMLError as error:
        return Finding(str(error), error.line)
    except json.JSONDecodeError as error:
        return Finding(f"The JSON doesn't parse: {error}.", error.lineno)
    except ConfigurationError as error:
        return Finding(str(error), None)


def problems(values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """List all that keeps a run from being started with these settings.

    A check that fails keeps those behind it from being made: so what is wrong is left out, and the rest checked again.
    """
    given = values
    found = new = _problems_of(values)
    while new:
        values = _without(values, new)
        new = tuple(it for it in _problems_of(values) if it not in found and not _is_stand_in(values, it))
        found += new
    return tuple(_of_a_member(given, it) for it in found)


def _of_a_member(values: Mapping[str, Any], problem: Problem) -> Problem:
    """Say which member of a list a problem is of, where that can be told: checks of parts name the list alone."""
    key, *inner = problem.path or ("",)
    members = values.get(key)
    if not isinstance(members, list) or (inner and inner[0].isdecimal()):
        return problem
    if inner:
        settings = {at: it[inner[0]] for at, it in enumerate(members) if isinstance(it, Mapping) and inner[0] in it}
        blamed = [at for at, it in settings.items() if len(settings) == 1 or f"got {brief(it)}." in problem.message]
    else:
        refused = problem.message.partition(". ")[0]
        names = [it.get("type") if isinstance(it, Mapping) else it for it in members]
        blamed = [at for at, name in enumerate(names) if isinstance(name, str) and f"'{name}'" in refused]
    return Problem((key, str(blamed[0]), *inner), problem.message) if len(blamed) == 1 else problem


class _StandIn:
    """Takes the place of a part that is wrong and can't be left out."""


_NEEDED = frozenset({"model", "data"})
_JUDGED_BY: dict[str, tuple[str, ...]] = {
    "framework": ("optimizer", "loss", "regularization", "augmentation"),
    "model": ("recipe", "monitor"),
    **dict.fromkeys(("recipe", "metrics", "validation"), ("monitor",)),
}
"""Settings about which nobody can say anything where another is wrong."""


def _without(values: Mapping[str, Any], found: Sequence[Problem]) -> dict[str, Any]:
    """Leave out what is wrong; of a list the members alone that are."""
    rest = dict(values)
    for key in {problem.path[0] for problem in found if problem.path}:
        inner = {"".join(problem.path[1:2]) for problem in found if problem.path[:1] == (key,)}
        given = rest.pop(key, None)
        if isinstance(given, list) and all(place.isdecimal() for place in inner):
            rest[key] = [member for place, member in enumerate(given) if str(place) not in inner]
        elif key in _NEEDED:
            rest[key] = _StandIn()
        for other in _JUDGED_BY.get(key, ()):
            rest.pop(other, None)
    return rest


def _is_stand_in(values: Mapping[str, Any], problem: Problem) -> bool:
    return any(isinstance(values.get(key), _StandIn) for key in problem.path[:1])


def _problems_of(values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """List what one check after the other finds, up to the first that fails."""
    try:
        describe(values)
    except (ConfigurationError, MissingPackageError) as error:
        return error.problems or (_as_problem(error),)
    return ()


def _as_problem(error: DLTrainerError) -> Problem:
    """Find the key that a sentence is about: by custom it begins with it."""
    key = str(error).partition(":")[0].partition(".")[0]
    return Problem((key,) if key in RunSpec.model_fields else (), str(error))


def _parse_json(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text) if text.strip() else {}
    except RecursionError:
        msg = "The JSON doesn't parse: it is nested too deep."
        raise ConfigurationError(msg) from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # a whole number of more digits than Python reads
        msg = f"The JSON doesn't parse: {error}."
        raise ConfigurationError(msg) from None
    if not isinstance(values, dict):
        msg = f"Expected a mapping of settings, got {brief(values)}."
        raise ConfigurationError(msg)
    return values
