"""Measuring a checkpoint on a whole data set, from a terminal."""

from __future__ import annotations

from pathlib import Path

import click

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli.output import say, say_json
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.views import test_runs


def test(ref: str, data: str | None, checkpoint: str, csv: str | None, *, as_json: bool) -> None:
    """Measure, keep what is found, and print it.

    Raises
    ------
    ConfigurationError
        If the data isn't what the model takes, or a file can't be read or written.
    """
    run = tal.get(ref)
    found = run.test(data, checkpoint)
    if csv is not None:
        try:
            with Path(csv).open("w", encoding="utf-8") as file:
                file.writelines(test_runs.as_csv(run.store, run.id, found.id))
        except OSError as error:
            msg = f"{csv} can't be written: {error.strerror or error}."
            raise ConfigurationError(msg) from error
    if as_json:
        say_json({"run": run.id, "run_name": run.name, **test_runs.test_run_document(found)})
        return
    say(*test_runs.test_run_page(found))
    if csv is not None:
        click.echo(f"\nWrote {csv}.")
