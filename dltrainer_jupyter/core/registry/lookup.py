"""Looking a name up in all sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.registry import entry_points, notebook, own, plug_ins
from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.entry_points import OURS, Installed
from dltrainer_jupyter.core.registry.folder import FromFolder
from dltrainer_jupyter.core.registry.kinds import SINGULAR, Kind


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
    found = {name for source in _sources(kind) for name in source} | own.names(kind)
    return sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix))


def find(kind: Kind, name: str, framework: str | None = None) -> Any:
    """Import and return a part.

    Raises
    ------
    UnknownNameError
        If nobody registered the name; suggests the nearest.
    MissingPackageError
        If the part needs a package that isn't installed.
    ConfigurationError
        If it can't be imported, isn't what is expected of a part, or the name is registered more than once.

    Examples
    --------
    >>> find("schedules", "cosine").__name__
    'Cosine'
    """
    return entry_of(kind, name, framework).load(_called(kind, name))


def check(kind: Kind, name: str, framework: str | None = None) -> None:
    """See that a name is registered and that what it needs is installed; imports nothing.

    Raises
    ------
    UnknownNameError
        If nobody registered the name; suggests the nearest.
    MissingPackageError
        If the part comes with an extra that isn't installed.
    """
    entry_of(kind, name, framework).check(_called(kind, name))


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
    return entry_of(kind, name, framework).package


def is_ours(kind: Kind, name: str, framework: str | None = None) -> bool:
    """Tell whether a part is built in, so that importing it imports no framework; one of two of a name isn't.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.

    Examples
    --------
    >>> is_ours("optimizers", "adam", "pytorch")
    True
    """
    return all(it.package == OURS for it in _all(kind, name, framework))


def forget() -> None:
    """Read every source anew when it is next asked for."""
    entry_points.forget()
    plug_ins.forget()


def entry_of(kind: Kind, name: str, framework: str | None = None) -> Entry:
    """Give what is known of a part before it is imported.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.
    ConfigurationError
        If more than one did.
    """
    found = _all(kind, name, framework)
    if len(found) > 1:
        # Taking either would let what was installed for something else change what a run trains.
        whose = ", ".join(one.place for one in found)
        cure = "Uninstall" if all(isinstance(one, Installed) for one in found) else "Rename or remove"
        msg = f"The {_called(kind, name)} is registered more than once: {whose}. {cure} all but one."
        raise ConfigurationError(msg)
    return found[0]


def _all(kind: Kind, name: str, framework: str | None) -> list[Entry]:
    """Give all who have a name; at least one."""
    full = f"{framework}.{name}" if framework else name
    if kept := own.entry(kind, full):
        return [kept]
    found = _found(kind, full)
    if not found and plug_ins.refresh():
        # Dropped into the folder since it was read.
        found = _found(kind, full)
    if not found:
        raise unknown(kind, name, names(kind, framework))
    return found


def unknown(kind: Kind, name: str, known: Iterable[str]) -> UnknownNameError:
    """Make the error for a name that nobody registered; says which plug-ins were left out, and why.

    Parameters
    ----------
    kind : str
        Of the part.
    name : str
        What was given.
    known : iterable of str
        What would have been understood.
    """
    return UnknownNameError(SINGULAR[kind], name, known, plug_ins.why_not(name))


def others(kind: Kind, full_name: str, path: Path) -> list[Entry]:
    """Give who has a name besides a plug-in, which need not lie in the plug-in folder (yet)."""
    return [it for it in _found(kind, full_name) if not (isinstance(it, FromFolder) and it.plug_in.path == path)]


def _found(kind: Kind, full: str) -> list[Entry]:
    return [one for source in _sources(kind) for one in source.get(full, ())]


def _sources(kind: Kind) -> list[Mapping[str, list[Entry]]]:
    return [entry_points.installed(kind), plug_ins.current().registered(kind), notebook.registered(kind)]


def _called(kind: Kind, name: str) -> str:
    return f"{SINGULAR[kind]} '{name}'"
