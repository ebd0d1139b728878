"""Asking something of a run, and deleting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.vocabulary import WORDS

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Control

PLAIN = ("pause", "suspend", "stop", "checkpoint")
"""Verbs that take nothing but a run."""


def asking(verb: str) -> Callable[[str], dict[str, Any]]:
    """Give the function that asks something of a run."""

    def ask(ref: str) -> dict[str, Any]:
        from dltrainer_jupyter import tal

        return row(getattr(tal.get(ref), verb)())

    return ask


def summary(verb: str) -> str:
    """Say what a verb does, in the words of every face."""
    return WORDS[verb].help


def set_values(ref: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change settings of a live run."""
    from dltrainer_jupyter import tal

    return row(tal.get(ref).set(**values))


def delete(ref: str) -> None:
    """Remove an ended run."""
    from dltrainer_jupyter import tal

    tal.delete(ref)


def row(control: Control) -> dict[str, Any]:
    """Describe a request: who waits for its outcome looks at the run."""
    from dltrainer_jupyter.views.live import control_row

    return control_row(control.record, control.run)
