"""The form of a run in a cell, the panels of the runs it started below it, and a copy of its text that stays."""

from __future__ import annotations

import contextvars
import secrets
import sys
import threading
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.tal.drafting import Draft
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.widgets.display import Shown, in_notebook
from dltrainer_jupyter.widgets.form_answering import Answers
from dltrainer_jupyter.widgets.lanes import lane

if TYPE_CHECKING:
    import ipywidgets

    from dltrainer_jupyter.widgets.form_view import FormView

_AGAIN = "Run the cell again to see the form. This starts the same run without it:"


class Form:
    r"""A form for a run.

    Parameters
    ----------
    draft : Draft
        What it begins with.

    Attributes
    ----------
    yaml : str
        The configuration as it stands by now.
    settings : dict
        What it means, objects of the person's own among it.
    runs : list of Run
        Those that were started from it, in their order.

    Examples
    --------
    >>> form = Form(drafted({"model": "cnn", "data": "digits"}))
    >>> form.yaml
    'model: cnn\ndata: digits\n'
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = replace(draft, variables=_variables())
        self._runs: list[Run] = []
        self._view: FormView | None = None
        self._below: ipywidgets.VBox | None = None
        self._top: ipywidgets.VBox | None = None
        self._places: list[str] = []
        # What is begun by its button, and the copy of its text, belong to the cell that shows the form.
        self._context = contextvars.copy_context()
        self._changing = threading.Lock()

    @property
    def yaml(self) -> str:
        """The configuration as it stands by now."""
        return self._draft.text if self._view is None else str(self._view.yaml)

    @property
    def settings(self) -> dict[str, Any]:
        """What the configuration means.

        Raises
        ------
        ConfigurationError
            If it doesn't parse, or mentions what isn't there.
        """
        return self._draft.settings(self.yaml)

    @property
    def runs(self) -> list[Run]:
        """The runs that were started from it, in their order."""
        with self._changing:
            return list(self._runs)

    def start(self, text: str) -> Run:
        """Start a run from a text, and show it below the form.

        Parameters
        ----------
        text : str
            The configuration, YAML.

        Raises
        ------
        ConfigurationError
            If a value can't be used; nothing has been started then.
        """
        run = self._draft.train(text)
        with self._changing:
            self._runs.append(run)
            if self._top is not None:
                self._top = self._show_on_top(run, self._top)
        return run

    def _show_on_top(self, run: Run, place: ipywidgets.VBox) -> ipywidgets.VBox:
        """Show a run next to the form, above those before it; give the place for the one after it."""
        from dltrainer_jupyter.widgets.panel import panel

        live, above = panel(run), _column()
        # A child reaches the page however old that is: a page that was loaded since takes no new outputs. The next one
        # has a place of its own: what stands behind a new child is drawn anew, and forgets what one does there.
        place.children = (above, live)
        copy = Shown(run, live)
        live.outputs.append(copy)
        self._context.copy().run(copy.open)
        return above

    def _ipython_display_(self) -> None:
        from IPython.display import display

        self._context = contextvars.copy_context()
        if not in_notebook():
            print(repr(self))  # noqa: T201 - what was asked for
            return
        try:
            view, below = self._opened()
        except MissingPackageError as error:
            print(error, file=sys.stderr)  # noqa: T201 - the text below is shown all the same
        else:
            display(view)  # type: ignore[no-untyped-call]
            display(below)  # type: ignore[no-untyped-call]
        self._places.append(f"dltrain-form-{secrets.token_hex(4)}")
        self._copy(self._places[-1], update=False)

    def _opened(self) -> tuple[FormView, ipywidgets.VBox]:
        """Make the widgets when they are first shown."""
        from dltrainer_jupyter.widgets.form_view import FormView

        if self._view is None or self._below is None:
            self._view = FormView(self._draft.text, Answers(self._draft, self.start))
            self._below = self._top = _column()
            self._view.observe(self._edited, "yaml")
        self._view.context = self._context
        return self._view, self._below

    def _edited(self, _change: Any) -> None:
        lane("form").submit(self._copy_anew)

    def _copy_anew(self) -> None:
        for place in self._places:
            self._context.copy().run(self._copy, place, update=True)

    def _copy(self, place: str, *, update: bool) -> None:
        """Show the text as it may stay in the notebook; while it doesn't parse, the last that did stays."""
        from IPython.display import display

        text, code = self._draft.shown(self.yaml), self._draft.code(self.yaml)
        if text is None or code is None:
            return
        forms = {"text/plain": _plain(text, code), "text/html": _html(text, code)}
        display(forms, raw=True, display_id=place, update=update)  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        """Show the configuration, and what starts it, where no form can be shown."""
        text, code = self._draft.shown(self.yaml), self._draft.code(self.yaml)
        return "Form of a run" if text is None or code is None else _plain(text, code)


def _column() -> ipywidgets.VBox:
    """Make a place that takes no room until something stands in it."""
    from ipywidgets import VBox

    return VBox(layout={"grid_gap": "8px"})


def _variables() -> Any:
    """Give the notebook's variables, which the text may mention as a cell's may."""
    if "IPython" not in sys.modules:
        return {}
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return {} if shell is None else shell.user_ns


def _plain(text: str, code: str) -> str:
    return f"{text}\n{_AGAIN}\n{code}"


def _html(text: str, code: str) -> str:
    """Write both as HTML; the class of the root lets the live form's style sheet hide it while both are on the page."""
    shown, again = (f'<pre style="margin:0 0 .5em">{escape(it)}</pre>' for it in (text, code))
    return f'<div class="dltrain-static">{shown}<p style="font-size:90%">{_AGAIN}</p>{again}</div>'
