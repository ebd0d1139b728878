"""Names of parts and where their code is; nothing is imported before it is asked for.

Built-ins and other people's parts are found the same way: as entry points in a group
``dltrainer.<kind>``. Parts that belong to one framework carry it in front of their name
(``pytorch.adamw``), and are looked up with ``framework="pytorch"``.
"""

from __future__ import annotations

import functools
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, Literal

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, UnknownNameError

Kind = Literal[
    "adapters", "recipes", "models", "optimizers", "losses", "schedules", "metrics", "data", "executors", "faces"
]

_SINGULAR: dict[str, str] = {
    "adapters": "framework",
    "recipes": "recipe",
    "models": "model",
    "optimizers": "optimizer",
    "losses": "loss",
    "schedules": "scheduler",
    "metrics": "metric",
    "data": "data set",
    "executors": "executor",
    "faces": "face",
}


def names(kind: Kind, framework: str | None = None) -> list[str]:
    """List the registered names of one kind.

    Parameters
    ----------
    kind : str
        Which kind of part: ``"models"``, ``"optimizers"`` …
    framework : str, optional
        Only parts that belong to this framework.

    Returns
    -------
    list of str
        Sorted, without the framework in front.
    """
    prefix = f"{framework}." if framework else ""
    return sorted(name.removeprefix(prefix) for name in _table(kind) if name.startswith(prefix))


def find(kind: Kind, name: str, framework: str | None = None) -> Any:
    """Import and return a part.

    Raises
    ------
    UnknownNameError
        If nobody registered the name; suggests the nearest.
    MissingPackageError
        If the part needs a package that isn't installed.

    Examples
    --------
    >>> find("schedules", "cosine").__name__
    'Cosine'
    """
    entry = _entry(kind, name, framework)
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        raise _missing(_SINGULAR[kind], name, entry, error) from error
    except AttributeError as error:
        msg = f"The {_SINGULAR[kind]} '{name}' is registered as '{entry.value}', which doesn't exist: {error}."
        raise ConfigurationError(msg) from error


def check(kind: Kind, name: str, framework: str | None = None) -> None:
    """Raise :class:`UnknownNameError` unless a name is registered; imports nothing."""
    _entry(kind, name, framework)


def _entry(kind: Kind, name: str, framework: str | None) -> EntryPoint:
    entry = _table(kind).get(f"{framework}.{name}" if framework else name)
    if entry is None:
        raise UnknownNameError(_SINGULAR[kind], name, names(kind, framework))
    return entry


def _missing(kind: str, name: str, entry: EntryPoint, error: ModuleNotFoundError) -> MissingPackageError:
    extra = f"dltrainer-jupyter[{entry.extras[0]}]" if entry.extras else str(error.name)
    msg = f"The {kind} '{name}' needs the package '{error.name}', which isn't installed: pip install \"{extra}\""
    return MissingPackageError(msg)


@functools.cache
def _table(kind: Kind) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in _installed().select(group=f"dltrainer.{kind}")}


@functools.cache
def _installed() -> EntryPoints:
    # Every look-up reads the metadata of all installed packages, so there is one for all kinds.
    return entry_points()
