"""A real JupyterLab on a port of its own, and a page of Chromium to drive it with."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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
START = 60
"""Seconds Lab may take to start on a busy machine."""
# The first cell that trains imports torch, which takes long on a busy machine.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


class Lab:
    """A running JupyterLab."""

    def __init__(self, url: str, token: str, root: Path, store: Path) -> None:
        self.url = url
        self.token = token
        self.root = root
        self.store = store

    def write(self, name: str, cells: list[str]) -> None:
        """Put a notebook where Lab finds it."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        nbformat.write(notebook, self.root / name)


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
        self.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=30_000)
        self.page.evaluate("() => jupyterapp.restored")
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
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    root.mkdir()
    settings = home / "config" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True)
    # Its question whether to fetch news would lie over the page.
    settings.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    places |= {"IPYTHONDIR": "ipython", "DLTRAINER_HOME": "dltrainer", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    places |= {"JUPYTERLAB_SETTINGS_DIR": "settings"}
    environment = {**os.environ, **{name: str(home / place) for name, place in places.items()}}
    token = secrets.token_hex(16)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}", "--ServerApp.port_retries=0"]
    command += ["--LabApp.expose_app_in_browser=True", "--ip=127.0.0.1"]
    log = home / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=root)
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_until(lambda: _answers(server, f"{url}api/status?token={token}", log), START, "JupyterLab starts")
            yield Lab(url, token, root, home / places["DLTRAINER_HOME"])
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                # Jupyter's contents leave a thread of AnyIO behind at times, which Python waits for without end.
                server.kill()
                server.wait()


@pytest.fixture
def open_notebook(lab: Lab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Give a function that opens a new notebook with these cells; its kernel ends with the test."""
    opened: list[Notebook] = []

    def open_(cells: list[str], *, width: int = 1100, height: int = 900) -> Notebook:
        name = f"{request.node.name[:40]}-{len(opened)}.ipynb".replace("[", "-").replace("]", "")
        lab.write(name, cells)
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(15_000)
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


def _answers(server: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    if server.poll() is not None:
        pytest.fail(f"JupyterLab ended with exit code {server.returncode}:\n{log.read_text()[-2000:]}")
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds} s in vain until {what}.")
        time.sleep(0.1)
