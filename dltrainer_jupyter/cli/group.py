"""The group of all commands, and how one is added for a verb of the shared table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from dltrainer_jupyter.cli.errors import number, whole
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.vocabulary import WORDS, Option

_READERS: dict[type, Callable[[str], Any]] = {int: whole, float: number, str: str}
AS_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document.")


class _Group(click.Group):
    """Says what is unknown in the words of every other face."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            kind = "command"
            raise UnknownNameError(kind, args[0], self.commands)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List commands in the order of the table, not of the alphabet."""
        return list(self.commands)


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(package_name="dltrainer-jupyter", message="%(version)s")
@click.pass_context
def dltrain(ctx: click.Context) -> None:
    """Train neural networks: start, watch, pause, resume, and try the best checkpoint while they train.

    RUN is an id, the beginning of one, or a name, of which the newest run is meant. Exit codes: 0 done, 1 the training
    failed, 2 wrong usage or configuration, 130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def command(
    name: str, *params: click.Parameter, help_text: str | None = None, cls: type[click.Command] = click.Command
) -> Callable[[Callable[..., Any]], None]:
    """Add a command for a verb."""

    def add(callback: Callable[..., Any]) -> None:
        text = WORDS[name].help if help_text is None else help_text
        dltrain.add_command(cls(name, callback=callback, params=list(params), help=text, short_help=text))

    return add


def option(of: Option) -> click.Option:
    """Give an option of the table as click's."""
    return click.Option(
        [of.flag, of.attribute],
        type=_READERS[of.type] if of.metavar else None,
        # None, not False: click lets the value of what is said to be no flag be left out, and takes -1 for an option.
        is_flag=None if of.metavar else True,
        multiple=of.many,
        metavar=of.metavar or None,
        help=of.help,
    )


def run_argument() -> click.Argument:
    """Give the argument that names a run."""
    return click.Argument(["ref"], metavar="RUN")
