"""Show a run where the person is: a panel in a notebook, a few words elsewhere."""

from __future__ import annotations

import contextvars
import secrets
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.core.states import ENDED, State
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.waiting import wait_also_for
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.widgets.feed import feed
from dltrainer_jupyter.widgets.summary import line, look_again

if TYPE_CHECKING:
    from dltrainer_jupyter.widgets.panel import Panel


_PATIENCE = 10.0
"""Seconds that somebody who waits for the run waits for its copy."""


class Shown:
    """A panel, and below it an output that receives a plain copy whenever the run ends.

    Parameters
    ----------
    run : Run
        Which run.
    panel : Panel or None
        Its live panel; None where no widget can be shown.
    """

    def __init__(self, run: Run, panel: Panel | None) -> None:
        self.panel = panel
        self.store = run.store
        self.run_id = run.id
        self._place = f"dltrain-{run.id}-{secrets.token_hex(4)}"
        # Whatever is printed later belongs to the cell that shows the run.
        self._context = contextvars.copy_context()
        self._sending = threading.Lock()
        self._settled = threading.Event()

    def open(self) -> None:
        """Reserve the output; a run that has ended is copied at once."""
        revision = self.store.revision(self.run_id)
        news = snapshot(self.store, self.run_id)
        ended = State(news["run"]["state"]) in ENDED
        self._send(news, update=False, png=_png(news) if ended else None)
        if ended:
            self._settled.set()
        else:
            # Until then somebody must hold it, even if the panel is closed.
            _waiting.add(self)
        feed.add(self, revision)

    def tell(self, snapshot: Mapping[str, Any]) -> None:
        """Begin a new copy if the run has ended."""
        if State(snapshot["run"]["state"]) in ENDED:
            # The output is found by its name. Who executes a notebook without a page takes a change of it only from
            # the cell under way, so it is sent in no cell's own context.
            target = contextvars.Context().run
            threading.Thread(target=target, args=(self._copy, snapshot), name="dltrain-copy", daemon=True).start()
        else:
            self._settled.clear()
            _waiting.add(self)

    def end(self) -> None:
        """Keep the copy of a run that was deleted."""

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the copy that stays is there; a run that hasn't ended has none.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; for ever by default.

        Returns
        -------
        bool
            Whether it is there.
        """
        feed.hurry()
        return self._settled.wait(timeout)

    def _copy(self, news: Mapping[str, Any]) -> None:
        with self._sending:
            self._send(news, update=True, png=self._context.copy().run(_png, news))
            self._settled.set()
            _waiting.discard(self)

    def _send(self, news: Mapping[str, Any], *, update: bool, png: bytes | None) -> None:
        from IPython.display import display

        from dltrainer_jupyter.widgets.still import bundle

        forms = bundle(news, png)
        display(forms, raw=True, display_id=self._place, update=update)  # type: ignore[no-untyped-call]


_waiting: set[Shown] = set()
"""Those whose copy isn't there yet; afterwards their panel holds them."""


def _settled(store: Store, run_id: str) -> None:
    """Wait for a run's copies: a notebook that is executed as a whole may be saved as soon as its last cell ends."""
    for shown in tuple(_waiting):
        if (shown.store.uuid, shown.run_id) == (store.uuid, run_id):
            shown.settle(_PATIENCE)


wait_also_for(_settled)


def show(run: Run) -> Shown | None:
    """Show a run.

    In a notebook that is its live panel, and an output below that receives a plain copy (a table and the charts)
    when the run ends, so that a saved notebook is readable with nothing running. In a terminal it is two lines.

    Parameters
    ----------
    run : Run
        Which run.

    Returns
    -------
    Shown or None
        What changes once more when the run ends: who waits for the run waits for that as well. None in a terminal.
    """
    if not in_notebook():
        news = snapshot(run.store, run.id)
        print(line(news), f"Look again: {look_again(news, 'status')}", sep="\n")  # noqa: T201 - what was asked for
        return None
    from IPython.display import display

    live = _live_panel(run)
    if live is not None:
        display(live)  # type: ignore[no-untyped-call]
    shown = Shown(run, live)
    shown.open()
    if live is not None:
        live.outputs.append(shown)
    return shown


def _live_panel(run: Run) -> Panel | None:
    try:
        from dltrainer_jupyter.widgets.panel import panel

        return panel(run)
    except MissingPackageError as error:
        said = str(error)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        said = f"The live panel needs the package '{package}', which isn't installed: pip install \"{package}\"."
    # Whoever sees the cell sees the copy all the same.
    print(f"{said} Charts appear here when the run has ended.", file=sys.stderr)  # noqa: T201
    return None


def in_notebook() -> bool:
    """Tell whether a kernel runs this, which may have a page before it."""
    if "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def _png(news: Mapping[str, Any]) -> bytes | None:
    from dltrainer_jupyter.widgets.picture import png

    try:
        return png(news)
    except (OSError, RuntimeError, ValueError) as error:
        # What matplotlib raises for fonts and settings it can't use; the table is worth having without charts.
        print(f"The charts of the copy could not be drawn: {error}", file=sys.stderr)  # noqa: T201
        return None
