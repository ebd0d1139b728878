"""The commands, built from the shared table of verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from dltrainer_jupyter.cli.errors import number, whole
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.vocabulary import CHECKPOINT, SETTINGS, WORDS, Option

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Control

_READERS: dict[type, Callable[[str], Any]] = {int: whole, float: number, str: str}
_AS_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document.")
_PATIENCE = 10.0
"""Seconds to wait for the trainer's answer; the request stands whether it comes or not."""


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


def _command(
    name: str, *params: click.Parameter, help_text: str | None = None, cls: type[click.Command] = click.Command
) -> Callable[[Callable[..., Any]], None]:
    """Add a command for a verb."""

    def add(callback: Callable[..., Any]) -> None:
        text = WORDS[name].help if help_text is None else help_text
        dltrain.add_command(cls(name, callback=callback, params=list(params), help=text, short_help=text))

    return add


def _option(option: Option) -> click.Option:
    return click.Option(
        [option.flag, option.attribute],
        type=_READERS[option.type] if option.metavar else None,
        # None, not False: click lets the value of what is said to be no flag be left out, and takes -1 for an option.
        is_flag=None if option.metavar else True,
        multiple=option.many,
        metavar=option.metavar or None,
        help=option.help,
    )


def _run() -> click.Argument:
    return click.Argument(["ref"], metavar="RUN")


# --- starting ---------------------------------------------------------------------------------------


@_command(
    "train",
    click.Argument(["file"], metavar="FILE"),
    click.Argument(["pairs"], nargs=-1, metavar="[KEY=VALUE]..."),
    *map(_option, SETTINGS),
    click.Option(["--name"], metavar="NAME", help="Name of the run."),
    click.Option(["--detach"], is_flag=True, help="Leave the training behind in a process of its own."),
    click.Option(["--dry-run"], is_flag=True, help="Check everything, print the configuration, and start nothing."),
    _AS_JSON,
    help_text="Train what a YAML file describes. Ctrl-C suspends the run with a checkpoint.",
)
def _train(
    file: str, pairs: tuple[str, ...], name: str | None, *, detach: bool, dry_run: bool, as_json: bool, **options: Any
) -> int:
    from dltrainer_jupyter.cli.training import train

    assignments = (*options.pop("set"), *pairs)
    given = {it.key: options[it.attribute] for it in SETTINGS if it.key}
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in (given | {"name": name}).items()}
    given = {key: value for key, value in given.items() if value not in (None, [])}
    return train(file, assignments, given, as_json=as_json, detach=detach, dry_run=dry_run)


@_command(
    "resume",
    _run(),
    *map(_option, WORDS["resume"].options),
    click.Option(["--wait"], is_flag=True, help="Follow the run until it has ended; interrupting leaves it going."),
)
def _resume(ref: str, epochs: int | None, executor: str | None, *, wait: bool) -> int:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.training import resume

    return resume(tal.get(ref), epochs=epochs, executor=executor, wait=wait)


# --- steering ---------------------------------------------------------------------------------------


def _answer(control: Control) -> None:
    """Print what becomes of a request; at once that it has to wait, if it has."""
    note = control.note
    if note is not None:
        click.echo(note)
    answer = control.answer(_PATIENCE)
    if answer != note:
        click.echo(answer)


def _control(name: str) -> None:
    @_command(name, _run())
    def ask(ref: str) -> None:
        from dltrainer_jupyter import tal

        _answer(getattr(tal.get(ref), name)())


for _name in ("pause", "suspend", "stop", "checkpoint"):
    _control(_name)


class _SetCommand(click.Command):
    """Lists in its help what can be set."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write what comes last."""
        from dltrainer_jupyter.views.configuration import live_settings

        formatter.write(f"\nSettings:\n{live_settings()}\n")


@_command("set", _run(), click.Argument(["pairs"], nargs=-1, required=True, metavar="KEY=VALUE..."), cls=_SetCommand)
def _set(ref: str, pairs: tuple[str, ...]) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.tal.configuration import parse_assignments

    _answer(tal.get(ref).set(**parse_assignments(list(pairs))))


@_command("delete", _run())
def _delete(ref: str) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.views import summary

    run = tal.get(ref)
    title = summary.title(run.record)
    run.delete()
    click.echo(f"Deleted {title}.")


@_command(
    "restore",
    click.Argument(["mirror"], required=False, metavar="[MIRROR]"),
    click.Argument(["refs"], nargs=-1, metavar="[RUN]..."),
)
def _restore(mirror: str | None, refs: tuple[str, ...]) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.output import say
    from dltrainer_jupyter.views import summary

    found = tal.restore(mirror, refs or None)
    say(summary.runs_table([run.record for run in found]) if found else summary.NOTHING_TO_RESTORE)


@_command(
    "sync", click.Argument(["refs"], nargs=-1, metavar="[RUN]..."), *map(_option, WORDS["sync"].options), _AS_JSON
)
def _sync(refs: tuple[str, ...], *, wait: bool, as_json: bool) -> int:
    from dltrainer_jupyter.cli.output import say_json
    from dltrainer_jupyter.tal.syncing import NOTHING_LEFT, synced

    done = []
    for one in synced(refs or None, wait=wait):
        done.append(one)
        if not as_json:
            click.echo(one.message)
    if as_json:
        say_json([one.document() for one in done])
    elif not done:
        click.echo(NOTHING_LEFT)
    return 0 if all(one.is_well for one in done) else 1


# --- looking ----------------------------------------------------------------------------------------


@_command(
    "runs",
    click.Option(
        ["--filter", "chosen"],
        default="",
        metavar="TEXT",
        help="Only runs that meet every term, such as: digits state:failed framework:jax val_accuracy>0.9",
    ),
    _AS_JSON,
)
def _runs(chosen: str, *, as_json: bool) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.output import say, say_json
    from dltrainer_jupyter.views import summary, tables
    from dltrainer_jupyter.views.tracking import trackers_of

    found = tal.runs(filter=chosen)
    records = [run.record for run in found]
    if as_json:
        say_json([tables.run_row(record) for record in records])
    elif records:
        say(summary.runs_table(records, trackers_of(found[0].store, [run.id for run in found])))
    elif chosen:
        click.echo("No run meets that filter.")
    else:
        click.echo("There is no run yet. Start one with dltrain train FILE.")


@_command("status", _run())
def _status(ref: str) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.views import summary

    click.echo(summary.status_line(tal.get(ref).record))


@_command("show", _run(), _AS_JSON)
def _show(ref: str, *, as_json: bool) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.output import say, say_json
    from dltrainer_jupyter.views import summary

    run = tal.get(ref)
    if as_json:
        say_json(run.document())
    else:
        store = run.store
        history = (store.epochs(run.id), run.checkpoints, store.events(run.id))
        say(*summary.page(run.record, *history, run.spec, trackers=store.tracking(run.id)))


@_command("compare", click.Argument(["refs"], nargs=-1, required=True, metavar="RUN..."), _AS_JSON)
def _compare(refs: tuple[str, ...], *, as_json: bool) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.output import say, say_json
    from dltrainer_jupyter.views.summary import frame_table

    found = tal.compare(refs).reset_index()
    if as_json:
        say_json(found.astype(object).where(found.notna(), None).to_dict("records"))
    else:
        say(frame_table(found))


@_command("report", _run(), click.Argument(["file"], metavar="FILE"))
def _report(ref: str, file: str) -> None:
    from dltrainer_jupyter import tal

    click.echo(f"Wrote {tal.get(ref).report(file)}.")


@_command(
    "ui",
    click.Option(["--port"], type=whole, default=8501, show_default=True, metavar="N", help="Port to listen on."),
    click.Option(["--ip"], default="localhost", show_default=True, metavar="ADDRESS", help="Address to listen on."),
    click.Option(["--no-browser"], is_flag=True, help="Don't open the browser."),
    help_text="Serve the web page, which lists, shows, starts and steers runs, until Ctrl-C; runs go on without it.",
)
def _ui(*, port: int, ip: str, no_browser: bool) -> None:
    from dltrainer_jupyter.cli.ui import serve

    serve(ip, port, open_browser=not no_browser)


# --- trying -----------------------------------------------------------------------------------------


@_command(
    "predict",
    _run(),
    click.Argument(["files"], nargs=-1, required=True, metavar="INPUT..."),
    _option(CHECKPOINT),
    click.Option(
        ["--top"], type=whole, default=1, show_default=True, metavar="N", help="Show the N likeliest classes."
    ),
    _AS_JSON,
    click.Option(["--csv", "as_csv"], is_flag=True, help="Print comma-separated values, a line a sample."),
    help_text=f"{WORDS['predict'].help} INPUT is an image, a .npy, .npz, .csv, .tsv or .txt file, or a folder of them.",
)
def _predict(
    ref: str, files: tuple[str, ...], checkpoint: str | None, top: int, *, as_json: bool, as_csv: bool
) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli import predicting
    from dltrainer_jupyter.cli.output import say_json

    run = tal.get(ref)
    found = predicting.predicted(run.trained(checkpoint or "best"), files, top)
    if as_json:
        say_json({"run": run.id, "name": run.name, **found})
    elif as_csv:
        predicting.say_csv(found)
    else:
        predicting.say_lines(found)


@_command(
    "test",
    _run(),
    click.Argument(["data"], required=False, metavar="[DATA]"),
    _option(CHECKPOINT),
    _AS_JSON,
    click.Option(["--csv"], metavar="FILE", help="Write what became of each example as comma-separated values."),
    help_text=f"{WORDS['test'].help} DATA is the name of a data set, or a .npz file with the arrays x and y.",
)
def _test(ref: str, data: str | None, checkpoint: str | None, csv: str | None, *, as_json: bool) -> None:
    from dltrainer_jupyter.cli.testing import test

    test(ref, data, checkpoint or "best", csv, as_json=as_json)


# --- plug-ins ---------------------------------------------------------------------------------------


@_command("check-plugin", click.Argument(["file"], metavar="FILE"))
def _check_plugin(file: str) -> int:
    from dltrainer_jupyter import tal

    found = tal.check_plugin(file)
    click.echo(repr(found))
    return 0 if found.is_well else 2


# --- what there is ----------------------------------------------------------------------------------


def _parts(word_name: str) -> None:
    word = WORDS[word_name]

    @_command(
        word_name, click.Argument(["name"], required=False, metavar="[NAME]"), *map(_option, word.options), _AS_JSON
    )
    def list_parts(name: str | None, framework: str | None, task: str | None, *, reload: bool, as_json: bool) -> None:
        from dltrainer_jupyter import tal
        from dltrainer_jupyter.cli.output import say, say_json
        from dltrainer_jupyter.tal import catalogue

        assert word.parts is not None  # noqa: S101 - of every verb that lists parts
        if reload:
            click.echo(tal.reload_plugins(), err=as_json)
        if name is None and not as_json:
            say(*catalogue.parts_page(word.parts, framework, task))
            return
        found = catalogue.catalogue(word.parts, framework, task) if name is None else [catalogue.part(word.parts, name)]
        if as_json:
            documents = [it.document() for it in found]
            say_json(documents if name is None else documents[0])
        else:
            say(*catalogue.part_page(found[0]))


for _word in WORDS.values():
    if _word.parts is not None:
        _parts(_word.name)
