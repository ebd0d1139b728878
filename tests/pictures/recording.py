"""The film of the README: a cell is run, curves grow, a pause, another learning rate, and a prediction."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.pictures.stage import FIRST_CELL, Stage, quietly, until_epoch

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WIDTH, HEIGHT = 960, 720
SECONDS = 18
"""The film lasts at most, besides the while for which its last picture stays."""
STEPS = 7
"""In which the pointer goes from one place to another."""
BEFORE = """
from dltrainer_jupyter import tal
_ = tal.train(model="cnn", data="digits", epochs=1, verbose=False)
_.wait()
_.delete()
"""
"""The first training of a kernel loads the framework, for seconds in which nothing is to be seen."""
POINTER = """() => {
  const pointer = document.createElement('div');
  pointer.innerHTML = '<svg width="22" height="22" viewBox="0 0 16 16"><path d="M2 1v12l3.2-3 2 4.6 2-.9-2-4.5H11.500z"'
    + ' fill="#111" stroke="#fff" stroke-width="1" /></svg>';
  Object.assign(pointer.style, { position: 'fixed', left: '600px', top: '420px', zIndex: 2147483647,
    pointerEvents: 'none', transition: 'transform 90ms', transformOrigin: '3px 2px' });
  document.body.append(pointer);
  addEventListener('mousemove', ({ clientX, clientY }) =>
    Object.assign(pointer.style, { left: `${clientX - 3}px`, top: `${clientY - 2}px` }), true);
  addEventListener('mousedown', () => { pointer.style.transform = 'scale(0.75)'; }, true);
  addEventListener('mouseup', () => { pointer.style.transform = ''; }, true);
}"""
"""Draws the pointer, which no screenshot holds."""


class Film:
    """A page, its pointer, and what was seen of it so far."""

    def __init__(self, page: Page) -> None:
        self.frames: list[tuple[float, bytes]] = []
        self._page = page
        self._at = (600.0, 420.0)
        page.evaluate(POINTER)
        self._camera = page.context.new_cdp_session(page)
        self._camera.on("Page.screencastFrame", self._keep)

    def begin(self) -> None:
        self._camera.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})

    def end(self) -> None:
        self._camera.send("Page.stopScreencast")

    def rest(self, seconds: float) -> None:
        """Let people look: a film needs time as such, not the end of something."""
        self._page.wait_for_timeout(1000 * seconds)

    def click(self, what: Locator) -> None:
        """Move there as a hand does, after it if it moves itself, and click."""
        while (to := _middle(what)) != self._at:
            for step in range(1, STEPS + 1):
                share = step / STEPS
                eased = share * share * (3 - 2 * share)
                self._page.mouse.move(*(a + (b - a) * eased for a, b in zip(self._at, to, strict=True)))
                self.rest(0.04)
            self._at = to
            self.rest(0.15)
        self._page.mouse.down()
        self.rest(0.1)
        self._page.mouse.up()

    def _keep(self, frame: dict[str, Any]) -> None:
        self._camera.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})
        self.frames.append((frame["metadata"]["timestamp"], base64.b64decode(frame["data"])))


def _middle(what: Locator) -> tuple[float, float]:
    box = what.bounding_box()
    assert box is not None, what
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def film(stage: Stage) -> tuple[list[tuple[float, bytes]], bytes]:
    """Give the frames with their times, and a picture of the middle for those who want nothing to move."""
    page = stage.page(WIDTH, HEIGHT, moves=True)
    cells = ["%load_ext dltrainer_jupyter", FIRST_CELL.replace("epochs: 20", "epochs: 150\nlearning_rate: 0.0004")]
    with stage.notebook("quickstart", cells, page) as notebook:
        notebook.run(0)
        notebook.do("await jupyterapp.commands.execute('statusbar:toggle');")
        quietly(notebook, BEFORE)
        taken = Film(page)
        panel = notebook.panel(1)
        button = panel.get_by_role("button", name="Pause", exact=True)
        taken.begin()
        taken.click(notebook.cell(1).locator(".cm-line").last)
        taken.rest(0.3)
        page.keyboard.press("Control+Enter")
        button.wait_for()
        page.mouse.wheel(0, 120)
        until_epoch(page, 5)
        taken.click(button)
        expect(panel.locator(".dlt-state")).to_have_text("Paused")
        taken.rest(1.3)
        taken.click(panel.get_by_role("button", name="Resume", exact=True))
        taken.rest(0.8)
        taken.click(panel.get_by_role("button", name="More"))
        taken.rest(0.3)
        taken.click(page.get_by_role("menuitem", name="Set learning rate…"))
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("1e-4", delay=90)
        taken.rest(0.4)
        page.keyboard.press("Enter")
        taken.rest(1.6)
        still = panel.page.screenshot(animations="disabled")
        taken.click(panel.get_by_role("button", name="Try best"))
        panel.locator(".dlt-example").first.wait_for()
        taken.rest(1.5)
        taken.end()
        return taken.frames, still
