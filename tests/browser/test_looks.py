"""How the panel looks in Lab: every view, light and dark, wide and narrow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.patience import PATIENCE, at_rest, settled
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

CELL = """%%dltrain digits-cnn
model: cnn
data: digits
epochs: 4000
optimizer: {type: adamw}
metrics: [accuracy, f1]
scheduler: {type: cosine, warmup_epochs: 1}
monitor: val_accuracy
"""
WIDTHS = (1600, 800, 360)
TABS = ("Curves", "Confusion", "Metrics", "Examples", "Try", "Checkpoints", "Config", "Log")

CUT_OFF = """panel => {
  const box = panel.getBoundingClientRect();
  const scrolls = element => {
    for (let e = element.parentElement; e && e !== panel; e = e.parentElement) {
      if (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)) return true;
    }
    return false;
  };
  return [...panel.querySelectorAll('button, input, select, canvas, td, th, p, h3, span, b, time, figcaption')]
    .filter(e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter(e => !e.closest('[aria-hidden=true], .dlt-hidden') && !scrolls(e))
    .filter(e => {
      const own = e.getBoundingClientRect();
      return own.width > 0 && (own.right > box.right + 1 || own.left < box.left - 1);
    })
    .map(e => e.outerHTML.slice(0, 120));
}"""

FAINT = """panel => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
  const background = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  for (const e of panel.querySelectorAll('*')) {
    const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
    if (!text || !e.checkVisibility({ visibilityProperty: true })) continue;
    if (e.closest('[aria-disabled=true], [aria-hidden=true], .dlt-hidden')) continue;
    const under = background(e);
    const [a, b] = [light(over(rgba(getComputedStyle(e).color), under)), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""


@pytest.fixture
def paused(open_notebook: Callable) -> Any:
    """Give a notebook with a run that has made some epochs and rests."""
    notebook = open_notebook(["%load_ext dltrainer_jupyter", CELL], width=1100, height=1400)
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel(1)
    # Eight epochs and more.
    expect(panel.locator(".dlt-epoch b").first).to_have_text(re.compile(r"^([89]|\d[\d,]+)$"))
    panel.get_by_role("button", name="Pause", exact=True).click()
    expect(panel.locator(".dlt-state")).to_have_text("Paused")
    return notebook


def widen(notebook: Any, panel: Locator, width: int) -> None:
    """Make the panel, not the page, as wide as that; what lies around it is narrower on a narrow page."""
    page = notebook.page

    def is_so_wide() -> bool:
        missing = width - at_rest(panel)["width"]
        if abs(missing) >= 3:
            size = page.viewport_size
            page.set_viewport_size({"width": max(200, round(size["width"] + missing)), "height": size["height"]})
        return abs(missing) < 3

    # JupyterLab lays itself out some frames after the page has become so wide.
    until(is_so_wide, PATIENCE / 1000)


def test_every_view_is_readable_at_every_width_in_light_and_dark(
    paused: Any, keep_picture: Callable[[Locator, str], None]
) -> None:
    notebook, panel = paused, paused.panel(1)
    notebook.do("jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight();")
    panel.get_by_role("button", name="Try best").click()
    expect(panel.locator(".dlt-example")).to_have_count(12)
    problems: list[str] = []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        for width in WIDTHS:
            widen(notebook, panel, width)
            for tab in TABS:
                panel.get_by_role("tab", name=tab).click()
                expect(panel.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
                settled(notebook.page)
                where = f"{tab.lower()}-{theme.split()[1].lower()}-{width}"
                keep_picture(panel, where)
                problems += [f"{where} is cut off: {found}" for found in panel.evaluate(CUT_OFF)]
                problems += [f"{where} is faint: {found}" for found in panel.evaluate(FAINT)]
    assert problems == []
