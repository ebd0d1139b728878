"""The form of a run on the page: its text goes both ways as a trait, what it asks comes as messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from dltrainer_jupyter.widgets.asked import Asked
from dltrainer_jupyter.widgets.built import built
from dltrainer_jupyter.widgets.form_answering import LANES
from dltrainer_jupyter.widgets.replying import replied


class FormView(Asked):
    """A form on the page; the script that draws it comes by a message, so that no notebook keeps it.

    Parameters
    ----------
    text : str
        The configuration it begins with.
    answer : callable
        Does what the page asks, given verb and arguments.
    """

    _esm = built("form-widget.js")
    _css = built("form-widget.css")
    yaml = traitlets.Unicode().tag(sync=True)

    def __init__(self, text: str, answer: Callable[[str, Mapping[str, Any]], Any]) -> None:
        self._answer = answer
        super().__init__(yaml=text)

    def lane_of(self, verb: str) -> str:
        """Let what may take its time wait by itself."""
        return LANES.get(verb, "form")

    def answered(self, request: dict[str, Any]) -> None:
        """Do what was asked and say what came of it."""
        self.send(replied(request, self._answer))

    def __repr__(self) -> str:
        """Say what this is where no widget can be shown."""
        return "Form of a run"
