"""What the README says is so: its tables list the parts there are. Its cells are run by ``tests/docs``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.registry import Kind

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| ([\w ]+) \| (`.*) \|$", README.partition("## What is in it")[2], re.MULTILINE)
NOT_NAMES = re.compile(r"`[\w.]*[A-Z][\w.]*`")
"""Classes of other people."""
OWN_OBJECTS = {"arrays"}


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("adapters", "frameworks"),
        ("models", "models"),
        ("layers", "layers"),
        ("data", "data"),
        ("optimizers", "optimizers"),
        ("augmentations", "augmentation"),
        ("preprocessing", "preprocessing"),
        ("postprocessing", "postprocessing"),
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
