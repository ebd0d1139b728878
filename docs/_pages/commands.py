"""The page of the command line: every command with what it takes, from its parser."""

from __future__ import annotations

from collections.abc import Iterator

import click

from dltrainer_jupyter.cli.commands import dltrain
from docs._pages.markdown import code, prose, table

_HEAD = """\
# Command line

`dltrain` is installed with the package and imports no framework before it trains. This page is written from its parser.
"""


def pages() -> dict[str, str]:
    """Write the page, in Markdown, by its place in the folder of the reference."""
    lines = [_HEAD, *_command(dltrain, None)]
    return {"command-line.md": "\n".join(lines).rstrip() + "\n"}


def _command(command: click.Command, above: click.Context | None) -> Iterator[str]:
    context = command.make_context(command.name or "dltrain", [], parent=above, resilient_parsing=True)
    yield f"## {context.command_path}\n"
    for paragraph in (command.help or "").split("\n\n"):
        yield prose(" ".join(paragraph.split())) + "\n"
    yield f"```sh\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    options = [it.get_help_record(context) for it in command.get_params(context)]
    yield from table(("option", "what it does"), ((code(it[0]), prose(it[1])) for it in options if it and it[1]))
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _command(inner, context)
