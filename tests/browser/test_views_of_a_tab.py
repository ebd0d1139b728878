"""The views of a whole tab on the web page: a run is written, started, cloned, compared and deleted, by hand."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.patience import PATIENCE, TRAINED
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

CONFIG = """name: by-hand
model: {type: mlp, hidden: [8]}
data: wine
epochs: 2
learning_rate: 0.01
metrics: [accuracy]
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page for runs of its own, and give its address with the token."""
    home = tmp_path_factory.mktemp("ui")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {"DLTRAINER_HOME": "dltrainer", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config"}
    command = [sys.executable, "-m", "dltrainer_jupyter.cli", "ui", "--no-browser", f"--port={port}", "--ip=127.0.0.1"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **{name: str(home / it) for name, it in places.items()}}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = next((line for line in server.stdout or () if "DLTrainer is at" in line), "")
            found = re.search(r"http\S+", line)
            assert found is not None, f"expected the page's address, got {line!r}"
            yield found.group()
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture
def page(address: str, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    page.close()
    assert errors == []


def _visit(page: Page, address: str, where: str) -> None:
    page.goto(address.partition("?")[0] + where)


def _write(page: Page, text: str) -> None:
    """Write into the editor in place of what stands there, as by the keyboard but without its completions."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_the_editor_says_what_is_wrong_and_lets_the_keyboard_out(page: Page, address: str) -> None:
    _visit(page, address, "new")
    expect(page.locator(".dlt-problems")).to_contain_text("No problems")
    _write(page, CONFIG.replace("mlp", "mpl"))
    expect(page.locator(".dlt-problems li")).to_contain_text("Did you mean 'mlp'?")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    start = page.get_by_role("button", name="Start training")
    expect(start).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Line 2").click()
    expect(page.locator(".cm-activeLine")).to_have_text("model: {type: mpl, hidden: [8]}")
    expect(page.locator(".cm-content")).to_be_focused()

    page.keyboard.press("Tab")
    expect(page.locator(".cm-activeLine")).to_have_text("  model: {type: mpl, hidden: [8]}")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).not_to_be_focused()


def test_a_dropped_file_takes_the_place_of_what_is_written(page: Page, address: str) -> None:
    _visit(page, address, "new")
    page.locator(".cm-content").wait_for()
    transfer = page.evaluate_handle(
        "text => { const t = new DataTransfer(); t.items.add(new File([text], 'mine.yaml')); return t; }", CONFIG
    )
    page.dispatch_event(".cm-content", "drop", {"dataTransfer": transfer})
    expect(page.locator(".cm-line").first).to_have_text("name: by-hand")
    expect(page.locator(".dlt-said")).to_contain_text("Opened mine.yaml.")


def test_a_run_is_started_cloned_with_another_rate_compared_and_deleted(
    page: Page, address: str, keep_picture: Callable
) -> None:
    _visit(page, address, "new")
    _write(page, CONFIG)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/runs/*")
    view = page.locator(".dlt-view")
    expect(view.locator(".dlt-state")).to_have_text("Completed", timeout=TRAINED)
    first = page.url.rpartition("/")[2]

    view.get_by_role("tab", name="Checkpoints").click()
    view.get_by_role("button", name="Clone").first.click()
    view.get_by_role("button", name="Change settings…").click()
    view.locator(".cm-content").wait_for()
    _write(page, view.locator(".dlt-clone .cm-content").inner_text().replace("0.01", "0.5"))
    expect(view.locator(".dlt-clone-changes")).to_contain_text("0.01 → 0.5")
    keep_picture(view, "clone")
    view.get_by_role("button", name="Start clone").click()
    page.wait_for_url(lambda url: not url.endswith(first))
    expect(view.locator(".dlt-state")).to_have_text("Completed", timeout=TRAINED)
    second = page.url.rpartition("/")[2]
    keep_picture(view, "cloned")

    _visit(page, address, f"compare?runs={first},{second}")
    table = page.locator(".dlt-compare-table")
    expect(table.get_by_role("columnheader")).to_contain_text(["Run", "State", "Best", "Epochs", "learning_rate"])
    expect(table.locator("tbody tr")).to_contain_text(["0.01", "0.5"])
    expect(page.locator(".dlt-compare .dlt-chart-name").first).to_have_text("loss")

    def are_both_told() -> bool:
        # A chart that gets its second line meanwhile lets go of the pointer, as it does of a person's.
        page.locator(".dlt-compare .u-over").first.hover()
        return page.locator(".dlt-tooltip tbody tr").count() == 2

    until(are_both_told, PATIENCE / 1000)
    keep_picture(page.locator(".dlt-compare"), "compared")

    _visit(page, address, f"runs/{second}")
    view.get_by_role("button", name="More").click()
    view.get_by_role("menuitem", name="Delete…").click()
    view.get_by_role("button", name="Delete", exact=True).click()
    expect(view).to_contain_text("This run was deleted.")

    _visit(page, address, "runs/by-hond")
    expect(view.get_by_role("alert")).to_contain_text("Did you mean 'by-hand'?")
    view.get_by_role("button", name="by-hand").click()
    page.wait_for_url(f"**/runs/{first}")
    expect(view.locator(".dlt-state")).to_have_text("Completed")
