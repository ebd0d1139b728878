"""Parts of installed packages: entry points in groups ``dltrainer.<kind>``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.kinds import Kind


@dataclass(frozen=True)
class Installed:
    """A part of an installed package."""

    entry: EntryPoint

    @property
    def place(self) -> str:
        """Module, class and package."""
        return f"{self.entry.value} ({self.package})"

    @property
    def package(self) -> str:
        """The package that brings it."""
        return "an unknown package" if self.entry.dist is None else self.entry.dist.name

    def check(self, called: str) -> None:
        """See that the packages of its extras are installed."""
        for package in _brought_by_extras(self.entry):
            try:
                Distribution.from_name(package)
            except PackageNotFoundError as error:
                raise self._missing(called, package) from error

    def load(self, called: str) -> Any:
        """Import it."""
        try:
            return self.entry.load()
        except ModuleNotFoundError as error:
            raise self._missing(called, str(error.name).partition(".")[0]) from error
        except (ImportError, AttributeError) as error:
            msg = f"The {called} is registered as '{self.entry.value}', which can't be imported: {error}."
            raise ConfigurationError(msg) from error

    def _missing(self, called: str, package: str) -> MissingPackageError:
        cure = f"{self.package}[{self.entry.extras[0]}]" if self.entry.extras else package
        msg = f"The {called} needs the package '{package}', which isn't installed: pip install \"{cure}\""
        return MissingPackageError(msg)


@functools.cache
def installed(kind: Kind) -> Mapping[str, list[Entry]]:
    """Give the parts of one kind by name; more than one of a name if packages disagree."""
    table: dict[str, list[Entry]] = {}
    values: dict[str, set[str]] = {}
    for entry in _all().select(group=f"dltrainer.{kind}"):
        known = values.setdefault(entry.name, set())
        if entry.value not in known:
            known.add(entry.value)
            table.setdefault(entry.name, []).append(Installed(entry))
    return table


def forget() -> None:
    """Read the metadata of all packages anew when it is next asked for."""
    installed.cache_clear()
    _all.cache_clear()


@functools.cache
def _all() -> Any:
    # Every look-up reads the metadata of all installed packages, so there is one for all kinds.
    return entry_points()


def _brought_by_extras(entry: EntryPoint) -> list[str]:
    """Name the packages that the extras of an entry point bring."""
    required = [] if entry.dist is None else entry.dist.requires or []
    wanted = [re.compile(rf"""extra\s*==\s*["']{re.escape(extra)}["']""") for extra in entry.extras]
    return [
        re.split(r"[^\w.-]", text, maxsplit=1)[0]
        for text in required
        if any(extra.search(text.partition(";")[2]) for extra in wanted)
    ]
