"""The copy of a panel that stays in the notebook: plain HTML, readable with nothing running."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.views.classes import per_class
from dltrainer_jupyter.views.facts import rows
from dltrainer_jupyter.views.families import families, last, split, title
from dltrainer_jupyter.views.tracking import is_page
from dltrainer_jupyter.views.words import MISSING, metric
from dltrainer_jupyter.widgets.picture import WIDTH
from dltrainer_jupyter.widgets.summary import line, look_again


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
    links = [
        f'<a href="{_text(it["url"])}" target="_blank" rel="noopener noreferrer">Open in {_text(it["label"])}</a>'
        for it in snapshot.get("trackers", ())
        if is_page(it["url"])
    ]
    if links:
        parts.append(f"<p>{' · '.join(links)}</p>")
    trace = (snapshot["run"]["error"] or {}).get("traceback")
    if trace:
        parts.append(f"<pre>{_text(trace)}</pre>")
    if png is not None:
        source = base64.b64encode(png).decode("ascii")
        parts.append(
            f'<img src="data:image/png;base64,{source}" width="{WIDTH}" style="max-width:100%;height:auto" '
            f'alt="{_text(describe(snapshot))}">'
        )
    parts += [_metrics(snapshot), _classes(snapshot)]
    command = f'<code style="white-space:nowrap">{_text(look_again(snapshot, "panel"))}</code>'
    parts.append(f'<p style="font-size:90%">{_when(snapshot)} {command}</p></div>')
    return "".join(parts)


def _metrics(snapshot: Mapping[str, Any]) -> str:
    """Tabulate what each metric came to at last, and where it was best."""
    columns, found = snapshot["epochs"], families(snapshot["epochs"], snapshot["monitor"])
    places = [place for place in ("train", "val") if any(split(it)[1] == place for m in found.values() for it in m)]
    if not places:
        return ""
    rows_of = []
    for name, members in found.items():
        by_place = {split(member)[1]: metric(last(columns[member])) for member in members}
        if set(by_place) & set(places):
            rows_of.append([title(name), *(by_place.get(place, MISSING) for place in places)])
    head = ["metric", *({"train": "train", "val": "validation"}[place] for place in places)]
    return _table(f"Metrics after epoch {columns['epoch'][-1]:,}", head, rows_of)


def _classes(snapshot: Mapping[str, Any]) -> str:
    """Tabulate how well each class is told apart; of many, those that are told apart worst."""
    confusion = snapshot["confusion"]
    if not confusion:
        return ""
    found = per_class(confusion["labels"], confusion["matrix"])
    words = f"Classes after epoch {confusion['epoch']:,}"
    if len(found) > _CLASSES:
        words += f": the {_CLASSES} of {len(found)} with the lowest F1"
        found = sorted(found, key=lambda it: -1.0 if it["f1"] is None else it["f1"])[:_CLASSES]
    rows_of = [[it["label"], f"{it['support']:,}", *(metric(it[key]) for key in _SCORES)] for it in found]
    return _table(words, ["class", "examples", *_SCORES], rows_of)


def _table(caption: str, head: Sequence[str], rows_of: Sequence[Sequence[str]]) -> str:
    """Write a small table; styles are its own, since a page made of the notebook has none of ours."""
    columns = "".join(f'<th scope="col" style="{_CELL}">{_text(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{_text(cell)}</td>' for cell in row) + "</tr>" for row in rows_of
    )
    return (
        f'<table style="font-size:90%;display:inline-table;vertical-align:top;margin-right:2em"><caption '
        f'style="text-align:left">{_text(caption)}</caption><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>'
    )


_CELL = "text-align:left;padding:1px 10px 1px 0"
_SCORES = ("precision", "recall", "f1")
_CLASSES = 20
"""Classes that a copy names."""


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
