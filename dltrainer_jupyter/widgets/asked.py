"""A widget whose page asks it things: requests come as messages and are answered on other threads."""

from __future__ import annotations

import contextvars
import functools
from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from typing import Any

import anywidget

from dltrainer_jupyter.widgets.lanes import lane


class _AbstractWidget(ABCMeta, type(anywidget.AnyWidget)):  # type: ignore[misc] # traitlets ships a metaclass of its own
    """Lets a widget have methods that subclasses must bring."""


class Asked(anywidget.AnyWidget, metaclass=_AbstractWidget):
    """Answers requests ``{"kind": "request", "id": …, "verb": …, "arguments": {…}}``.

    A subclass says by :meth:`lane_of` on which thread, and by :meth:`answered` with what. Both may be called on any
    thread; nothing that takes time happens on the kernel's own.
    """

    def __init__(self, **traits: Any) -> None:
        # What is begun by a button prints under the cell that shows the widget.
        self.context = contextvars.copy_context()
        super().__init__(**traits)
        self._stay_on_subshell()
        self.on_msg(_received)

    @abstractmethod
    def lane_of(self, verb: str) -> str:
        """Name the lane in which a request waits for its turn."""

    @abstractmethod
    def answered(self, request: dict[str, Any]) -> None:
        """Answer a request; must not raise."""

    def receive(self, content: Any) -> None:
        """Have a message from the page answered, on another thread."""
        if not isinstance(content, Mapping) or content.get("kind") != "request":
            return
        request = dict(content)
        job = functools.partial(self.context.copy().run, self.answered, request)
        lane(self.lane_of(str(request.get("verb")))).submit(job)

    def _stay_on_subshell(self) -> None:
        """Let messages come where the page sends them, so that buttons answer while a cell is busy.

        JupyterLab sends a widget's messages to a subshell of the kernel. ipykernel 7.4 ignores that and routes them
        to whichever shell last sent something, which the main shell, busy with a cell, nearly always is.
        """
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _data, default: default  # noqa: SLF001 - there is no public way


def _received(widget: Asked, content: Any, _buffers: Any) -> None:
    widget.receive(content)
