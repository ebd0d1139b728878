"""The pictures of the documentation, by file name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect

from tests.pictures.stage import COMPARED, Stage, until_epoch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Notebook

SLOW = """%%dltrain digits-cnn
model: {type: cnn, dropout: 0.3}
data: digits
epochs: 60
learning_rate: 0.0003
optimizer: {type: adamw}
scheduler: {type: cosine, warmup_epochs: 2}
metrics: [accuracy, f1]
monitor: val_accuracy
resources: false
"""
"""Learns for so long that there is something to see, and to picture meanwhile."""
CELLS = ["%load_ext dltrainer_jupyter", SLOW, "run.best.predict(x)"]
FORM = """name: diabetes
model: {type: mlp, hidden: [64, 32], dropout: 0.1}
data: diabetes
epochs: 40                 # comments stay
optimizer: {type: adamw, weight_decay: 0.05}
scheduler: {type: cosine, warmup_epochs: 1}
metrics: [mae, r2]
"""
BUILT = """name: built
model:
  layers:
    - {type: conv, features: 16, activation: relu}
    - pool
    - {type: conv, features: 32, activation: relu}
    - flatten
    - {type: dropout, rate: 0.2}
    - {type: dense, units: 64, activation: relu}
data: digits
"""


def panel(stage: Stage, *, dark: bool) -> bytes:
    """Show the panel of a run that trains."""
    page = stage.page(960, 1200, dark=dark)
    with stage.notebook(f"panel-{dark}", CELLS, page, dark=dark) as notebook:
        shown = _training(notebook, epoch=24)
        return shown.screenshot(animations="disabled")


def jupyterlab(stage: Stage) -> bytes:
    """Show a cell that trains, its panel, and the list of runs."""
    page = stage.page(1280, 760)
    with stage.notebook("digits", CELLS, page) as notebook:
        notebook.do("await jupyterapp.commands.execute('dltrainer:show-runs');")
        page.locator(".dlt-sidebar .dlt-row").nth(4).wait_for()
        _training(notebook, epoch=24)
        notebook.do("nb.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0;")
        _rest(page)
        return page.screenshot(animations="disabled")


def compare(stage: Stage) -> bytes:
    """Show three runs on one chart a metric, in the dark."""
    page = stage.page(1280, 760, dark=True)
    ids = stage.run_ids()
    with stage.notebook("comparison", CELLS, page, dark=True) as notebook:
        notebook.do(
            "await jupyterapp.commands.execute('dltrainer:show-runs');"
            "await jupyterapp.commands.execute('dltrainer:compare-runs', { ids });",
            ids=[ids[name] for name in COMPARED],
        )
        page.locator(".dlt-sidebar .dlt-row").nth(4).wait_for()
        expect(page.locator(".dlt-compare-table tbody tr")).to_have_count(3)
        page.locator(".dlt-compare .u-over").first.hover(position={"x": 190, "y": 30})
        page.locator(".dlt-tooltip tbody tr").nth(2).wait_for()
        return page.screenshot(animations="disabled")


def confusion(stage: Stage) -> bytes:
    """Show the matrix after the first epoch, and the examples of the cell that is most often wrong."""
    page = _open_page(stage, f"runs/{stage.run_ids()['digits-cnn']}", 1180, 1400)
    view = page.locator("main .dlt-view")
    view.get_by_role("tab", name="Confusion").click()
    view.locator(".dlt-epoch-slider input").fill("0")
    expect(view.locator(".dlt-score")).to_contain_text("Epoch 1:")
    view.locator(".dlt-worst .dlt-pair").first.click()
    view.locator(".dlt-cell-examples img").first.wait_for()
    _rest(page)
    # Down to the first row of examples.
    box, tile = view.bounding_box(), view.locator(".dlt-cell-examples .dlt-tile").first.bounding_box()
    assert box is not None
    assert tile is not None
    taken = page.screenshot(clip={**box, "height": tile["y"] + tile["height"] + 8 - box["y"]}, animations="disabled")
    page.close()
    return taken


def web_page(stage: Stage) -> bytes:
    """Show a run on the web page."""
    page = _open_page(stage, f"runs/{stage.run_ids()['digits-cnn']}", 1280, 760)
    page.locator("main .dlt-plot canvas").nth(1).wait_for()
    page.locator("header").first.wait_for()
    _rest(page)
    return _closing(page, page)


def form(stage: Stage) -> bytes:
    """Show the form of a new run beside its YAML."""
    page = _new_run(stage, FORM)
    page.locator(".dlt-problems:not([data-tone='waiting'])").wait_for()
    _rest(page)
    return _closing(page, page)


def builder(stage: Stage) -> bytes:
    """Show a model that is built of layers."""
    page = _new_run(stage, BUILT)
    page.locator("[data-layer]").nth(2).click()
    expect(page.locator("[data-layer] .dlt-built-shape").nth(5)).to_have_text("64")
    page.locator(".dlt-builder").scroll_into_view_if_needed()
    _rest(page)
    return _closing(page, page)


STILLS: dict[str, Callable[[Stage], bytes]] = {
    "panel-light": lambda stage: panel(stage, dark=False),
    "panel-dark": lambda stage: panel(stage, dark=True),
    "jupyterlab-light": jupyterlab,
    "jupyterlab-compare-dark": compare,
    "confusion-light": confusion,
    "page-light": web_page,
    "form-light": form,
    "builder-light": builder,
}


def _training(notebook: Notebook, *, epoch: int) -> Locator:
    """Run the cell, and give its panel once it is in that epoch."""
    notebook.run(0)
    notebook.start(1)
    shown = notebook.panel(1)
    shown.locator(".dlt-plot canvas").first.wait_for()
    until_epoch(notebook.page, epoch)
    return shown


def _open_page(stage: Stage, where: str, width: int, height: int) -> Page:
    page = stage.page(width, height)
    page.goto(f"{stage.lab.url}dltrainer/{where}?token={stage.lab.token}")
    return page


def _new_run(stage: Stage, yaml: str) -> Page:
    page = _open_page(stage, "new", 1400, 900)
    page.locator(".dlt-run-form").wait_for()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "run.yaml", "mimeType": "application/yaml", "buffer": yaml.encode()}
    )
    expect(page.locator(".cm-content")).to_contain_text(yaml.split("\n", maxsplit=1)[0])
    return page


def _rest(page: Page) -> None:
    """Wait until nothing is read any more, and what was read is drawn."""
    page.wait_for_function("() => document.querySelector('.dlt-body [aria-busy=true], .dlt-side-room') === null")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _closing(page: Page, what: Page | Locator) -> bytes:
    taken = what.screenshot(animations="disabled")
    page.close()
    return taken
