"""A framework from another package, as if it were installed."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dltrainer_jupyter.core import registry

PROJECT = Path(__file__).parent / "numpy_framework"


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
