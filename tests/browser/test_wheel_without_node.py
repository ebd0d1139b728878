"""The wheel in an environment without Node: what a person gets who installs it and has never heard of npm."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.patience import PATIENCE, TRAINED, has_a_curve
from tests.lab_server import Lab, own_places, serving
from tests.without_node import FRONT_END, ROOT, Environment, build, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TRAINING = """%%dltrain from-a-wheel --epochs 20
model: mlp
data: digits
metrics: [accuracy]
"""
WHERE = "import dltrainer_jupyter, shutil; print(dltrainer_jupyter.__file__, shutil.which('node'), sep='\\n')"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    wheel, _ = built
    made = install(wheel, tmp_path_factory.mktemp("installed") / "environment")
    there = {name: shutil.which(name, path=made.variables["PATH"]) for name in FRONT_END}
    assert there == dict.fromkeys(FRONT_END)
    return made


@pytest.fixture(scope="module")
def lab(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start the JupyterLab of that environment in place of the one the other tests use."""
    home = tmp_path_factory.mktemp("lab")
    with serving(home, python=installed.python, environment=installed.variables) as started:
        yield started


def test_jupyter_lists_both_extensions_as_enabled(installed: Environment, tmp_path: Path) -> None:
    said = installed.run("jupyter", "labextension", "list", cwd=tmp_path)
    assert re.search(r"dltrainer-jupyter v\S+ .*enabled.*OK", said), said
    said = installed.run("jupyter", "server", "extension", "list", cwd=tmp_path)
    assert re.search(r"dltrainer_jupyter .*enabled", said), said
    validated = said.partition("Validating dltrainer_jupyter")[2] or said
    assert re.search(r"dltrainer_jupyter \S+ .*OK", validated), said


def test_sidebar_opens_and_the_cell_draws(
    installed: Environment, open_notebook: Callable, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    notebook = open_notebook([WHERE, "%load_ext dltrainer_jupyter", TRAINING], width=1300)
    module, node = notebook.run(0).split()
    assert Path(module).is_relative_to(installed.folder)
    assert node == "None"
    notebook.run(1)
    notebook.run(2)
    panel = notebook.panel(2)
    expect(panel.locator(".dlt-state")).to_have_text("Completed", timeout=TRAINED)
    has_a_curve(panel)
    page = notebook.page
    page.keyboard.press("Alt+Shift+R")
    expect(page.locator(".dlt-sidebar .dlt-row-name", has_text="from-a-wheel")).to_be_visible()
    keep_picture(page, "wheel-without-node")


def test_what_binder_sets_opens_the_sidebar_at_the_start(installed: Environment, lab: Lab, chromium: Browser) -> None:
    """Its last lines, as they stand there: those before them install."""
    _, settings, lines = (ROOT / "binder" / "postBuild").read_text().partition('settings="$(python')
    path = f"{installed.folder / 'bin'}:/usr/bin:/bin"
    subprocess.run(["bash", "-euc", settings + lines], env={**installed.variables, "PATH": path}, check=True)
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{lab.url}lab?reset&token={lab.token}")
    expect(page.locator(".dlt-sidebar")).to_be_visible()
    page.close()


def test_the_web_page_answers(installed: Environment, chromium: Browser, tmp_path: Path) -> None:
    command = [installed.folder / "bin" / "dltrain", "ui", "--port", "0", "--no-browser"]
    environment = {**installed.variables, **own_places(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as serving_page:
        try:
            url = next(found[0] for line in serving_page.stdout if (found := re.search(r"http://\S+", line)))
            page = chromium.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(url)
            expect(page.get_by_role("button", name="New run").first).to_be_visible()
            page.close()
        finally:
            serving_page.send_signal(signal.SIGTERM)


def test_an_sdist_needs_no_node_either(built: tuple[Path, Path], installed: Environment, tmp_path: Path) -> None:
    """What the front end's build writes is in it, so a wheel is made from it with Python alone."""
    _, sdist = built
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, sdist], env=installed.variables, check=True)
    [wheel] = tmp_path.glob("*.whl")
    assert front_end(wheel) == front_end(built[0])


def front_end(wheel: Path) -> dict[str, int]:
    """Give the checksums of what Node made."""
    with zipfile.ZipFile(wheel) as packed:
        files = [it for it in packed.infolist() if "/static/" in it.filename or "/labextensions/" in it.filename]
        assert files
        return {it.filename: it.CRC for it in files}
