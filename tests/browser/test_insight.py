"""What a model has learnt, on real faces: 200 matrices of 100 classes under a slider, a cell's examples, one large."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from dltrainer_jupyter.core.records import BestRecord, EpochRecord, ValidationRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.widgets.built import built
from tests.browser.patience import PATIENCE, at_rest, slowness
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Route

pytestmark = pytest.mark.slow

CLASSES, EPOCHS, EXAMPLES = 100, 200, 2000
LABELS = [f"class {number}" for number in range(CLASSES)]
FRAMES_PER_SECOND = 20
LIST_MS = 200
"""Both are of a machine that does nothing else."""
PAGE = 48
"""Examples that are read together."""

MOVE = """async () => {
  const slider = document.querySelector('.dlt-epoch-slider input');
  const put = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const frame = () => new Promise(requestAnimationFrame);
  const wrong = [];
  const began = performance.now();
  for (let at = 0; at <= Number(slider.max); at++) {
    put.call(slider, String(at));
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await frame();
    const said = document.querySelector('.dlt-score').textContent;
    if (!said.startsWith(`Epoch ${at + 1}:`)) wrong.push(said);
  }
  return { frames: Number(slider.max) + 1, seconds: (performance.now() - began) / 1000, wrong };
}"""
DRAWN = """async at => {
  const slider = document.querySelector('.dlt-epoch-slider input');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(slider, String(at));
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise(requestAnimationFrame);
  const canvas = document.querySelector('.dlt-matrix-scroll canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return String(data.reduce((sum, value, i) => (sum * 31 + value * (i % 7)) >>> 0, 0));
}"""
TIME_NEXT_CLICK = """() => {
  window.listed = new Promise(done => document.addEventListener('click', () => {
    const began = performance.now();
    const before = document.querySelector('.dlt-cell-examples h4')?.textContent;
    const look = () => {
      const section = document.querySelector('.dlt-cell-examples');
      const picture = section?.querySelector('.dlt-tile img');
      const there = section?.getAttribute('aria-busy') === 'false' && picture?.complete;
      if (there && section.querySelector('h4').textContent !== before) done(performance.now() - began);
      else requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true }));
}"""


class Served:
    """``dltrain ui`` on a store with one run of many classes that nobody trained."""

    def __init__(self, home: Path) -> None:
        self.home = home
        places = {"DLTRAINER_HOME": "dltrainer", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config"}
        self.environment = os.environ | {name: str(home / place) for name, place in places.items()}
        self.address = ""


def _write_run(home: Path) -> None:
    folder = home / "run"
    gallery = folder / "validation_examples"
    gallery.mkdir(parents=True)
    random = np.random.default_rng(0)
    np.save(gallery / "index.npy", np.arange(EXAMPLES))
    np.save(gallery / "inputs.npy", random.integers(0, 256, (EXAMPLES, 28, 28), dtype=np.uint8))
    (gallery / "about.json").write_text(json.dumps({"kind": "image", "count": EXAMPLES, "features": None}))
    store = open_store()
    store.create_run(
        "abcdef012345", RunSpec(model="mlp", data="digits", name="many"), folder=str(folder), environment={}
    )
    attempt = store.claim("abcdef012345", executor="thread", environment={"device": "cpu"})
    truth = np.arange(EXAMPLES, dtype=np.int32) % CLASSES
    hard = random.random(EXAMPLES)
    for epoch in range(1, EPOCHS + 1):
        missed = hard > 0.3 + 0.6 * epoch / EPOCHS
        prediction = np.where(missed, (truth + 1 + np.arange(EXAMPLES) // CLASSES % 5) % CLASSES, truth).astype(
            np.int32
        )
        matrix = np.zeros((CLASSES, CLASSES), int)
        np.add.at(matrix, (truth, prediction), 1)
        columns: dict[str, Any] = {
            "index": np.arange(EXAMPLES),
            "truth": truth,
            "prediction": prediction,
            "correct": ~missed,
        }
        columns |= {"confidence": (1 - hard / 2).astype(np.float32), "loss": hard.astype(np.float32)}
        accuracy = float((~missed).mean())
        summary = {"task": "classification", "count": EXAMPLES, "sampled": EXAMPLES, "notes": []}
        summary |= {"overall": {"accuracy": accuracy}, "classes": []}
        found = ValidationRecord(epoch, 10 * epoch, matrix.tolist(), LABELS, summary, columns)
        best = BestRecord("val_accuracy", "max", accuracy, epoch, 10 * epoch)
        attempt.epoch(EpochRecord(epoch, 10 * epoch, {"val_accuracy": accuracy}), found, best)
    attempt.end(State.COMPLETED, None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    it = Served(tmp_path_factory.mktemp("insight"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DLTRAINER_HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(name, it.environment[name])
        _write_run(it.home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dltrainer_jupyter.cli", "ui", "--no-browser", f"--port={port}", "--ip=127.0.0.1"]
    with subprocess.Popen(command, env=it.environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = next((line for line in server.stdout or () if "DLTrainer is at" in line), "")
            found = re.search(r"http\S+", line)
            assert found is not None, f"expected the page's address, got {line!r}"
            it.address = found.group()
            yield it
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture
def page(served: Served, chromium: Browser) -> Iterator[Page]:
    """Open the run of many classes on its Confusion tab."""
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
    page.goto(served.address)
    page.get_by_text("many", exact=True).first.click()
    page.get_by_role("tab", name="Confusion", exact=True).click()
    expect(page.locator(".dlt-epoch-slider output")).to_have_text(f"{EPOCHS} of {EPOCHS}")
    # All chunks are there when the first epoch is: it is fetched last.
    page.locator(".dlt-epoch-slider input").press("Home")
    expect(page.locator(".dlt-score")).to_have_text(re.compile("^Epoch 1:"))
    yield page
    page.close()
    assert said == []


def test_the_slider_moves_through_200_epochs_of_100_classes(
    page: Page,
    record_testsuite_property: Callable[[str, object], None],
    keep_picture: Callable[[Locator | Page, str], None],
) -> None:
    slow = slowness(page)
    found = page.evaluate(MOVE)
    slow = max(slow, slowness(page))
    rate = found["frames"] / found["seconds"]
    record_testsuite_property("slider_frames_per_second", round(rate, 1))
    # Each frame showed the epoch that was asked for.
    assert found["wrong"] == []
    assert found["frames"] == EPOCHS
    assert rate >= FRAMES_PER_SECOND / slow
    drawn = [page.evaluate(DRAWN, at) for at in (0, 50, 120, 199, 0)]
    assert drawn[0] == drawn[-1]
    assert len(set(drawn)) == 4
    page.evaluate(DRAWN, 60)
    keep_picture(page, "confusion-100-classes")


def test_a_click_lists_the_examples_of_a_cell_and_keeps_it_while_the_slider_moves(
    page: Page,
    record_testsuite_property: Callable[[str, object], None],
    keep_picture: Callable[[Locator | Page, str], None],
) -> None:
    matrix = page.locator(".dlt-matrix-scroll")
    box = matrix.bounding_box()
    assert box is not None
    size, left = page.evaluate(
        """() => {
          const scroll = document.querySelector('.dlt-matrix-scroll');
          const inner = scroll.firstElementChild.getBoundingClientRect().width;
          const cell = Math.max(10, Math.min(34, Math.floor((scroll.parentElement.clientWidth - 71) / 100)));
          return [cell, inner - 100 * cell];
        }"""
    )
    times = []
    slow = slowness(page)
    for at in range(6):
        page.evaluate(TIME_NEXT_CLICK)
        # On the diagonal there is something at any epoch.
        place = left + (at + 0.5) * size
        matrix.click(position={"x": place, "y": place})
        times.append(page.evaluate("() => window.listed"))
        expect(page.locator(".dlt-cell-examples h4")).to_have_text(f"class {at}, recognised")
    record_testsuite_property("examples_of_a_cell_ms", round(statistics.median(times)))
    assert statistics.median(times) <= LIST_MS * max(slow, slowness(page))
    found = page.locator(".dlt-cell-examples [role=status]")
    expect(found).to_have_text(re.compile(r"^\d+ found$"))
    few = int((found.text_content() or "").split()[0])
    page.locator(".dlt-epoch-slider input").press("End")
    expect(page.locator(".dlt-cell-examples h4")).to_have_text("class 5, recognised")
    expect(found).to_have_text(re.compile(rf"^(?!{few} )\d+ found$"))
    assert int((found.text_content() or "").split()[0]) > few
    keep_picture(page, "confusion-cell")
    page.get_by_role("button", name="Open in Examples").click()
    expect(page.get_by_role("tab", name="Examples", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("True class")).to_have_value("5")


def test_examples_are_filtered_read_on_and_enlarged_by_keyboard(
    page: Page, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    held: list[Route] = []
    second = re.compile(rf"/examples\?.*correct=false.*offset={PAGE}\b")
    # Playwright marks what it is given, which a method of a list can't be.
    page.route(second, lambda route: held.append(route))  # noqa: PLW0108
    page.get_by_role("tab", name="Examples", exact=True).click()
    tiles = page.locator(".dlt-tile")
    expect(page.locator(".dlt-score")).to_have_text("all 2,000 examples")
    with page.expect_request(second):
        page.locator(".dlt-example-filter").get_by_text("Wrong", exact=True).click()
        expect(page.locator(".dlt-score")).to_have_text(re.compile(r"^[\d,]+ found · all 2,000 examples$"))
        expect(page.locator(".dlt-tile:not([data-correct=false])")).to_have_count(0)
        expect(tiles).to_have_count(PAGE)
        first = tiles.first.locator("button").get_attribute("data-example")
        last = tiles.nth(PAGE - 1)
        last.scroll_into_view_if_needed()
    place = at_rest(last)["y"]
    until(lambda: page.evaluate("() => true") and len(held) > 0)
    # What is read is added below: nothing in sight moves.
    held[0].continue_()
    expect(tiles.nth(PAGE)).to_be_attached()
    assert at_rest(last)["y"] == pytest.approx(place, abs=1)
    assert tiles.first.locator("button").get_attribute("data-example") == first

    tiles.first.locator("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_focused()
    expect(dialog.locator("h4")).to_have_text(f"Example {int(first or 0):,}")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".dlt-muted").first).to_have_text(re.compile("^2 of "))
    page.keyboard.press("ArrowLeft")
    for _ in range(12):
        page.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    keep_picture(page, "examples-zoom")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tiles.first.locator("button")).to_be_focused()


CELL = """%%dltrain looked-at
model: cnn
data: digits
epochs: 3
metrics: [accuracy]
"""


def test_in_a_notebook_the_views_come_from_the_kernel_and_are_not_saved(
    open_notebook: Callable[..., Any], keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    notebook = open_notebook(["%load_ext dltrainer_jupyter", CELL], width=1100, height=1300)
    # As where no server reads the same store.
    notebook.page.route("**/dltrainer/api/store", lambda route: route.abort())
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel(1)
    expect(panel.locator(".dlt-state")).to_have_text("Completed")
    panel.get_by_role("tab", name="Examples", exact=True).click()
    expect(panel.locator(".dlt-tile img").first).to_be_visible()
    keep_picture(panel, "notebook-examples")
    panel.locator(".dlt-tile button").first.click()
    panel.get_by_role("button", name="Show where it looked").click()
    expect(panel.locator("[data-layer=heatmap] canvas")).to_be_visible()
    keep_picture(panel, "notebook-heatmap")
    panel.get_by_role("dialog").press("Escape")
    panel.get_by_role("tab", name="Metrics", exact=True).click()
    expect(panel.locator(".dlt-score-table tbody tr")).to_have_count(10)
    keep_picture(panel, "notebook-metrics")
    panel.get_by_role("tab", name="Confusion", exact=True).click()
    expect(panel.locator(".dlt-epoch-slider output")).to_have_text("3 of 3")
    notebook.save()
    saved = (notebook.lab.root / notebook.name).read_text()
    assert json.dumps(built("insight.js")[:2000])[1:-1] not in saved
    assert "dlt-examples-scroll" not in saved


def test_in_jupyterlab_a_tab_and_a_panel_show_the_same_from_the_server(
    open_notebook: Callable[..., Any], keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    notebook = open_notebook(["%load_ext dltrainer_jupyter", CELL.replace("looked-at", "in-a-tab")], width=1300)
    asked: list[str] = []
    notebook.page.on("request", lambda request: asked.append(request.url))
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel(1)
    expect(panel.locator(".dlt-state")).to_have_text("Completed")
    panel.get_by_role("tab", name="Confusion", exact=True).click()
    expect(panel.locator(".dlt-score")).to_have_text(re.compile("^Epoch 3: "))
    # The script came from the server, whose own it is, with its style sheet.
    assert any(re.search(r"/dltrainer/static/insight-\w+\.js", url) for url in asked)
    expect(panel.locator(".dlt-epoch-slider")).to_have_css("display", "flex")
    run = notebook.do("return nb.content.widgets[1].node.querySelector('.dlt-score').textContent;")
    run_id = notebook.do("return (await (await fetch('/dltrainer/api/runs?filter=in-a-tab')).json()).runs[0].id;")
    notebook.do("await jupyterapp.commands.execute('dltrainer:open-run', { id: id_ });", id_=run_id)
    tab = notebook.page.locator(".dltrain-view .dlt-view")
    tab.get_by_role("tab", name="Confusion", exact=True).click()
    expect(tab.locator(".dlt-score")).to_have_text(run)
    tab.locator("[data-cell='0,0']").click()
    expect(tab.locator(".dlt-cell-examples .dlt-tile img").first).to_be_visible()
    keep_picture(tab, "lab-tab-confusion")
