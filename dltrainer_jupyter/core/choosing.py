"""Choosing one of several outputs or targets, by name or position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, did_you_mean


def is_several(value: Any) -> bool:
    """Say whether a model's outputs, or targets, are a structure of several."""
    # Values of many steps may be held in a tuple that is an array all the same.
    return isinstance(value, Mapping | tuple | list) and not (hasattr(value, "shape") or hasattr(value, "nbytes"))


def names_in(structure: Any) -> list[str | int]:
    """Name the members of a structure, as they are chosen."""
    if isinstance(structure, Mapping):
        return list(structure)
    named = getattr(structure, "_fields", None)
    return list(named) if named else list(range(len(structure)))


def chosen(structure: Any, which: str | int | None, where: str, what: str = "output") -> Any:
    """Choose one of several outputs or targets.

    Parameters
    ----------
    structure : object
        What there is: one, or a mapping, a tuple or a list of several.
    which : str or int or None
        By name or position; None for all of it.
    where : str
        Who asks, for messages.
    what : {"output", "target", "input"}
        What is chosen, for messages.

    Raises
    ------
    ConfigurationError
        Names those there are.

    Examples
    --------
    >>> chosen({"kind": 1, "size": 2}, "size", "loss"), chosen((1, 2), -1, "loss")
    (2, 2)
    """
    if which is None:
        return structure
    if not is_several(structure):
        msg = f"{where}: there is one {what}, so none can be chosen by '{which}'; leave {what} out."
        raise ConfigurationError(msg)
    found = position_of(structure, which)
    if found is None:
        known = names_in(structure)
        hint = did_you_mean(which, [str(name) for name in known]) if isinstance(which, str) else ""
        msg = f"{where}: there is no {what} '{which}'.{hint} Known: {', '.join(map(str, known))}."
        raise ConfigurationError(msg)
    return structure[found]


def position_of(structure: Any, which: str | int) -> Any:
    """Give what a member of a structure is found by; None if there is none."""
    if isinstance(structure, Mapping):
        if which in structure:
            return which
        names = list(structure)
        return names[which] if isinstance(which, int) and -len(names) <= which < len(names) else None
    named: Sequence[str] = getattr(structure, "_fields", ())
    if isinstance(which, str):
        return named.index(which) if which in named else int(which) if _is_position(which, structure) else None
    return which if -len(structure) <= which < len(structure) else None


def _is_position(text: str, structure: Any) -> bool:
    return text.isdecimal() and int(text) < len(structure)


def target_of(targets: Any, output: str | int | None, target: str | int | None, where: str) -> Any:
    """Choose the target that goes with an output: the one that is asked for, or that is called as the output is.

    Raises
    ------
    ConfigurationError
        Names those there are.
    """
    if target is None and output is not None and is_several(targets):
        target = output
    return chosen(targets, target, where, "target")


def refuse_several(value: Any, where: str, what: str = "output") -> None:
    """Raise if there are several where one is needed.

    Raises
    ------
    ConfigurationError
        Names them.
    """
    if is_several(value):
        names = [*map(str, names_in(value))]
        msg = f"{where}: there are several {what}s ({', '.join(names)}); say which, such as {what}: {names[0]}."
        raise ConfigurationError(msg)


def joined(parts: Sequence[Any], join: Callable[[Sequence[Any]], Any]) -> Any:
    """Join what batches gave, output by output, in the structure that each batch has.

    Examples
    --------
    >>> joined([{"kind": 1}, {"kind": 2}], sum)
    {'kind': 3}
    """
    first = parts[0]
    if not is_several(first):
        return join(parts)
    if isinstance(first, Mapping):
        return {name: joined([part[name] for part in parts], join) for name in first}
    return tuple(joined([part[at] for part in parts], join) for at in range(len(first)))
