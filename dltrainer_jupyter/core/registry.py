"""Names of parts and where their code is; nothing is imported before it is asked for.

Built-ins and other people's parts are found the same way: as entry points in a group
``dltrainer.<kind>``. Parts that belong to one framework carry it in front of their name
(``pytorch.adamw``), and are looked up with ``framework="pytorch"``.
"""

from __future__ import annotations

import functools
import re
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points
from typing import Any, Literal

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, UnknownNameError

Kind = Literal[
    "adapters",
    "recipes",
    "models",
    "optimizers",
    "losses",
    "schedules",
    "metrics",
    "data",
    "preprocessing",
    "augmentations",
    "executors",
    "trackers",
    "faces",
]

SINGULAR: dict[str, str] = {
    "adapters": "framework",
    "recipes": "recipe",
    "models": "model",
    "optimizers": "optimizer",
    "losses": "loss",
    "schedules": "scheduler",
    "metrics": "metric",
    "data": "data set",
    "preprocessing": "preprocessing step",
    "augmentations": "augmentation",
    "executors": "executor",
    "trackers": "tracker",
    "faces": "face",
}


_OURS = "dltrainer-jupyter"


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
        raise _missing(SINGULAR[kind], name, entry, str(error.name).partition(".")[0]) from error
    except (ImportError, AttributeError) as error:
        msg = f"The {SINGULAR[kind]} '{name}' is registered as '{entry.value}', which can't be imported: {error}."
        raise ConfigurationError(msg) from error


def check(kind: Kind, name: str, framework: str | None = None) -> None:
    """See that a name is registered and that what it needs is installed; imports nothing.

    Raises
    ------
    UnknownNameError
        If nobody registered the name; suggests the nearest.
    MissingPackageError
        If the part comes with an extra that isn't installed.
    """
    entry = _entry(kind, name, framework)
    for package in _brought_by_extras(entry):
        try:
            Distribution.from_name(package)
        except PackageNotFoundError as error:
            raise _missing(SINGULAR[kind], name, entry, package) from error


def package(kind: Kind, name: str, framework: str | None = None) -> str:
    """Name the package that brings a part; nothing is imported.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.

    Examples
    --------
    >>> package("models", "cnn")
    'dltrainer-jupyter'
    """
    return _package(_entry(kind, name, framework))


def is_ours(kind: Kind, name: str, framework: str | None = None) -> bool:
    """Tell whether a part is built in, so that importing it imports no framework.

    Examples
    --------
    >>> is_ours("optimizers", "adam", "pytorch")
    True
    """
    return package(kind, name, framework) == _OURS


def _brought_by_extras(entry: EntryPoint) -> list[str]:
    """Name the packages that the extras of an entry point bring."""
    required = [] if entry.dist is None else entry.dist.requires or []
    wanted = [re.compile(rf"""extra\s*==\s*["']{re.escape(extra)}["']""") for extra in entry.extras]
    return [
        re.split(r"[^\w.-]", text, maxsplit=1)[0]
        for text in required
        if any(extra.search(text.partition(";")[2]) for extra in wanted)
    ]


def _entry(kind: Kind, name: str, framework: str | None) -> EntryPoint:
    entries = _table(kind).get(f"{framework}.{name}" if framework else name)
    if entries is None:
        raise UnknownNameError(SINGULAR[kind], name, names(kind, framework))
    if len(entries) > 1:
        # Taking either would let a package that was installed for something else change what a run trains.
        whose = ", ".join(f"{entry.value} ({_package(entry)})" for entry in entries)
        msg = f"The {SINGULAR[kind]} '{name}' is registered more than once: {whose}. Uninstall all but one."
        raise ConfigurationError(msg)
    return entries[0]


def _missing(kind: str, name: str, entry: EntryPoint, package: str) -> MissingPackageError:
    cure = f"{_package(entry)}[{entry.extras[0]}]" if entry.extras else package
    msg = f"The {kind} '{name}' needs the package '{package}', which isn't installed: pip install \"{cure}\""
    return MissingPackageError(msg)


def _package(entry: EntryPoint) -> str:
    return "an unknown package" if entry.dist is None else entry.dist.name


@functools.cache
def _table(kind: Kind) -> dict[str, list[EntryPoint]]:
    table: dict[str, list[EntryPoint]] = {}
    for entry in _installed().select(group=f"dltrainer.{kind}"):
        known = table.setdefault(entry.name, [])
        if entry.value not in [other.value for other in known]:
            known.append(entry)
    return table


@functools.cache
def _installed() -> Any:
    # Every look-up reads the metadata of all installed packages, so there is one for all kinds.
    return entry_points()
