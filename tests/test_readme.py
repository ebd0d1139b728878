"""What the README says is so: its tables list the parts there are, and its cells run."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image
from sklearn.datasets import load_digits

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.registry import Kind

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| ([\w ]+) \| (`.*) \|$", README.partition("## What is in it")[2], re.MULTILINE)
NOT_NAMES = re.compile(r"`[\w.]*[A-Z][\w.]*`")
"""Classes of other people."""
OWN_OBJECTS = {"arrays"}
TITLES = ("The first cell", "See what the model does")


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("adapters", "frameworks"),
        ("models", "models"),
        ("data", "data"),
        ("optimizers", "optimizers"),
        ("augmentations", "augmentation"),
        ("preprocessing", "preprocessing"),
        ("schedules", "schedulers"),
        ("losses", "losses"),
        ("regularizations", "regularizations"),
        ("metrics", "metrics"),
        ("trackers", "trackers"),
        ("recipes", "recipes"),
    ],
)
def test_the_tables_list_what_there_is(kind: Kind, row: str) -> None:
    listed = [name for title, cell in TABLE if title.split()[0] == row for name in re.findall(r"`([\w-]+)`", cell)]
    others = {name.strip("`") for _, cell in TABLE for name in NOT_NAMES.findall(cell)}
    assert listed
    there = {name.rpartition(".")[2] for name in registry.names(kind)}
    assert set(listed) - others == there - OWN_OBJECTS


@pytest.mark.slow
def test_what_is_said_of_a_model_runs(tmp_path: Path) -> None:
    """The first run, and all cells of the section; the last two make one epoch of few pictures."""
    first, section = (README.partition(f"\n## {title}\n")[2].partition("\n## ")[0] for title in TITLES)
    cells = [cell for cell in _cells(first) if cell.startswith(("%load_ext", "%%dltrain digits-cnn"))]
    cells += [re.sub(r"^(%%dltrain .+)", r"\1 --epochs 1 --set data.count=40", cell) for cell in _cells(section)]
    cells = [re.sub(r"^(%%dltrain .+)", r"\1 --wait", cell) for cell in cells]
    assert len(cells) > 10
    (tmp_path / "scans").mkdir()
    for number, pixels in enumerate(load_digits().images[:3]):
        Image.fromarray((pixels * 15).astype("uint8")).resize((64, 64)).save(tmp_path / "scans" / f"{number}.png")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert (tmp_path / "report.html").exists()


def _cells(text: str) -> list[str]:
    """Give the Python and the magics, in order; those in a language of their own (sh, yaml) are left out."""
    return [
        cell
        for language, cell in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        if language in ("", "python")
    ]
