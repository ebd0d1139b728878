"""A table in a notebook and in a terminal."""

from __future__ import annotations

import html

from dltrainer_jupyter.views.summary import TextTable

_CELL = "text-align: left; white-space: nowrap"
_WIDE = "text-align: left; white-space: normal"
_LONG = 48
"""Characters beyond which a cell may wrap."""


class Shown:
    """Text tables under each other, as HTML where there is a page and as plain text elsewhere.

    Parameters
    ----------
    *parts : TextTable or str
        In order; a text is a paragraph.
    """

    def __init__(self, *parts: TextTable | str) -> None:
        self._parts = parts

    def __repr__(self) -> str:
        return "\n\n".join(part if isinstance(part, str) else "\n".join(part.lines()) for part in self._parts)

    def _repr_html_(self) -> str:
        return "".join(_paragraph(part) if isinstance(part, str) else _table(part) for part in self._parts)


def _paragraph(text: str) -> str:
    return f'<pre style="margin: 0.5em 0">{html.escape(text)}</pre>'


def _table(table: TextTable) -> str:
    head = "".join(f'<th scope="col" style="{_CELL}">{html.escape(name)}</th>' for name in table.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return (
        '<div style="overflow-x: auto; font-variant-numeric: tabular-nums">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    return f'<td style="{_WIDE if len(text) > _LONG else _CELL}">{html.escape(text)}</td>'
