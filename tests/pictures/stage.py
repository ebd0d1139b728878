"""What is filmed and pictured: a real JupyterLab, runs that really train, and pages of Chromium."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS, Notebook
from tests.lab_server import Lab, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_CELL = """%%dltrain digits-cnn
model: cnn
data: digits
epochs: 20
optimizer: {type: adamw}
metrics: [accuracy]
monitor: val_accuracy
"""
"""The README's, which is filmed."""
LOOKED_AT = """%%dltrain digits-cnn --wait
model: cnn
data: digits
epochs: 20
scheduler: cosine
metrics: [accuracy, f1]
monitor: val_accuracy
resources: false
"""
"""The run that the page shows, and the matrix."""
EARLIER = {
    "mlp-fast": "model: mlp\ndata: digits\nepochs: 12\nlearning_rate: 0.003",
    "mlp-slow": "model: mlp\ndata: digits\nepochs: 12\nlearning_rate: 0.0003",
    "mlp-16": "model: mlp\ndata: digits\nepochs: 12\nbatch_size: 16\nlearning_rate: 0.003",
    "wine-jax": "model: mlp\ndata: wine\nepochs: 15\nframework: jax",
}
"""Runs of before, so that there is something to list and to compare."""
FORGET = """
from dltrainer_jupyter.core.states import ENDED
if "run" in vars():
    if run.record.state not in ENDED:
        run.stop()
        run.wait()
    run.delete()
"""
"""What was pictured is in no other picture's list."""
COMPARED = tuple(EARLIER)[:3]


class Stage:
    """A server, a browser, and what happens on them."""

    def __init__(self, lab: Lab, browser: Browser) -> None:
        self.lab = lab
        self._browser = browser

    def page(self, width: int, height: int, *, dark: bool = False, moves: bool = False) -> Page:
        """Open an empty page; unless something is to move on it, axes stand at once where they belong."""
        page = self._browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="no-preference" if moves else "reduce",
        )
        page.set_default_timeout(60_000)
        return page

    @contextlib.contextmanager
    def notebook(
        self, name: str, cells: list[str], page: Page, *, dark: bool = False, keeps: bool = False
    ) -> Iterator[Notebook]:
        """Open a notebook whose kernel is ready to train; with the picture it ends, and unless kept its run goes."""
        self.lab.write(f"{name}.ipynb", cells)
        notebook = Notebook(self.lab, page, f"{name}.ipynb")
        notebook.open()
        notebook.theme("JupyterLab Dark" if dark else "JupyterLab Light")
        notebook.do("jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight();")
        # What takes seconds in a new kernel is done before anybody looks.
        quietly(notebook, "import torch, sklearn.datasets, dltrainer_jupyter.tal, dltrainer_jupyter.widgets.panel")
        try:
            yield notebook
        finally:
            if not keeps:
                quietly(notebook, FORGET)
            notebook.do("await nb.context.save(); await nb.sessionContext.shutdown();")
            page.close()

    def train_earlier_runs(self) -> None:
        """Train what the list shows besides the run of the picture."""
        cells = ["%load_ext dltrainer_jupyter"]
        cells += [
            f"%%dltrain {name} --wait\n{yaml}\nmetrics: [accuracy]\nmonitor: val_accuracy\n"
            for name, yaml in EARLIER.items()
        ]
        cells.append(LOOKED_AT)
        with self.notebook("earlier", cells, self.page(1000, 700), keeps=True) as notebook:
            for cell in range(len(cells)):
                notebook.run(cell)

    def run_ids(self) -> dict[str, str]:
        """Tell the newest run's id by name."""
        page = self.page(400, 400)
        answer = page.request.get(f"{self.lab.url}dltrainer/api/runs?token={self.lab.token}")
        rows: list[dict[str, Any]] = answer.json()["runs"]
        page.close()
        return {row["name"]: row["id"] for row in reversed(rows)}


def quietly(notebook: Notebook, code: str) -> None:
    """Run code in the kernel, in no cell."""
    notebook.do(
        "await nb.sessionContext.session.kernel.requestExecute({ code, silent: true, store_history: false }).done;",
        code=code,
    )


def until_epoch(page: Page, epoch: int) -> None:
    """Wait until the panel of a run that trains has come so far."""
    page.wait_for_function(
        "epoch => Number(document.querySelector('.dltrain-panel .dlt-epoch b')?.textContent) >= epoch", arg=epoch
    )


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """Give a stage with nothing of the person's own on it."""
    with (
        TemporaryDirectory(prefix="dltrainer-pictures-") as home,
        serving(Path(home)) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            yield Stage(lab, browser)
        finally:
            browser.close()
