"""Several inputs or several targets in hand: told from one, and brought to NumPy by name or position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError, did_you_mean
from dltrainer_jupyter.data.host import refuse_non_finite, to_host

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

Name = str | int | None
"""Of one of several, or its position; None of the only one."""
Named = dict[Name, "Array"]


def are_several(inputs: Any, targets: Any) -> tuple[bool, bool]:
    """Tell whether inputs, and whether targets, are several.

    A mapping is, and so is a tuple of arrays that have as many samples as there are on the other side. Else a tuple of
    arrays is one array, row by row; where both would fit, what makes more samples of it.

    Parameters
    ----------
    inputs, targets : array-like, mapping or tuple of array-likes
        As they were handed over.

    Examples
    --------
    >>> one, other = np.zeros((9, 2)), np.zeros((9, 4))
    >>> are_several((one, other), np.zeros(9)), are_several(tuple(one), {"y": np.zeros(9)})
    ((True, False), (False, True))
    """
    first, second = _readings(inputs), _readings(targets)
    fitting = [(count, one, other) for one, count in first.items() for other, more in second.items() if count == more]
    if fitting:
        _, one, other = max(fitting)
        return one, other
    # What is wrong is said of all that may be meant.
    return max(first), max(second)


def _readings(given: Any) -> dict[bool, int]:
    """Count the samples there would be if it is several, and if it is one."""
    if isinstance(given, Mapping):
        return {True: _count(next(iter(given.values()), ()))}
    if isinstance(given, tuple) and given and all(getattr(part, "ndim", 0) for part in given):
        return {False: len(given), True: _count(given[0])}
    return {False: _count(given)}


def _count(given: Any) -> int:
    try:
        return len(given)
    except TypeError:
        return -1


def named(given: Any, what: str, *, several: bool, like: Mapping[Name, Any] | None = None) -> Named:
    """Bring inputs or targets to NumPy.

    Parameters
    ----------
    given : array-like, mapping or tuple of array-likes
        As they were handed over.
    what : str
        What they are, for messages: ``"inputs"``.
    several : bool
        As :func:`are_several` says.
    like : mapping, optional
        Whose names have to be there.

    Returns
    -------
    dict of numpy.ndarray
        By name, by position, or by None where there is one.

    Raises
    ------
    ConfigurationError
        If a name is no string, one is missing or too many, or one is no array, has missing values or rows of different
        lengths.
    """
    if not several:
        array = to_host(given, what)
        refuse_non_finite(array, what)
        return {None: array}
    parts = by_name(given, what) if like is None else matched(given, like, what)
    found: Named = {}
    for name, part in parts.items():
        found[name] = to_host(part, f"{what} {name!r}")
        refuse_non_finite(found[name], f"{what} {name!r}")
    return found


def by_name(given: Any, what: str) -> dict[Name, Any]:
    """Give the members of a mapping or a tuple by what they are found by.

    Raises
    ------
    ConfigurationError
        If a name is no string, or there are none.
    """
    if hasattr(given, "_asdict"):
        given = given._asdict()
    if not isinstance(given, Mapping):
        return dict(enumerate(given))
    if not given:
        msg = f"data: expected {what} by name, got an empty mapping."
        raise ConfigurationError(msg)
    if odd := [name for name in given if not isinstance(name, str)]:
        msg = f"data: expected {what} whose names are strings, got {odd[0]!r}."
        raise ConfigurationError(msg)
    return dict(given)


def matched(given: Any, known: Mapping[Name, Any] | tuple[str | int, ...], what: str) -> dict[Name, Any]:
    """Give the members of a structure in the order of known names.

    Parameters
    ----------
    given : object
        A mapping, or a tuple or list where they have positions.
    known : mapping or tuple
        Names, or positions, there have to be.
    what : str
        What they are, for messages: ``"inputs"``.

    Raises
    ------
    ConfigurationError
        If it is no such structure, or names are missing or unknown.
    """
    names = list(known)
    wanted = ", ".join(map(repr, names))
    if isinstance(names[0], int):
        if not isinstance(given, tuple | list) or len(given) != len(names):
            got = f"{len(given)}" if isinstance(given, tuple | list) else _described(given)
            msg = f"{what}: expected a tuple of {len(names)} arrays, as in training, got {got}."
            raise ConfigurationError(msg)
        return dict(enumerate(given))
    parts = given._asdict() if hasattr(given, "_asdict") else given
    if not isinstance(parts, Mapping):
        msg = f"{what}: expected a mapping with {wanted}, as in training, got {_described(given)}."
        raise ConfigurationError(msg)
    for name in parts:
        if name not in names:
            hint = did_you_mean(str(name), [str(one) for one in names])
            msg = f"{what}: there is no {name!r}.{hint} Expected {wanted}."
            raise ConfigurationError(msg)
    if missing := [name for name in names if name not in parts]:
        msg = f"{what}: expected {wanted}, and {', '.join(map(repr, missing))} is missing."
        raise ConfigurationError(msg)
    return {name: parts[name] for name in names}


def packed(found: Mapping[Name, Any]) -> Any:
    """Give what was found by name in the structure it came in: as a mapping, a tuple, or the only one."""
    if None in found:
        return found[None]
    return tuple(found.values()) if isinstance(next(iter(found)), int) else dict(found)


def steps_of(preprocessing: Sequence[Mapping[str, Any]], name: str | int) -> list[Mapping[str, Any]]:
    """Give the steps of one of several inputs, of ``Signature.preprocessing``."""
    mine = [step for step in preprocessing if step.get("input") == name]
    return [{key: value for key, value in step.items() if key != "input"} for step in mine]


def shown(names: Any) -> str:
    """Name several for a message."""
    return ", ".join(map(str, names))


def each(found: Mapping[Name, Array], change: Callable[[Array], Array]) -> Named:
    """Change each."""
    return {name: change(array) for name, array in found.items()}


def _described(given: Any) -> str:
    shape = getattr(given, "shape", None)
    return f"a {type(given).__name__}" if shape is None else f"one array of shape {tuple(shape)}"
