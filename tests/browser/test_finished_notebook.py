"""A notebook that has been run, as a page in a browser: nothing runs any more, and everything is there to read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.patience import PATIENCE
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

CELLS = (
    "%load_ext dltrainer_jupyter",
    "%%dltrain finished --wait\nmodel: cnn\ndata: digits\nepochs: 3\nmetrics: [accuracy]\n",
    'run.report("report.ipynb"); run.report("report.html")',
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a notebook in a kernel that is gone afterwards, save it, and make pages of it and of its report."""
    folder = tmp_path_factory.mktemp("finished")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLTRAINER_HOME", str(folder / "home"))
        NotebookClient(
            notebook, timeout=400, startup_timeout=180, resources={"metadata": {"path": str(folder)}}
        ).execute()
    nbformat.write(notebook, folder / "finished.ipynb")
    for name in ("finished", "report"):
        page, _ = HTMLExporter().from_filename(str(folder / f"{name}.ipynb"))
        (folder / f"{name}-page.html").write_text(page)
    return folder


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Give a page without a network: whatever a page needs is in it."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", ["finished-page", "report-page", "report"])
def test_curves_matrix_and_tables_are_there_without_a_kernel(
    finished: Path, page: Page, keep_picture: Callable[[Locator | Page, str], None], name: str
) -> None:
    page.goto((finished / f"{name}.html").as_uri(), wait_until="domcontentloaded")
    pictures = page.locator("img[alt*='onfusion']")
    expect(pictures).to_have_count(1)
    for picture in page.locator("img").all():
        expect(picture).to_be_visible()
        until(partial(picture.evaluate, "it => it.complete && it.naturalWidth > 0 && it.naturalHeight > 0"))
    expect(page.locator("img[alt*='urves']").first).to_be_visible()
    classes = page.locator("table", has=page.locator("th[scope='col']", has_text="precision"))
    expect(classes).to_have_count(1)
    expect(classes).to_be_visible()
    expect(classes.locator("tbody tr")).to_have_count(10)
    metrics = page.locator("table", has_text="accuracy").first
    expect(metrics).to_be_visible()
    expect(page.get_by_text("completed").first).to_be_visible()
    keep_picture(page, name)


def test_the_report_asks_for_nothing_and_runs_nothing(finished: Path, chromium: Browser) -> None:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((finished / "report.html").as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    for kind in ("iframe", "link", "script:not([type='application/json'])"):
        expect(page.locator(kind)).to_have_count(0)
    context.close()
