"""Parts that a notebook registers: classes, for as long as its process lives."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.registry import faults
from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.kinds import SINGULAR, Kind


@dataclass(frozen=True)
class Registered:
    """A class that was registered in this process."""

    part: type[Any]

    @property
    def place(self) -> str:
        """The class and where it was made."""
        return f"{self.part.__qualname__} in {self.package}"

    @property
    def package(self) -> str:
        """The notebook, or the module that registered it."""
        module = self.part.__module__
        return f"module {module}" if getattr(sys.modules.get(module), "__file__", None) else "this notebook"

    @property
    def version(self) -> None:
        """A class of a notebook has one if it says so itself."""
        return

    def check(self, called: str) -> None:
        """Nothing can be missing: the class is there."""

    def load(self, called: str) -> Any:  # noqa: ARG002 - the port's signature
        """Give the class."""
        return self.part


_PARTS: dict[Kind, dict[str, Registered]] = {}


def add(kind: Kind, name: str, part: type[Any]) -> None:
    """Register a class; another one of that name that a notebook registered is forgotten.

    Raises
    ------
    ConfigurationError
        If it isn't what is expected of a part; says what is missing.
    """
    if problem := faults.first_fault(kind, part):
        msg = f"The {SINGULAR[kind]} '{name}' ({part.__qualname__}) can't be used: {problem}"
        raise ConfigurationError(msg)
    _PARTS.setdefault(kind, {})[name] = Registered(part)


def remove(kind: Kind, name: str) -> None:
    """Forget a part, if there is one of that name."""
    _PARTS.get(kind, {}).pop(name, None)


def registered(kind: Kind) -> Mapping[str, list[Entry]]:
    """Give the parts of one kind by name."""
    return {name: [one] for name, one in _PARTS.get(kind, {}).items()}
