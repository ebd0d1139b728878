"""Every notebook runs from top to bottom in a real kernel, and stays readable with nothing running."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.pace import times_slower

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MINUTES = 8
"""All of them together may take so long, each in a kernel of its own."""
_took: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def all_of_them_are_quick() -> Iterator[None]:
    """Those that were run in this process; nobody waits longer for them, here or in CI."""
    yield
    assert sum(_took.values()) < 60 * MINUTES * times_slower(), _took


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path: Path) -> None:
    """No cell fails, and each run's cell keeps a copy of its panel as HTML and PNG."""
    notebook = nbformat.read(path, as_version=4)
    begun = time.monotonic()
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    _took[path.stem] = time.monotonic() - begun
    started = [cell for cell in notebook.cells if cell.source.startswith("%%dltrain")]
    assert started
    for cell in started:
        kept = [output.data for output in cell.outputs if "image/png" in output.get("data", {})]
        assert kept, f"no picture is left of {cell.source.splitlines()[0]}"
        assert "completed" in kept[0]["text/html"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_committed_with_its_outputs(path: Path) -> None:
    """On GitHub it shows what a person would see."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
