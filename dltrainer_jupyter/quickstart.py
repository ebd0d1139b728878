"""``make quickstart``: train a small network on real digits, and say where to look."""

from __future__ import annotations

import sys

from rich.console import Console

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli.progress import Watching, display

_CONSOLE = Console(highlight=False)
NOTEBOOK = "notebooks/quickstart.ipynb"


def main() -> int:
    """Train, print the result, and say how to open the notebook."""
    _CONSOLE.print("Training a convolutional network on 1,797 handwritten digits (8 x 8 pixels, from scikit-learn) …")
    run = tal.train(
        model="cnn",
        data="digits",
        epochs=20,
        optimizer={"type": "adamw"},
        metrics=["accuracy"],
        monitor="val_accuracy",
        name="quickstart",
    )
    with Watching(run, display(quiet=not sys.stdout.isatty())):
        run.wait()
    record = run.record
    assert record.best is not None  # noqa: S101 - validated after every epoch
    _CONSOLE.print(
        f"Validation accuracy [bold]{record.best.value:.1%}[/bold] (best, epoch {record.best.epoch}) "
        f"after {record.progress.train_seconds:.1f} s of training."
    )
    # Folded, a path can't be copied.
    _CONSOLE.print(f"\nRun {run.id} and its checkpoints: {run.folder}", soft_wrap=True)
    _CONSOLE.print("See it again:        .venv/bin/dltrain show quickstart")
    _CONSOLE.print(f"Open the notebook:   .venv/bin/jupyter lab {NOTEBOOK}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
