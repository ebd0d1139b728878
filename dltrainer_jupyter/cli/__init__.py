"""The command ``dltrain``: arguments as a call of ``tal``, and its result on the terminal, in a pipe or as JSON.

What lives here: commands, progress on a terminal, reading files to predict. What does not: what a verb does (``tal``)
and its words (``core.vocabulary``). Starting it imports no framework.
"""

from __future__ import annotations

from collections.abc import Sequence

FAILED = 1
WRONG = 2
INTERRUPTED = 130
"""What shells call a command that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 done, 1 the training failed, 2 wrong usage or configuration, 130 interrupted.
    """
    import click

    from dltrainer_jupyter.cli.commands import dltrain
    from dltrainer_jupyter.cli.errors import sentence, sentences
    from dltrainer_jupyter.core.errors import DLTrainerError, TrainingFailed

    try:
        code = dltrain.main(arguments and list(arguments), prog_name="dltrain", standalone_mode=False)
    except TrainingFailed as error:
        click.echo(f"Error: {sentence(error)}", err=True)
        if error.traceback_text:
            click.echo(f"\n{error.traceback_text.rstrip()}", err=True)
        return FAILED
    except (DLTrainerError, click.ClickException) as error:
        for it in sentences(error):
            click.echo(f"Error: {it}", err=True)
        return WRONG
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0
