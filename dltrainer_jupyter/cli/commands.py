"""The commands, built from the shared table of verbs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dltrainer_jupyter.cli.errors import whole
from dltrainer_jupyter.cli.group import AS_JSON, command, dltrain, option, run_argument
from dltrainer_jupyter.core.vocabulary import CHECKPOINT, SETTINGS, WORDS

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Control

__all__ = ["dltrain"]

_PATIENCE = 10.0
"""Seconds to wait for the trainer's answer; the request stands whether it comes or not."""

# --- starting ---------------------------------------------------------------------------------------


@command(
    "train",
    click.Argument(["file"], metavar="FILE"),
    click.Argument(["pairs"], nargs=-1, metavar="[KEY=VALUE]..."),
    *map(option, SETTINGS),
    click.Option(["--name"], metavar="NAME", help="Name of the run."),
    click.Option(["--detach"], is_flag=True, help="Leave the training behind in a process of its own."),
    click.Option(["--dry-run"], is_flag=True, help="Check everything, print the configuration, and start nothing."),
    AS_JSON,
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


@command(
    "resume",
    run_argument(),
    *map(option, WORDS["resume"].options),
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
    @command(name, run_argument())
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


@command(
    "set", run_argument(), click.Argument(["pairs"], nargs=-1, required=True, metavar="KEY=VALUE..."), cls=_SetCommand
)
def _set(ref: str, pairs: tuple[str, ...]) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.tal.configuration import parse_assignments

    _answer(tal.get(ref).set(**parse_assignments(list(pairs))))


@command(
    "clone",
    run_argument(),
    click.Argument(["pairs"], nargs=-1, metavar="[KEY=VALUE]..."),
    *map(option, WORDS["clone"].options),
    click.Option(["--wait"], is_flag=True, help="Follow the new run until it has ended; interrupting leaves it going."),
    AS_JSON,
)
def _clone(ref: str, pairs: tuple[str, ...], step: int | None, *, wait: bool, as_json: bool) -> int:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.training import clone
    from dltrainer_jupyter.tal.configuration import parse_assignments

    given = {} if step is None else {"step": step}
    return clone(tal.get(ref), given | parse_assignments(list(pairs)), wait=wait, as_json=as_json)


@command("delete", run_argument())
def _delete(ref: str) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.views import summary

    run = tal.get(ref)
    title = summary.title(run.record)
    run.delete()
    click.echo(f"Deleted {title}.")


@command(
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


@command("sync", click.Argument(["refs"], nargs=-1, metavar="[RUN]..."), *map(option, WORDS["sync"].options), AS_JSON)
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


@command(
    "runs",
    click.Option(
        ["--filter", "chosen"],
        default="",
        metavar="TEXT",
        help="Only runs that meet every term, such as: digits state:failed framework:jax val_accuracy>0.9",
    ),
    AS_JSON,
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


@command("status", run_argument())
def _status(ref: str) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.views import summary

    click.echo(summary.status_line(tal.get(ref).record))


@command("show", run_argument(), AS_JSON)
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


@command("compare", click.Argument(["refs"], nargs=-1, required=True, metavar="RUN..."), AS_JSON)
def _compare(refs: tuple[str, ...], *, as_json: bool) -> None:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.output import say, say_json
    from dltrainer_jupyter.views.summary import frame_table

    found = tal.compare(refs).reset_index()
    if as_json:
        say_json(found.astype(object).where(found.notna(), None).to_dict("records"))
    else:
        say(frame_table(found))


@command("report", run_argument(), click.Argument(["file"], metavar="FILE"))
def _report(ref: str, file: str) -> None:
    from dltrainer_jupyter import tal

    click.echo(f"Wrote {tal.get(ref).report(file)}.")


@command(
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


@command(
    "predict",
    run_argument(),
    click.Argument(["files"], nargs=-1, required=True, metavar="INPUT..."),
    option(CHECKPOINT),
    click.Option(
        ["--top"], type=whole, default=1, show_default=True, metavar="N", help="Show the N likeliest classes."
    ),
    AS_JSON,
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


@command(
    "test",
    run_argument(),
    click.Argument(["data"], required=False, metavar="[DATA]"),
    option(CHECKPOINT),
    AS_JSON,
    click.Option(["--csv"], metavar="FILE", help="Write what became of each example as comma-separated values."),
    help_text=f"{WORDS['test'].help} DATA is the name of a data set, or a .npz file with the arrays x and y.",
)
def _test(ref: str, data: str | None, checkpoint: str | None, csv: str | None, *, as_json: bool) -> None:
    from dltrainer_jupyter.cli.testing import test

    test(ref, data, checkpoint or "best", csv, as_json=as_json)


# --- surroundings -----------------------------------------------------------------------------------


@command("doctor", click.Argument(["checks"], nargs=-1, metavar="[CHECK]..."), AS_JSON)
def _doctor(checks: tuple[str, ...], *, as_json: bool) -> int:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.cli.output import say_json

    if sys.stderr.isatty():
        click.echo("Looking at frameworks, GPUs, the store, JupyterLab … it takes some seconds.", err=True)
    found = tal.doctor(*checks)
    if as_json:
        say_json(found.document())
    else:
        click.echo(repr(found))
    return 1 if found.faults else 0


# --- plug-ins ---------------------------------------------------------------------------------------


@command("check-plugin", click.Argument(["file"], metavar="FILE"))
def _check_plugin(file: str) -> int:
    from dltrainer_jupyter import tal

    found = tal.check_plugin(file)
    click.echo(repr(found))
    return 0 if found.is_well else 2


# --- what there is ----------------------------------------------------------------------------------


def _parts(word_name: str) -> None:
    word = WORDS[word_name]

    @command(word_name, click.Argument(["name"], required=False, metavar="[NAME]"), *map(option, word.options), AS_JSON)
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
