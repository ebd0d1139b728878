"""Whoever installs from the sources learns in a line that Node.js is missing, and what to do without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NEEDED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "labextension/package.json")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Give what a build reads of a fresh clone, in which no front end is built."""
    folder = tmp_path / "sources"
    for name in (*NEEDED, "dltrainer_jupyter/__init__.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "programs").mkdir()
    return folder


def bring_node(sources: Path, version: str) -> None:
    node = sources / "programs" / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)


def install(sources: Path, *options: str, **environment: str) -> tuple[int, str]:
    """Install from the sources, with nothing else on the path; give how it ended and what it said."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HATCH_", "SKIP_JUPYTER"))}
    pip = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*pip, "--target", str(sources / "installed"), *options, str(sources)],
        env={**kept, "PATH": str(sources / "programs"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [(), ("--editable",)], ids=["pip install", "pip install --editable"])
@pytest.mark.parametrize(("version", "found"), [(None, "none"), ("v20.18.3", "v20.18.3")])
def test_a_missing_node_is_named_in_a_line(sources, options, version, found):
    if version is not None:
        bring_node(sources, version)
    status, said = install(sources, *options)
    assert status == 1
    assert f"needs Node.js 20.19 or newer; found: {found}." in said
    assert "HATCH_JUPYTER_BUILDER_SKIP_NPM=1 pip install --editable ." in said
    assert "Traceback" not in said


def test_a_recent_node_is_left_to_the_build(sources):
    bring_node(sources, "v20.19.0")
    _, said = install(sources)
    # It gets as far as the program that builds, of which there is none here.
    assert "Could not find cmd (jlpm)" in said
    assert "found:" not in said


def test_what_it_tells_to_do_works(sources):
    status, said = install(sources, "--editable", HATCH_JUPYTER_BUILDER_SKIP_NPM="1")
    assert status == 0, said
