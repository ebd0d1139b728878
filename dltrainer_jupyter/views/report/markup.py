"""Blocks of a report as HTML; whatever came from people is escaped, so nothing of it is ever run."""

from __future__ import annotations

import base64
from html import escape
from typing import Any

from dltrainer_jupyter.views.report.blocks import Block, Lines, Picture, Pictures, Table

_LEFT = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"
_ROW = "display:flex;flex-wrap:wrap;gap:12px;margin-bottom:12px"
_CAPTION = 120
"""Pixels that the words below a small picture have at least."""


def html(block: Block) -> str:
    """Write a block."""
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        where = f'class="chart" src="{source(block.png)}" width="{block.width}"'
        return f'<img {where} style="{_FITS}" alt="{text(block.words)}">'
    if isinstance(block, Pictures):
        return f'<div style="{_ROW}">{"".join(map(_captioned, block.items))}</div>'
    if block.is_code:
        return f'<pre style="white-space:pre-wrap">{text(block.text)}</pre>'
    return f"<p>{text(block.text)}</p>"


_FITS = "max-width:100%;height:auto"


def plain(block: Block) -> str:
    """Write a block as text, for who reads no HTML."""
    if isinstance(block, Lines):
        return block.text
    if isinstance(block, Picture):
        return block.words
    if isinstance(block, Pictures):
        return "\n".join(item.words for item in block.items)
    table = [list(block.columns), *map(list, block.rows)] if any(block.columns) else [list(row) for row in block.rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(block.columns))] if table else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    )


def source(png: bytes) -> str:
    """Give a picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def text(value: Any) -> str:
    """Escape what came from people, in an attribute too."""
    return escape(str(value), quote=True)


def _table(table: Table) -> str:
    head = ""
    if any(table.columns):
        cells = "".join(f'<th scope="col" style="{_LEFT}">{text(name)}</th>' for name in table.columns)
        head = f"<thead><tr>{cells}</tr></thead>"
    rows = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row" style="{_LEFT}">{text(cell)}</th>'
            if not at and not any(table.columns)
            else f'<td style="{_LEFT}">{text(cell)}</td>'
            for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    )
    return f"<table>{head}<tbody>{rows}</tbody></table>"


def _captioned(item: Picture) -> str:
    image = (
        f'<img src="{source(item.png)}" width="{item.width}" alt="{text(item.words)}" '
        'style="image-rendering:pixelated;display:block">'
    )
    room = max(item.width, _CAPTION)
    return f'<figure style="margin:0;max-width:{room}px">{image}<figcaption>{text(item.words)}</figcaption></figure>'
