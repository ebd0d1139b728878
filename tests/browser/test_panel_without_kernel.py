"""The panel in the cell, while the kernel has no time for it, and after the kernel has died."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.lab_server import Lab

pytestmark = pytest.mark.slow

LOAD = "%load_ext dltrainer_jupyter"
TRAINING = """%%dltrain outlasting --executor process
model: cnn
data: digits
epochs: 100000
metrics: [accuracy]
"""
WHO = "import os; print(os.getpid())"


@pytest.fixture(autouse=True)
def trainers(lab: Lab) -> Iterator[None]:
    """End what trains in processes of its own, which outlive a test that fails."""
    yield
    for process in psutil.process_iter(["cmdline", "environ"]):
        is_trainer = "dltrainer_jupyter.executors.process_main" in (process.info["cmdline"] or [])
        if is_trainer and (process.info["environ"] or {}).get("DLTRAINER_HOME") == str(lab.store):
            process.kill()


def test_the_panel_goes_on_when_the_kernel_cannot(
    open_notebook: Callable, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    """A kernel that is stopped answers nothing at all, not even beside a cell; then it is killed."""
    notebook = open_notebook([LOAD, TRAINING, WHO])
    # JupyterLab says that the kernel has died, in front of everything.
    died = notebook.page.locator(".jp-Dialog")
    notebook.page.add_locator_handler(died, lambda dialog: dialog.get_by_role("button").last.click())
    notebook.run(0)
    with notebook.page.expect_websocket(lambda socket: "dltrainer/api/stream" in socket.url):
        notebook.run(1)
    panel = notebook.panel(1)
    expect(panel.locator(".dlt-best")).to_contain_text("val_accuracy")
    kernel = int(notebook.run(2))
    os.kill(kernel, signal.SIGSTOP)
    try:
        draws_and_obeys(panel)
        panel.get_by_role("button", name="Try best", exact=True).click()
        expect(panel.locator(".dlt-example")).to_have_count(12)
    finally:
        os.kill(kernel, signal.SIGKILL)
    draws_and_obeys(panel)
    keep_picture(panel, "panel-without-kernel")
    panel.get_by_role("button", name="Stop", exact=True).click()
    panel.locator(".dlt-ask").get_by_role("button", name="Stop", exact=True).click()
    expect(panel.locator(".dlt-state")).to_have_text("Stopped")


def draws_and_obeys(panel: Locator) -> None:
    state, epoch = panel.locator(".dlt-state"), panel.locator(".dlt-epoch b").first
    expect(state).to_have_text("Running")
    expect(epoch).not_to_have_text(epoch.text_content() or "")
    panel.get_by_role("button", name="Pause", exact=True).click()
    expect(state).to_have_text("Paused")
    expect(panel.locator(".dlt-status-text")).to_have_text(re.compile(r"Paused at step [\d,]+ \(epoch [\d,]+\)"))
    panel.get_by_role("button", name="Resume", exact=True).click()
    expect(state).to_have_text("Running")
