"""The copy of a panel that stays in the notebook: plain HTML, readable with nothing running."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.widgets.picture import WIDTH
from dltrainer_jupyter.widgets.summary import line, look_again, rows


def bundle(snapshot: Mapping[str, Any], png: bytes | None) -> dict[str, str]:
    """Put the copy together, for every reader of notebooks the form it shows best.

    Parameters
    ----------
    snapshot : mapping
        As :func:`dltrainer_jupyter.views.live.snapshot` gives it.
    png : bytes or None
        The charts; None while there are none.

    Returns
    -------
    dict of str to str
        By MIME type.
    """
    text = "\n".join([line(snapshot), *(f"  {label}: {value}" for label, value in rows(snapshot)[2:])])
    forms = {"text/html": html(snapshot, png), "text/plain": text}
    return forms if png is None else {**forms, "image/png": base64.b64encode(png).decode("ascii")}


def html(snapshot: Mapping[str, Any], png: bytes | None) -> str:
    """Write the copy as HTML; whatever came from people is escaped.

    The class of its root lets the live panel's style sheet hide it while both are on the page.
    """
    table = "".join(
        f'<tr><th scope="row" style="text-align:left">{_text(label)}</th>'
        f'<td style="text-align:left">{_text(value)}</td></tr>'
        for label, value in rows(snapshot)
    )
    parts = ['<div class="dltrain-static">', f"<table><tbody>{table}</tbody></table>"]
    trace = (snapshot["run"]["error"] or {}).get("traceback")
    if trace:
        parts.append(f"<pre>{_text(trace)}</pre>")
    if png is not None:
        source = base64.b64encode(png).decode("ascii")
        parts.append(
            f'<img src="data:image/png;base64,{source}" width="{WIDTH}" style="max-width:100%;height:auto" '
            f'alt="{_text(describe(snapshot))}">'
        )
    command = f'<code style="white-space:nowrap">{_text(look_again(snapshot, "panel"))}</code>'
    parts.append(f'<p style="font-size:90%">{_when(snapshot)} {command}</p></div>')
    return "".join(parts)


def describe(snapshot: Mapping[str, Any]) -> str:
    """Say what the charts show, for those who don't see them."""
    what = "curves and confusion matrix" if snapshot["confusion"] else "curves"
    return f"Training {what} of {line(snapshot)}"


def _when(snapshot: Mapping[str, Any]) -> str:
    if snapshot["run"]["state"] in ENDED:
        return "A copy, made when the run ended. The panel with everything else:"
    return "The run had not ended when this was written. To see how it is now:"


def _text(value: Any) -> str:
    return escape(str(value), quote=True)
