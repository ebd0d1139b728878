"""Parts of installed packages: entry points in groups ``dltrainer.<kind>``."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.kinds import Kind

OURS = "dltrainer-jupyter"
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


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
        return read(self.entry.dist).name

    @property
    def version(self) -> str | None:
        """That of the package."""
        return read(self.entry.dist).version

    def check(self, called: str) -> None:
        """See that the packages of its extras are installed."""
        for package in read(self.entry.dist).brought_by(self.entry.extras):
            # Not remembered: what is missing may be installed while this process lives.
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
    read.cache_clear()


@functools.cache
def _all() -> Any:
    # Every look-up reads the metadata of all installed packages, so there is one for all kinds.
    return entry_points()


@dataclass(frozen=True)
class Package:
    """What is asked of a package's metadata."""

    name: str = "an unknown package"
    version: str | None = None
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The packages that each extra brings."""

    def brought_by(self, extras: Iterable[str]) -> Iterator[str]:
        """Name the packages that some extras bring."""
        for extra in extras:
            yield from self.extras.get(extra, ())


def extra_that_brings(package: str) -> str | None:
    """Name the extra of ours that brings a package; None if there is none.

    Examples
    --------
    >>> extra_that_brings("torch"), extra_that_brings("nobody_knows")
    ('torch', None)
    """
    extras = read(Distribution.from_name(OURS)).extras
    found = [extra for extra, brought in extras.items() if package.replace("_", "-") in brought]
    return min(found, key=lambda extra: (extra != package, len(extras[extra])), default=None)


@functools.cache
def read(package: Distribution | None) -> Package:
    """Read a package's metadata, once: to parse it takes milliseconds, and each of its parts asks for it."""
    if package is None:
        return Package()
    extras: dict[str, tuple[str, ...]] = {}
    for required in package.requires or []:
        text, _, condition = required.partition(";")
        for extra in _EXTRA.findall(condition):
            extras[extra] = (*extras.get(extra, ()), re.split(r"[^\w.-]", text, maxsplit=1)[0])
    return Package(package.name, package.version, extras)
