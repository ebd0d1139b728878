"""The documentation site: what stands in it, and that its links lead somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from docs._pages import built, commands, committed, links, magics, python, rest
from docs._pages.roles import linked
from tests.docs.test_guides import BEGIN, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = links.ROOT


class _Settings(yaml.SafeLoader):
    """Reads what MkDocs reads, without making anything."""


_Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
SETTINGS: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), _Settings)  # noqa: S506 - a safe one


# --- what it is made of -------------------------------------------------------------------------------


def in_nav(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    for inner in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from in_nav(inner)


def test_every_guide_notebook_and_page_of_the_reference_is_in_the_menu() -> None:
    guides = {path.name for path in (ROOT / "docs").glob("*.md")}
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    made = (committed, commands, magics, python, rest)
    reference = {f"reference/{place}" for module in made for place in module.pages()}
    listed = list(in_nav(SETTINGS["nav"]))
    assert len(listed) == len(set(listed))
    assert set(listed) == guides | notebooks | reference | set(links.BESIDE)


def test_the_build_is_set_to_refuse_what_leads_nowhere() -> None:
    kinds = {"omitted_files", "absolute_links", "unrecognized_links", "anchors"}
    assert (
        {SETTINGS["validation"][kind] for kind in kinds} == {SETTINGS["validation"]["links"]["not_found"]} == {"warn"}
    )
    assert SETTINGS["strict"] is True
    assert SETTINGS["theme"]["font"] is False


def test_a_link_for_github_is_turned_for_the_site() -> None:
    guide = ROOT / "docs" / "data.md"
    assert links.turned("[a](../notebooks/quickstart.ipynb)", guide) == "[a](notebooks/quickstart.ipynb)"
    assert links.turned("[a](../CONTRIBUTING.md#style), [b](#c)", guide) == "[a](CONTRIBUTING.md#style), [b](#c)"
    assert links.turned("![a](images/panel.png)", guide) == "![a](images/panel.png)"
    assert links.turned("[a](https://example.org/a_(b))", guide) == "[a](https://example.org/a_(b))"
    assert links.turned("[a](../README.md)", guide) == "[a](index.md)"
    assert links.turned("[a](docs/data.md#own)", ROOT / "CONTRIBUTING.md") == "[a](data.md#own)"
    assert links.turned("[a](../tests/conftest.py)", guide) == "[a](../tests/conftest.py)"


def test_a_mention_in_a_docstring_becomes_a_link() -> None:
    run = "dltrainer_jupyter.tal.run.handle.Run"
    assert linked("as :meth:`Run.at`") == f'as <autoref identifier="{run}.at" optional><code>Run.at</code></autoref>'
    assert linked(":meth:`at`", run) == f'<autoref identifier="{run}.at" optional><code>at</code></autoref>'
    assert linked(":class:`~a.b.C`") == '<autoref identifier="a.b.C" optional><code>C</code></autoref>'


# --- the look over it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="other.html#there">x</a><a href="other.html">x</a><a href="#here">x</a>', None),
        ('<img src="data:image/png;base64,AA=="><a href="https://example.org/x">x</a>', None),
        ('<a href="gone.html">x</a>', "index.html links to gone.html, which isn't there."),
        ('<a href="other.html#gone">x</a>', "index.html links to other.html#gone, where nothing is called so."),
        ('<a href="#gone">x</a>', "index.html links to #gone, where nothing is called so."),
        ('<a href="https://">x</a>', "index.html links to https://, which is no address."),
        ('<a href="https//example.org">x</a>', "index.html links to https//example.org, which isn't there."),
        ('<a href="ftp://example.org">x</a>', "index.html links to ftp://example.org, whose scheme is unknown."),
        ('<script src="https://a.example/x.js"></script>', "index.html fetches https://a.example/x.js."),
        ('<link rel="stylesheet" href="//a.example/x.css">', "index.html fetches //a.example/x.css."),
        ('<img src="gone.png">', "index.html fetches gone.png, which isn't there."),
        ("<style>@import 'x.css'</style>", "index.html has a style that fetches from elsewhere."),
        ('<p style="background: url(https://a.example/x.png)">', "index.html has a style that fetches from elsewhere."),
    ],
)
def test_what_is_wrong_with_a_built_page_is_said(html: str, fault: str | None, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f'<h1 id="here">x</h1>{html}', "utf-8")
    (tmp_path / "other.html").write_text('<h1 id="there">x</h1>', "utf-8")
    assert list(built.faults(tmp_path)) == ([] if fault is None else [fault])


# --- the home page -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_the_home_page_shows_runs(tmp_path: Path) -> None:
    shown = [it.cell() for it in blocks(ROOT / "docs" / "index.md") if it.language != "sh"]
    assert len(shown) == 3
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (BEGIN, *shown)])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
