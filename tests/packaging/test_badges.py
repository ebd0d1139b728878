"""The addresses that depend on where the sources lie, written by a command and by nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(r"https://(?:colab\.research\.google\.com|mybinder\.org)/\S*")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in (*ROOT.glob("README*.md"), ROOT / "pyproject.toml"):
        shutil.copy(path, tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return tmp_path


def badges(source: str, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "binder" / "badges.py", source, root]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


def test_each_notebook_opens_itself(copy: Path) -> None:
    before = {path.name: json.loads(path.read_text()) for path in copy.glob("notebooks/*.ipynb")}
    assert badges("https://github.com/someone/studio.git", copy).returncode == 0
    for name, old in before.items():
        text = (copy / "notebooks" / name).read_text()
        nbformat.validate(nbformat.reads(text, as_version=4))
        new = json.loads(text)
        first = "".join(new["cells"][0]["source"])
        assert first.startswith("# ")
        assert f"https://colab.research.google.com/github/someone/studio/blob/main/notebooks/{name})" in first
        assert f"https://mybinder.org/v2/gh/someone/studio/HEAD?urlpath=lab/tree/notebooks/{name})" in first
        assert new["cells"][1:] == old["cells"][1:]


def test_readmes_and_the_package_say_where_the_sources_lie(copy: Path) -> None:
    assert badges("https://github.com/someone/studio", copy).returncode == 0
    for path in copy.glob("README*.md"):
        [line] = [it for it in path.read_text().splitlines() if it.startswith("<!-- badges -->")]
        assert "(https://mybinder.org/v2/gh/someone/studio/HEAD?urlpath=lab/tree/notebooks/quickstart.ipynb)" in line
        pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", line)
        assert len(pictures) == 2
        assert all((ROOT / it).is_file() for it in pictures)
    project = tomllib.loads((copy / "pyproject.toml").read_text())["project"]
    assert project["urls"]["Source"] == "https://github.com/someone/studio"
    assert "scripts" in project


def test_a_second_time_changes_nothing_and_another_address_everything(copy: Path) -> None:
    badges("https://github.com/someone/studio", copy)
    once = contents(copy)
    assert badges("https://github.com/someone/studio/", copy).stdout == ""
    assert contents(copy) == once
    badges("https://github.com/else-where/of.mine_2", copy)
    there = contents(copy)
    assert {name: text.replace("else-where/of.mine_2", "someone/studio") for name, text in there.items()} == once


@pytest.mark.parametrize(
    "source",
    [
        "",
        "https://github.com/OWNER/REPO",
        "http://github.com/someone/studio",
        "https://gitlab.com/someone/studio",
        "https://github.com/someone",
        "https://github.com/someone/studio/tree/main",
        "https://github.com/-someone/studio",
        "https://github.com/someone/..",
        "https://github.com/someone/stu)dio",
        "https://github.com/someone/studio\n",
        "git@github.com:someone/studio.git",
    ],
)
def test_any_other_address_is_refused_in_one_line(copy: Path, source: str) -> None:
    before = contents(copy)
    done = badges(source, copy)
    assert done.returncode == 1
    assert done.stderr.startswith("SOURCE: expected the repository's own address, https://github.com/OWNER/REPO, got")
    assert done.stderr.count("\n") == 1
    assert contents(copy) == before


def test_until_then_nothing_links_to_an_address_that_anybody_could_own() -> None:
    """Or all of them link to one, once the command has been run."""
    files = [*ROOT.glob("README*.md"), *ROOT.glob("notebooks/*.ipynb")]
    links = [it for path in files for it in ELSEWHERE.findall(path.read_text()) if "OWNER" not in it]
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"].get("urls", {})
    ours = urls.get("Source", "https://github.com/").removeprefix("https://github.com/")
    assert [it for it in links if not ours or ours not in it] == []
