"""The panel in a real JupyterLab, as a person uses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.patience import PATIENCE, has_a_curve
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

LOAD = "%load_ext dltrainer_jupyter"


def training(name: str) -> str:
    """Write a cell that trains longer than anybody looks."""
    return f"""%%dltrain {name}
model: cnn
data: digits
epochs: 100000
optimizer: {{type: adamw}}
metrics: [accuracy]
monitor: val_accuracy
"""


def state(panel: Locator) -> Locator:
    return panel.locator(".dlt-state")


def button(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("button", name=name, exact=True)


def number(text: str | None) -> int:
    return int(re.sub(r"\D", "", text or "") or -1)


def epoch(panel: Locator) -> int:
    return number(panel.locator(".dlt-epoch b").first.text_content())


@pytest.mark.slow
def test_a_person_starts_watches_steers_and_comes_back(
    open_notebook: Callable, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    answer = "print(6 * 7, run.state, run.step)"
    notebook = open_notebook([LOAD, training("digits-cnn"), answer, "%dltrain panel digits-cnn"])
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel(1)
    watch(panel)
    pause_and_resume(notebook, panel)
    try_best(panel)
    keep_picture(notebook.page, "lab")
    stop(panel)
    stopped_at = epoch(panel)
    # The copy that stays is in the notebook, and out of sight while the panel is there.
    copy = notebook.cell(1).locator(".dltrain-static")
    expect(copy.locator("img")).to_have_count(1)
    expect(copy).to_be_hidden()
    reload(notebook, stopped_at)
    restart_kernel_and_go_on(notebook, stopped_at)
    leave(notebook)
    keep_picture(notebook.cell(1), "copy-that-stays")


def watch(panel: Locator) -> None:
    expect(state(panel)).to_have_text("Running")
    expect(panel.locator(".dlt-plot canvas").first).to_be_visible()
    seen = epoch(panel)
    until(lambda: epoch(panel) > seen, PATIENCE / 1000)
    has_a_curve(panel)
    expect(panel.locator(".dlt-best")).to_contain_text("val_accuracy")


def pause_and_resume(notebook: Any, panel: Locator) -> None:
    button(panel, "Pause").click()
    expect(state(panel)).to_have_text("Paused")
    status = panel.locator(".dlt-status-text")
    expect(status).to_have_text(re.compile(r"Paused at step [\d,]+ \(epoch [\d,]+\)"))
    paused_at = number(re.search(r"step ([\d,]+)", status.text_content() or "")[1])
    # Other cells run meanwhile.
    assert notebook.run(2).split() == ["42", "paused", str(paused_at)]
    seen = epoch(panel)
    button(panel, "Resume").click()
    expect(state(panel)).to_have_text("Running")
    until(lambda: epoch(panel) > seen, PATIENCE / 1000)


def try_best(panel: Locator) -> None:
    button(panel, "Try best").click()
    expect(panel.locator(".dlt-example")).to_have_count(12)
    expect(panel.locator(".dlt-try-summary")).to_contain_text("of 12")
    expect(state(panel)).to_have_text("Running")


def stop(panel: Locator) -> None:
    button(panel, "Stop").click()
    panel.locator(".dlt-ask").get_by_role("button", name="Stop", exact=True).click()
    expect(state(panel)).to_have_text("Stopped")


def reload(notebook: Any, stopped_at: int) -> None:
    notebook.save()
    panel = notebook.panel(1)
    # A page asks its kernel once for the widgets there are, and waits four seconds; where that was too short for
    # ipywidgets, a person loads the page again.
    missed = notebook.cell(1).get_by_text("Error displaying widget: model not found")
    for _ in range(3):
        notebook.reload()
        expect(state(panel).or_(missed)).to_be_visible()
        if not missed.is_visible():
            break
    expect(state(panel)).to_have_text("Stopped")
    until(lambda: epoch(panel) == stopped_at, PATIENCE / 1000)
    assert notebook.run(2).split()[:2] == ["42", "stopped"]


def restart_kernel_and_go_on(notebook: Any, stopped_at: int) -> None:
    notebook.restart_kernel()
    notebook.run(0)
    notebook.run(3)
    panel = notebook.panel(3)
    expect(state(panel)).to_have_text("Stopped")
    until(lambda: epoch(panel) == stopped_at, PATIENCE / 1000)
    panel.get_by_role("tab", name="Curves").click()
    has_a_curve(panel)
    button(panel, "Resume").click()
    expect(state(panel)).to_have_text("Running")
    until(lambda: epoch(panel) > stopped_at, PATIENCE / 1000)
    # The panel of the old kernel goes on over the server.
    expect(state(notebook.panel(1))).to_have_text("Running")
    stop(panel)


def leave(notebook: Any) -> None:
    """With no kernel that knows them, the panels are gone and their copies are seen."""
    expect(notebook.cell(3).locator(".dltrain-static img")).to_have_count(1)
    notebook.save()
    notebook.restart_kernel()
    notebook.reload()
    for cell in (1, 3):
        copy = notebook.cell(cell).locator(".dltrain-static")
        copy.scroll_into_view_if_needed()
        expect(copy.locator("table").first).to_contain_text("stopped")
        expect(copy.locator("img")).to_be_visible()


@pytest.mark.slow
def test_a_checkpoint_is_cloned_and_the_clone_appears_below(open_notebook: Callable) -> None:
    notebook = open_notebook([LOAD, training("original")])
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel(1).first
    expect(panel.locator(".dlt-best")).to_contain_text("val_accuracy")
    stop(panel)
    panel.get_by_role("tab", name="Checkpoints").click()
    panel.get_by_role("button", name="Clone").first.click()
    button(panel, "Start it").click()
    expect(notebook.panel(1)).to_have_count(2)
    clone = notebook.panel(1).nth(1)
    expect(state(clone)).to_have_text("Running")
    expect(clone.locator(".dlt-epoch b").first).not_to_have_text("0")
    expect(state(panel)).to_have_text("Stopped")


@pytest.mark.slow
def test_a_click_is_answered_while_a_cell_is_busy(open_notebook: Callable) -> None:
    # Busy until it is let go, however long clicks and their answers take.
    busy = (
        "import pathlib, time\nprint('asleep', flush=True)\n"
        "while not pathlib.Path('awake').exists(): time.sleep(0.05)\nprint('awake')"
    )
    notebook = open_notebook([LOAD, training("steered"), busy, "print(run.state)"])
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel(1)
    expect(panel.locator(".dlt-epoch b").first).not_to_have_text("0")
    notebook.start(2)
    expect(notebook.cell(2).locator(".jp-OutputArea")).to_contain_text("asleep")
    button(panel, "Pause").click()
    expect(state(panel)).to_have_text("Paused")
    expect(panel.locator(".dlt-status-text")).to_contain_text("Paused at step")
    button(panel, "Resume").click()
    expect(state(panel)).to_have_text("Running")
    assert "awake" not in notebook.written(2)
    (notebook.lab.root / "awake").touch()
    expect(notebook.cell(2).locator(".jp-OutputArea")).to_contain_text("awake")
    assert notebook.run(3) == "running\n"
