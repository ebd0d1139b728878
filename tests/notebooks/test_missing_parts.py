"""Notebooks where something isn't there: one line says what and how to get it, and what doesn't need it goes on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.lacking import lacking

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "notebooks"
ALL = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TORCH = 'pip install "dltrainer-jupyter[torch]"'


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that runs a notebook to its end, whatever its cells say."""

    def execute_(name: str, *packages: str) -> list[Any]:
        for key, value in lacking(tmp_path, *packages).items():
            monkeypatch.setenv(key, value)
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        elsewhere = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=300, allow_errors=True, resources=elsewhere).execute()
        return [cell for cell in notebook.cells if cell.cell_type == "code"]

    return execute_


def errors(cell: Any) -> list[str]:
    """Give what a cell's errors look like on the page."""
    return [COLOURS.sub("", "\n".join(it.traceback)) for it in cell.outputs if it.output_type == "error"]


def written(cell: Any, name: str = "stdout") -> str:
    return "".join(it.text for it in cell.outputs if it.output_type == "stream" and it.name == name)


def failed(cells: list[Any]) -> list[str]:
    """Give the first lines of the cells that failed; none of them shows code of ours."""
    for cell in cells:
        assert not [it for it in errors(cell) if "dltrainer_jupyter/" in it], errors(cell)
    return [cell.source.splitlines()[0] for cell in cells if errors(cell)]


@pytest.mark.parametrize("name", ALL)
def test_without_the_framework_the_run_says_so_in_one_line(name: str, execute: Any) -> None:
    cells = execute(name, "torch", "lightning")
    failed(cells)
    starting = [cell for cell in cells if cell.source.startswith("%%dltrain")]
    said = [error for cell in starting for error in errors(cell)]
    if name == "bring_your_own":
        # Its runs are of a model that can't be made: the cell that makes it says why, and the other frameworks go on.
        [makes] = [cell for cell in cells if cell.source.startswith('if needs("torch"):')]
        assert written(makes) == f"torch is not installed here: {TORCH}\n"
        listed = "".join(it.get("data", {}).get("text/html", "") for it in cells[-1].outputs)
        assert {"own-keras", "own-jax"} <= set(re.findall(r"own-\w+", listed))
    else:
        assert len(said) == len(starting)
        for error in said:
            assert error.startswith("Error: The ")
            assert f"isn't installed: {TORCH}" in error
            assert "\n" not in error
    # What needs no framework works.
    assert not errors(cells[1])
    assert [cell.source for cell in cells if cell.source == "%dltrain runs" and errors(cell)] == []


def test_another_framework_that_is_there_is_named(execute: Any) -> None:
    [said, *_] = [error for cell in execute("quickstart", "torch", "tensorflow", "keras") for error in errors(cell)]
    assert said.endswith(f"{TORCH}, or set framework: jax, which is installed")


@pytest.mark.parametrize("name", ["quickstart", "see_what_it_does"])
def test_without_widgets_runs_go_on_and_leave_their_charts(name: str, execute: Any) -> None:
    cells = execute(name, "anywidget", "ipywidgets", "bqplot", "jupyterlab", "jupyter_server")
    assert failed(cells) == []
    for cell in cells:
        if cell.source.startswith("%%dltrain"):
            [said] = written(cell, "stderr").splitlines()
            assert said.startswith("The live panel needs the package 'anywidget', which isn't installed: pip install ")
            assert [it for it in cell.outputs if "image/png" in it.get("data", {})]


def test_without_trackers_only_what_is_sent_there_fails(execute: Any) -> None:
    cells = execute("tracking", "mlflow", "tensorboard", "tensorflow")
    [said] = [error for cell in cells if cell.source.startswith("%%dltrain") for error in errors(cell)]
    assert said.count("\n") == 0
    assert said.endswith('isn\'t installed: pip install "dltrainer-jupyter[mlflow]"')
    assert failed(cells)[0].startswith("%%dltrain tracked")
    [doctor] = [cell for cell in cells if cell.source == "%dltrain doctor trackers"]
    assert errors(doctor) == []


def test_without_what_reports_and_pictures_could_use_nothing_fails(execute: Any) -> None:
    gone = ("nbformat", "nbconvert", "jinja2", "kornia", "torchvision", "timm", "tensorflow", "jax", "mlflow")
    assert failed(execute("see_what_it_does", *gone)) == []
    assert failed(execute("image_folder", *gone)) == []


def test_sections_of_frameworks_that_are_not_there_are_passed_over(execute: Any) -> None:
    cells = execute("bring_your_own", "tensorflow", "keras", "jax", "flax", "optax", "lightning")
    assert failed(cells) == []
    said = [line for cell in cells for line in written(cell).splitlines() if "is not installed here" in line]
    gone = ("lightning", "tensorflow", "jax")
    assert said == [f'{it} is not installed here: pip install "dltrainer-jupyter[{it}]"' for it in gone]


def test_a_home_that_cannot_be_written_is_named(execute: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "file" / "home"))
    cells = execute("quickstart", "nothing")
    said = [error for cell in cells if cell.source.startswith("%%dltrain") for error in errors(cell)]
    assert failed(cells)[0].startswith("%%dltrain digits-cnn")
    for error in said:
        assert error.count("\n") == 0
        assert "can't be made" in error
        assert error.endswith("Set DLTRAINER_HOME to one you may write to.")
