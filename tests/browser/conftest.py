"""A real JupyterLab on a port of its own, and a page of Chromium to drive it with."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.patience import PATIENCE, until_restored
from tests.lab_server import Lab, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Read before a fixture takes the settings of whoever runs the tests away.
SCREENSHOTS = os.environ.get("DLTRAINER_TEST_SCREENSHOTS")
# The first cell that trains imports torch, which takes long on a busy machine.
expect.set_options(timeout=PATIENCE)
LIMIT = 600
"""Seconds for a test of a page with the servers and kernels it starts; each of its waits has a limit of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LIMIT))


_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


class Notebook:
    """A notebook open on a page."""

    # Finds the notebook among Lab's tabs whatever has the focus.
    _FIND = "const nb = [...jupyterapp.shell.widgets('main')].find(w => w.context && w.context.path === path);"

    def __init__(self, lab: Lab, page: Page, name: str) -> None:
        self.lab = lab
        self.page = page
        self.name = name

    def open(self) -> None:
        self.page.goto(f"{self.lab.url}lab/tree/{self.name}?reset&token={self.lab.token}")
        self.until_ready()

    def reload(self) -> None:
        self.page.reload()
        self.until_ready()

    def until_ready(self) -> None:
        until_restored(self.page)
        self.page.wait_for_function(
            "path => [...jupyterapp.shell.widgets('main')].some(w => w.context && w.context.path === path)",
            arg=self.name,
        )
        self.do("await nb.context.ready; await nb.sessionContext.ready; await nb.sessionContext.session.kernel.info;")

    def do(self, script: str, **values: Any) -> Any:
        """Run JavaScript to which ``nb`` is the notebook's widget."""
        names = ", ".join(values)
        return self.page.evaluate(
            f"async ({{ path, values: {{ {names} }} }}) => {{ {self._FIND} {script} }}",
            {"path": self.name, "values": values},
        )

    def start(self, cell: int) -> None:
        """Run a cell and don't wait for it."""
        self.do("nb.content.activeCellIndex = cell; void jupyterapp.commands.execute('notebook:run-cell');", cell=cell)

    def run(self, cell: int) -> str:
        """Run a cell to its end and give the text it wrote."""
        self.do("nb.content.activeCellIndex = cell; await jupyterapp.commands.execute('notebook:run-cell');", cell=cell)
        return self.written(cell)

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        found = self.do("return JSON.stringify(nb.model.cells.get(cell).outputs.toJSON());", cell=cell)
        return list(json.loads(found))

    def written(self, cell: int) -> str:
        """Give the text a cell has written so far."""
        streams = [output["text"] for output in self.outputs(cell) if output["output_type"] == "stream"]
        return "".join(text if isinstance(text, str) else "".join(text) for text in streams)

    def save(self) -> None:
        self.do("await nb.context.save();")

    def restart_kernel(self) -> None:
        self.do("await nb.sessionContext.session.kernel.restart(); await nb.sessionContext.session.kernel.info;")

    def theme(self, name: str) -> None:
        light = "false" if "Dark" in name else "true"
        self.do("await jupyterapp.commands.execute('apputils:change-theme', { theme });", theme=name)
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def cell(self, cell: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell)

    def panel(self, cell: int) -> Locator:
        return self.cell(cell).locator(".dltrain-panel")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        reason = "Chromium isn't installed (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start Lab with nothing of the person's own: settings, kernels' history and runs are all new."""
    with serving(tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture
def open_notebook(lab: Lab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Give a function that opens a new notebook with these cells; its kernel ends with the test."""
    opened: list[Notebook] = []

    def open_(cells: list[str], *, width: int = 1100, height: int = 900) -> Notebook:
        # Tests with one name and other parameters get notebooks of their own: the kernel of one may still be ending.
        name = f"{request.node.originalname[:40]}-{secrets.token_hex(3)}.ipynb"
        lab.write(name, cells)
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE)
        notebook = Notebook(lab, page, name)
        opened.append(notebook)
        notebook.open()
        return notebook

    yield open_
    for notebook in opened:
        if SCREENSHOTS and request.node.stash.get(_failed, False):
            notebook.page.screenshot(path=Path(SCREENSHOTS) / f"failed-{notebook.name}.png")
        notebook.do("await nb.sessionContext.shutdown();")
        notebook.page.close()


@pytest.fixture
def keep_picture() -> Callable[[Locator | Page, str], None]:
    """Give a function that keeps a screenshot, where the person who runs the tests wants them."""

    def keep(what: Locator | Page, name: str) -> None:
        if SCREENSHOTS:
            folder = Path(SCREENSHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            what.screenshot(path=folder / f"{name}.png", animations="disabled")

    return keep
