"""README and guides say what is so: their blocks run, in order, and links of all pages lead somewhere."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal.configuration import parse_yaml
from tests.docs import guide_files

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
GUIDES = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "index.md")
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "reference").rglob("*.md")),
]
ONLY_READ = "<!-- only read: "
"""Stands, with a reason, before a block that needs what a test doesn't have."""
TESTED_WITH = re.compile(r"<!-- tested with: (.+) -->")
"""Stands before a cell that takes long as it is, with the options that make it short."""

BEGIN = """
%load_ext dltrainer_jupyter
from dltrainer_jupyter import tal
from dltrainer_jupyter.tal.checking import problems
from dltrainer_jupyter.tal.configuration import parse_yaml

tal.settings.plugins.mkdir(parents=True, mode=0o700)

def configured(text):
    given = parse_yaml(text)
    assert not (found := problems({"model": "cnn", "data": "digits"} | given)), found
    if "model" in given and "data" in given:
        tal.train(config=given, epochs=1, batch_size=8, verbose=False).wait(60)
"""


@dataclass(frozen=True)
class Block:
    """What a guide shows in a frame."""

    language: str
    text: str
    is_run: bool
    options: str = ""

    def cell(self) -> str:
        """Make a cell of it that fails where it is wrong."""
        if self.language == "yaml":
            return f"configured({self.text!r})"
        if self.language == "sh":
            return f"%%bash\nset -e\n{self.text}"
        return re.sub(r"^(%%dltrain .+)", rf"\1 {self.options} --wait", self.text)


def blocks(path: Path) -> list[Block]:
    """List what stands in frames; what is only meant to be looked at is ``text`` or ``toml``."""
    page = path.read_text(encoding="utf-8")
    found = re.findall(r"^([^\n]*)\n+```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [
        Block(of, text, not before.startswith(ONLY_READ), options[1] if (options := TESTED_WITH.match(before)) else "")
        for before, of, text in found
        if of not in {"text", "toml"}
    ]


@pytest.mark.slow
@pytest.mark.parametrize("path", [README, *GUIDES], ids=lambda path: path.stem)
def test_every_block_of_a_guide_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one kernel, from top to bottom, in a folder with the files that the guide talks of."""
    guide_files.write(tmp_path)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    cells = [it.cell() for it in blocks(path) if it.is_run]
    assert cells
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (BEGIN, *cells)])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()


@pytest.mark.parametrize("path", [README, *GUIDES], ids=lambda path: path.stem)
def test_what_is_only_read_can_be(path: Path) -> None:
    for block in blocks(path):
        assert block.language in {"", "python", "yaml", "sh"}
        if not block.is_run and block.language == "yaml":
            spec = validate(RunSpec, parse_yaml(block.text))
            assert part_settings(registry.find("data", spec.data.type).Config, spec.data.config)
        elif not block.is_run and block.language == "sh":
            subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
        elif not block.is_run:
            compile(re.sub(r"^%.*$", "", block.text, flags=re.MULTILINE), str(path), "exec")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = target.partition("#")
        if "://" in place:
            continue
        file = path.parent / place if place else path
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


def test_every_guide_is_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in GUIDES if f"](docs/{path.name})" not in readme] == []


def _anchors(page: Path) -> set[str]:
    """Name the headings of a page as GitHub does in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
