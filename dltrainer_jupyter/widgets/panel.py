"""The live panel of a run: a snapshot goes out as a trait, requests come back as messages."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import Any

import traitlets

from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.widgets.answering import LANES, reply
from dltrainer_jupyter.widgets.asked import Asked
from dltrainer_jupyter.widgets.built import built
from dltrainer_jupyter.widgets.feed import feed


class Panel(Asked):
    """A run, live, with buttons.

    It shows the run wherever that is trained, and goes on showing it when it ends and is resumed. Its callbacks may
    come on any thread; nothing that takes time happens on the kernel's own.

    Parameters
    ----------
    run : Run
        Whose panel.

    Examples
    --------
    >>> print(repr(Panel(tal.get("digits-cnn"))))  # doctest: +SKIP
    Panel of digits-cnn, running when this was written
    """

    # Given paths instead, anywidget holds on to every panel that was ever made.
    _esm = built("panel.js")
    _css = built("panel.css")
    snapshot = traitlets.Dict().tag(sync=True)
    collapsed = traitlets.Dict().tag(sync=True)
    store_uuid = traitlets.Unicode().tag(sync=True)
    """By which the page finds out whether its server reads the same store, and can stand in for a busy kernel."""

    def __init__(self, run: Run) -> None:
        self.store = run.store
        self.run_id = run.id
        self.outputs: list[object] = []
        """Copies below the panel, which are made anew whenever the run ends; the panel only holds them."""
        # Two threads that change traits at once lose one of the changes.
        self._changing = threading.RLock()
        revision = run.store.revision(run.id)
        super().__init__(snapshot=snapshot(run.store, run.id), store_uuid=run.store.uuid)
        feed.add(self, revision)

    @property
    def run(self) -> Run:
        """The run shown."""
        return Run(self.run_id, self.store)

    def tell(self, snapshot: Mapping[str, Any]) -> None:
        """Show this from now on."""
        with self._changing:
            self.snapshot = dict(snapshot)

    def end(self) -> None:
        """Keep the last picture of a run that was deleted."""

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page has changed."""
        with self._changing:
            super().set_state(sync_data)

    def close(self) -> None:
        """Take the panel off the page."""
        # Also called for a panel that was never opened.
        if self.comm is not None:
            feed.remove(self)
        super().close()

    def __repr__(self) -> str:
        """Say what this is where no widget can be shown; the line stays in the notebook when the run has ended."""
        run = self.snapshot["run"]
        return f"Panel of {run['name']}, {run['state']} when this was written"

    def lane_of(self, verb: str) -> str:
        """Let what takes its time wait by itself; all others keep their order."""
        return LANES.get(verb, "steer")

    def answered(self, request: dict[str, Any]) -> None:
        """Do what was asked and say what came of it."""
        answer = reply(self.run, request)
        # What was asked shows at once; the lane is not the place to wait for what comes of it.
        feed.hurry()
        self.send(answer)
        if request.get("verb") == "clone" and answer["ok"]:
            self._show_below(answer["result"]["id"])

    def _show_below(self, run_id: str) -> None:
        """Show another run in the cell that shows this one."""
        from dltrainer_jupyter.widgets.display import show  # which shows panels

        show(Run(run_id, self.store))


_panels: weakref.WeakValueDictionary[tuple[str, str], Panel] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def panel(run: Run) -> Panel:
    """Give a run's panel: the open one, if there is one, else a new one.

    One panel shown in many places costs as much as in one.

    Parameters
    ----------
    run : Run
        Whose panel.

    Raises
    ------
    MissingPackageError
        If the front end isn't built.
    """
    key = (run.store.uuid, run.id)
    with _lock:
        known = _panels.get(key)
        if known is None or known.comm is None:
            known = _panels[key] = Panel(run)
        return known
