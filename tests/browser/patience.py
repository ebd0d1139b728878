"""What tests of pages wait with: machines may be slow and busy, and views are drawn anew while one looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

PATIENCE = 60_000
"""Milliseconds a page may take for what a person asks of it."""
TRAINED = 180_000
"""Milliseconds a short run may take where a process of its own first imports a framework."""

_STILL = """async element => {
    const read = () => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x, y, width, height };
    };
    let box = read();
    for (let same = 0; same < 4;) {
        await new Promise(requestAnimationFrame);
        const now = read();
        same = JSON.stringify(now) === JSON.stringify(box) ? same + 1 : 0;
        box = now;
    }
    return element.isConnected ? box : null;
}"""
_RESTS = """() => document.getAnimations().every(
    it => it.playState !== 'running' || it.effect.getComputedTiming().endTime === Infinity
)"""
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))"
_INK = """canvas => {
    const { width, height } = canvas;
    if (width === 0 || height === 0) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    return new Uint32Array(data.buffer).reduce((n, pixel) => n + (pixel !== 0), 0);
}"""
# Some of all a view does between an event and the frame that shows it: script, elements, layout, a canvas, paint.
_WORK = """async () => {
    const place = document.createElement('div');
    place.style.cssText = 'position: fixed; inset: 0 auto auto 0; width: 300px; opacity: 0.01; pointer-events: none';
    document.body.append(place);
    const canvas = new OffscreenCanvas(300, 300).getContext('2d');
    const took = [];
    for (let turn = 0; turn < 9; turn++) {
        const begun = performance.now();
        const rows = Array.from({ length: 2000 }, (_, at) => ({ name: `row ${at} of turn ${turn}`, at }));
        place.replaceChildren(...JSON.parse(JSON.stringify(rows)).map(({ name, at }) => {
            const row = document.createElement('p');
            const bold = document.createElement('b');
            bold.textContent = name;
            row.append(bold, ` ${at}`);
            return row;
        }));
        place.getBoundingClientRect();
        for (const { name, at } of rows) canvas.fillText(name, at % 300, (at * 7) % 300);
        canvas.getImageData(0, 0, 300, 300);
        await new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)));
        took.push(performance.now() - begun);
    }
    place.remove();
    return took.sort((a, b) => a - b)[4];
}"""
_WORK_MS = 60
"""So long that work takes, at the median, on a machine that does nothing else."""


def at_rest(what: Locator) -> FloatRect:
    """Wait until something rests, and give where; what lies around it may have been loaded after it was."""
    found: list[FloatRect] = []

    def rests() -> bool:
        box = what.evaluate(_STILL)
        if box is not None and box["width"] > 0:
            found.append(box)
        return bool(found)

    until(rests, PATIENCE / 1000)
    return found[-1]


def settled(page: Page) -> None:
    """Wait until colours have faded to what they are to be; what moves for ever may go on."""
    page.evaluate(_TWO_FRAMES)
    page.wait_for_function(_RESTS)


def has_a_curve(panel: Locator) -> None:
    """Wait until a line is drawn on the first chart, which is made anew when its curves become others."""
    canvas = panel.locator(".dlt-plot canvas").first
    until(lambda: canvas.evaluate(_INK) > 500, PATIENCE / 1000)


def slowness(page: Page) -> float:
    """Say how many times as long as on a quiet machine a page takes here and now for what it does, 1 at least.

    A bound in milliseconds is of a quiet machine; times this, it holds where others work beside, too.
    """
    return max(1.0, page.evaluate(_WORK) / _WORK_MS)


def until_restored(page: Page) -> None:
    """Wait until JupyterLab is there, and listens to our keys."""
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate("() => jupyterapp.restored")
    page.wait_for_function("() => jupyterapp.commands.keyBindings.some(it => it.command === 'dltrainer:show-runs')")
