"""Settings in which a person's own objects are mentioned: ``model: $net``, as text can say it."""

from __future__ import annotations

import keyword
import numbers
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, Problem, did_you_mean
from dltrainer_jupyter.core.part import Part
from dltrainer_jupyter.tal.description import LISTS
from dltrainer_jupyter.tal.own_objects import is_own

_MENTION = re.compile(r"\$([^\W\d]\w*)(.*)", re.DOTALL)
_NOT_IN_NAMES = re.compile(r"\W+")


def mentioned(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Put mentions in place of what no text can say.

    Parameters
    ----------
    settings : mapping
        As :func:`dltrainer_jupyter.tal.train` takes them.

    Returns
    -------
    written : dict
        The settings as text, numbers, lists and mappings, with ``$name`` where an object stood.
    objects : dict
        The objects, by name. :func:`resolved` puts them back.

    Examples
    --------
    >>> def my_loss(outputs, targets): ...
    >>> mentioned({"model": "cnn", "loss": my_loss})[0]
    {'model': 'cnn', 'loss': '$my_loss'}
    """
    objects: dict[str, Any] = {}
    return {key: _written(key, value, (key,), objects) for key, value in settings.items()}, objects


def _written(key: str, value: Any, path: tuple[str, ...], objects: dict[str, Any]) -> Any:
    if value is None or isinstance(value, bool | str | PathLike | numbers.Real):
        return _plain(value)
    if isinstance(value, Mapping) and not is_own(key, value) and all(isinstance(it, str | int) for it in value):
        return {name: _written("", item, (*path, str(name)), objects) for name, item in value.items()}
    several = key in LISTS and isinstance(value, list | tuple)
    if several or (isinstance(value, list | tuple) and not is_own(key, value)):
        return [_written("", item, path, objects) for item in value]
    if is_own(key, value) or isinstance(value, Part | set | frozenset):
        return f"${_name(value, path, objects)}"
    return value


def _plain(value: Any) -> Any:
    """Give a number or a text as Python's own, which YAML can write."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, numbers.Real):
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    return str(fspath(value)) if isinstance(value, PathLike) else str(value)


def _name(value: Any, path: Sequence[str], objects: dict[str, Any]) -> str:
    """Name an object as its function or class, or after its place; twice the same object is one name."""
    known = next((name for name, one in objects.items() if one is value), None)
    if known is not None:
        return known
    own = getattr(value, "__name__", "")
    place = next(it for it in reversed(path) if it != "type")
    name = own if isinstance(own, str) and own.isidentifier() and not keyword.iskeyword(own) else place
    name = _NOT_IN_NAMES.sub("_", name)
    free = next(it for it in (name, *(f"{name}_{n}" for n in range(2, len(objects) + 3))) if it not in objects)
    objects[free] = value
    return free


def hidden(settings: Mapping[str, Any], objects: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """Mention what nobody may see as if it were an object.

    Parameters
    ----------
    settings : mapping
        As :func:`mentioned` gives them.
    objects : dict
        Likewise; what is hidden is added.
    secrets : collection of str
        Texts that nobody may see.

    Examples
    --------
    >>> hidden({"notify": {"webhook": "https://example.org/x"}}, {}, ["https://example.org/x"])
    {'notify': {'webhook': '$webhook'}}
    """
    return {key: _hidden(value, (key,), objects, secrets) for key, value in settings.items()}


def _hidden(value: Any, path: tuple[str, ...], objects: dict[str, Any], secrets: Collection[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(item, (*path, str(name)), objects, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, path, objects, secrets) for item in value]
    is_secret = isinstance(value, str) and value in secrets and not is_mention(value)
    return f"${_name(value, path, objects)}" if is_secret else value


def resolved(
    settings: Mapping[str, Any], objects: Mapping[str, Any], lacks: str, known: Iterable[str]
) -> dict[str, Any]:
    """Put objects in place of their mentions.

    Parameters
    ----------
    settings : mapping
        As they were read from text.
    objects : mapping
        By name.
    lacks : str
        How a sentence begins that says there is none of a name: ``"the notebook has no variable"``.
    known : iterable of str
        Names to suggest then.

    Raises
    ------
    ConfigurationError
        If a mention names nothing, or goes on behind the name; its ``problems`` say where.
    """

    def lookup(name: str, path: tuple[str, ...]) -> Any:
        if name not in objects:
            raise _refusal(path, f"{lacks} '{name}'.{did_you_mean(name, known)}")
        return objects[name]

    return {key: _resolved(value, (str(key),), lookup) for key, value in settings.items()}


def _resolved(value: Any, path: tuple[str, ...], lookup: Callable[[str, tuple[str, ...]], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, (*path, str(key)), lookup) for key, item in value.items()}
    if isinstance(value, list):
        members = [_resolved(item, (*path, str(at)), lookup) for at, item in enumerate(value)]
        # With objects in it, it is what Python would write as (x, y), whatever these are.
        return tuple(members) if any(map(is_mention, value)) else members
    mention = _MENTION.fullmatch(value) if isinstance(value, str) else None
    if mention is None:
        return value
    name, rest = mention.groups()
    if rest:
        raise _refusal(
            path, f"expected '$' and the name of a variable, got '{value}'; assign that to a variable first."
        )
    return lookup(name, path)


def is_mention(value: Any) -> bool:
    """Tell whether a value is the mention of an object.

    Examples
    --------
    >>> is_mention("$net"), is_mention("net"), is_mention("$net.encoder")
    (True, False, False)
    """
    found = _MENTION.fullmatch(value) if isinstance(value, str) else None
    return found is not None and not found[2]


def names_in(value: Any) -> Iterator[str]:
    """Give the names that settings mention, however deep."""
    if is_mention(value):
        yield value[1:]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for item in inner:
        yield from names_in(item)


def _refusal(path: tuple[str, ...], sentence: str) -> ConfigurationError:
    where = path[0] + "".join(f"[{it}]" if it.isdecimal() else f".{it}" for it in path[1:])
    error = ConfigurationError(f"{where}: {sentence}")
    error.problems = (Problem(path, str(error)),)
    return error
