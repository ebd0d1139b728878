from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.widgets import display
from dltrainer_jupyter.widgets.display import show

BEGIN = """
import sys
sys.path.insert(0, {here!r})
from conftest import STEPS, Trainer
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.widgets import display
from dltrainer_jupyter.widgets.display import show
display._PATIENCE = 60  # the first picture takes long on a busy machine
store = Store.open({url!r})
def start(name):
    spec = RunSpec(name=name, model="cnn", data="digits", monitor="val_accuracy")
    store.create_run(name, spec, folder="nowhere", environment={{}})
    trainer = Trainer(store, name)
    trainer.steps(STEPS)
    trainer.epoch(1)
    return trainer
"""
WAIT = """
quick = start('quick')
first = show(quick.run)
quick.end('stopped')
quick.run.wait()
print(first.settle(0))
"""
RESUME = """
import threading
from dltrainer_jupyter.widgets.feed import feed
seen = threading.Event()
shown.panel.observe(lambda change: change.new["run"]["state"] == "running" and seen.set(), "snapshot")
store.request_start("quick")
again = Trainer(store, "quick")
again.step = STEPS
again.steps(STEPS)
feed.hurry()
print(seen.wait(60))
"""


def test_outside_a_notebook_a_run_is_shown_in_two_lines(trainer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(trainer.run)
    assert capsys.readouterr().out.splitlines() == [
        "digits-cnn: running, epoch 3 of 20, best val_accuracy 0.8233 (epoch 2)",
        "Look again: %dltrain status digits-cnn",
    ]
    assert shown is None


def test_in_a_terminal_ipython_a_run_is_shown_in_words_and_no_widget_is_imported(trainer: Any) -> None:
    code = (
        "import sys; from dltrainer_jupyter.store import Store; from dltrainer_jupyter.tal.run import Run; "
        "from dltrainer_jupyter.widgets.display import show; "
        f"show(Run({trainer.run.id!r}, Store.open({trainer.run.store.url!r}))); "
        "print([name for name in ('ipywidgets', 'anywidget', 'matplotlib') if name in sys.modules])"
    )
    command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "--colors=NoColor", "-c", code]
    environment = {**os.environ, "IPYTHONDIR": str(trainer.run.folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True, env=environment)
    assert done.stdout.splitlines()[-3:] == [
        "digits-cnn: running, epoch 3 of 20, best val_accuracy 0.8233 (epoch 2)",
        "Look again: %dltrain status digits-cnn",
        "[]",
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MissingPackageError("The panel's panel.js isn't built."), "The panel's panel.js isn't built."),
        (
            ModuleNotFoundError("No module named 'anywidget.widget'", name="anywidget.widget"),
            "The live panel needs the package 'anywidget', which isn't installed: pip install \"anywidget\".",
        ),
    ],
)
def test_without_the_panel_the_copy_is_there_all_the_same(
    error: ImportError, said: str, trainer: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[dict[str, str]] = []
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda forms, **_more: sent.append(forms))

    def missing(_run: object) -> None:
        raise error

    monkeypatch.setattr("dltrainer_jupyter.widgets.panel.panel", missing)
    shown = show(trainer.run)
    assert shown.panel is None
    assert capsys.readouterr().err == f"{said} Charts appear here when the run has ended.\n"
    assert not shown.settle(0)
    trainer.end()
    assert shown.settle(60)
    assert ["image/png" in forms for forms in sent] == [False, True]


def test_charts_that_cannot_be_drawn_leave_the_table(
    trainer: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_news: object) -> bytes:
        msg = "no such font"
        raise RuntimeError(msg)

    monkeypatch.setattr("dltrainer_jupyter.widgets.picture.png", broken)
    assert display._png({}) is None
    assert "no such font" in capsys.readouterr().err


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Execute a notebook in a real kernel, as ``jupyter nbconvert --execute`` does, and give its cells."""
    folder = tmp_path_factory.mktemp("kernel")
    sources = [
        BEGIN.format(here=str(Path(__file__).parent), url=f"sqlite:///{folder}/runs.db"),
        # The run ends while its own cell waits for it; nothing comes after.
        WAIT,
        # The run ends when its cell has long ended.
        "slow = start('<b>slow'); shown = show(slow.run); print(shown.settle(0))",
        "slow.end(); print(shown.settle(60))",
        # The run had ended before it was shown.
        "shown = show(quick.run); print(shown.settle(0))",
        # The run is resumed and ends again.
        RESUME,
        "again.epoch(2); again.end('stopped'); print(shown.settle(60) and first.settle(60))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return list(notebook.cells)


def outputs(cell: Any) -> tuple[list[str], Any, Any]:
    """Give what a cell printed, its panel and its copy."""
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream").split()
    panel, copy = (output.data for output in cell.outputs if output.output_type == "display_data")
    return printed, panel, copy


def is_picture(copy: Any) -> bool:
    picture = Image.open(io.BytesIO(base64.b64decode(copy["image/png"])))
    return bool(picture.format == "PNG")


@pytest.mark.slow
def test_a_cell_that_waits_ends_with_the_copy_in_it(cells: list[Any]) -> None:
    printed, panel, copy = outputs(cells[1])
    assert printed == ["True"]
    assert "application/vnd.jupyter.widget-view+json" in panel
    assert panel["text/plain"].startswith("Panel of quick, running")
    assert "stopped" in copy["text/html"]
    assert is_picture(copy)


def test_the_copy_comes_into_its_own_cell_when_that_has_long_ended(cells: list[Any]) -> None:
    printed, _, copy = outputs(cells[2])
    assert printed == ["False"]
    assert "&lt;b&gt;slow" in copy["text/html"]
    assert "<b>slow" not in copy["text/html"]
    assert is_picture(copy)
    assert [output.output_type for output in cells[3].outputs] == ["stream"]


def test_a_run_that_had_ended_is_copied_at_once(cells: list[Any]) -> None:
    printed, panel, copy = outputs(cells[4])
    assert printed == ["True"]
    assert panel["text/plain"].startswith("Panel of quick, stopped")
    assert is_picture(copy)


def test_a_run_that_goes_on_is_copied_again_when_it_ends(cells: list[Any]) -> None:
    for cell in (cells[1], cells[4]):
        _, _, copy = outputs(cell)
        assert "(90 steps)" in copy["text/html"]
        assert "(epoch 2)" in copy["text/html"]
    assert [output.text for output in cells[5].outputs + cells[6].outputs] == ["True\n", "True\n"]


def test_the_executed_notebook_stays_small(cells: list[Any], tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert len(nbformat.writes(notebook)) < 600_000
