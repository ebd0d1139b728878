"""Tables and documents on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from dltrainer_jupyter.views.summary import TextTable
from dltrainer_jupyter.views.words import finite


def say_json(document: Any) -> None:
    """Print a document as strict JSON: what isn't finite becomes null."""
    click.echo(json.dumps(finite(document), indent=2, ensure_ascii=False, allow_nan=False))


def say(*parts: TextTable | str) -> None:
    """Print texts and tables under each other, with an empty line between them."""
    for at, part in enumerate(parts):
        if at:
            click.echo()
        if isinstance(part, str):
            click.echo(part)
        elif sys.stdout.isatty():
            _draw(part)
        else:
            click.echo("\n".join(part.lines()))


def _draw(table: TextTable) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in table.columns:
        drawn.add_column(name, overflow="fold")
    for row in table.rows:
        # Names are data: brackets in them are no markup.
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
