"""A framework from another package, as if it were installed."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dltrainer_jupyter.core import registry

PROJECT = Path(__file__).parent / "numpy_framework"

_COMPILES = {"TestJax", "TestTensorFlow"}
_MANY_GRAPHS = {
    "test_a_run_ends_as_with_single_steps_suspended_or_not",
    "test_a_run_has_the_same_bits_with_and_without",
    "test_any_split_of_steps_into_calls_gives_the_bits_of_single_ones",
    "test_a_run_that_was_suspended_ends_as_if_left_alone",
    "test_heatmaps_are_brightest_where_the_class_is_decided",
    "test_training_goes_on_bit_for_bit_or_the_wish_is_refused",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave to ``make slow`` what takes seconds where each of many graphs is compiled, and none where nothing is."""
    name = getattr(item, "originalname", item.name)
    if item.parent is not None and item.parent.name in _COMPILES and name in _MANY_GRAPHS:
        item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def numpy_framework(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install a fourth framework as ``pip install -e`` would: its folder and its project's metadata on the path."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    site = tmp_path_factory.mktemp("site")
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in parts.items()) for group, parts in groups.items()]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(site)
        monkeypatch.syspath_prepend(PROJECT)
        _forget()
        yield
    _forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == "numpy_trainer"]:
        del sys.modules[name]


def _forget() -> None:
    registry.forget()
