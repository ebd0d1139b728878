"""A function, an object or a class of the user's own that takes a step's place in a chain of processing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, brief, first_line

_LONGEST = 120
"""Characters of what an object says of itself."""


@dataclass(frozen=True)
class OwnCode:
    """Something of the user's own, and how it is called.

    Parameters
    ----------
    key : str
        Where it stands in the configuration, for messages: ``preprocessing``.
    name : str
        What it is called in messages.
    thing : object
        As it was handed over.
    settings : mapping
        What stands beside it: keyword arguments of a function at each call, of a class where an object is made.
    """

    key: str
    name: str
    thing: Any
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short_name(self) -> str:
        """What it is called where it was written."""
        return self.name.rpartition("<locals>.")[2]

    @property
    def where(self) -> str:
        """Say where it stands and what it is called."""
        return f"{self.key}: '{self.short_name}'"

    def made(self, *methods: str) -> Any:
        """Give the object that does the work, of a class one that is made for it.

        Parameters
        ----------
        *methods : str
            One of which an object has to have if it can't be called.

        Raises
        ------
        ConfigurationError
            If it can't do the work, or its settings aren't those it takes.
        """
        if inspect.isclass(self.thing):
            self._check_settings(self.thing)
            made = self.called(self.thing, **self.settings)
        else:
            made = self.thing
            if not offers(made, *methods) and callable(made):
                self._check_settings(made, None)
            elif self.settings:
                msg = (
                    f"{self.where} is an object, which takes no settings here; give them where it is made, got "
                    f"{brief(dict(self.settings))}."
                )
                raise ConfigurationError(msg)
        if not offers(made, *methods) and not callable(made):
            msg = (
                f"{self.key}: expected a name, a function, or an object with {' or '.join(methods)}, got "
                f"{type(made).__name__}."
            )
            raise ConfigurationError(msg)
        return made

    def called(self, function: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Call something of the user's, and say whose fault it was if it raises.

        Raises
        ------
        ConfigurationError
            Holds what was raised as its cause, whose frames are shown.
        """
        try:
            return function(*given, **more)
        except DLTrainerError:
            raise
        except Exception as error:
            said = first_line(error)
            kind = type(error).__name__
            msg = f"{self.where} raised {kind}{'' if said == kind else f': {said}'}."
            raise ConfigurationError(msg) from error

    def describe(self, made: Any) -> str:
        """Say in one line what it does: in its own words, by its documentation, or by its settings."""
        if callable(own := getattr(made, "describe", None)):
            return _one_line(str(self.called(own)))
        if inspect.isroutine(made):
            settings = ", ".join(f"{key}={value!r}" for key, value in self.settings.items())
            documented = (inspect.getdoc(made) or "").partition("\n")[0].rstrip(".")
            return _one_line(f"{self.short_name}({settings})" + (f": {documented}" if documented else ""))
        shown = " ".join(repr(made).split())
        return _one_line(self.short_name if shown.startswith("<") else shown)

    def _check_settings(self, called: Callable[..., Any], *given: Any) -> None:
        try:
            inspect.signature(called).bind(*given, **self.settings)
        except TypeError as error:
            msg = f"{self.where} can't be called with its settings: {first_line(error)}."
            raise ConfigurationError(msg) from error
        except ValueError:
            # One in C that doesn't tell its arguments.
            pass


def offers(made: Any, *methods: str) -> bool:
    """Say whether an object has one of some methods."""
    return any(callable(getattr(made, method, None)) for method in methods)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
