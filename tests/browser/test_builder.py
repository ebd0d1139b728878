"""A model built of layers by eye, on the page of a real server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.patience import PATIENCE, TRAINED, at_rest, settled, slowness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Lab

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
SHORT = "name: built\nmodel: stack\ndata: digits\nepochs: 1\nbatch_size: 256\n"
HUNDRED = (
    "model:\n  layers:\n"
    + "    - {type: conv, features: 8}\n    - {type: dropout, rate: 0.1}\n" * 50
    + "data: digits\n"
)


@pytest.fixture
def page(lab: Lab, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{lab.url}dltrainer/new?token={lab.token}")
    page.locator(".dlt-run-form").wait_for()
    yield page
    context.close()


def begin(page: Page, yaml: str) -> None:
    # With the editor there is one history, and whoever takes the file is there, too.
    page.locator(".cm-content").wait_for()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "run.yaml", "mimeType": "application/yaml", "buffer": yaml.encode()}
    )
    page.locator("[data-kind=conv]").wait_for()


def layers(page: Page) -> Locator:
    return page.get_by_role("option").and_(page.locator("[data-layer]"))


def expect_names(page: Page, names: list[str]) -> None:
    expect(layers(page).locator(".dlt-built-name")).to_have_text(names)


@pytest.mark.slow
def test_a_model_is_built_by_keyboard_and_trained(page: Page) -> None:
    begin(page, SHORT)
    start = page.get_by_role("button", name="Start training")
    find = page.get_by_label("Find a layer")
    for count, kind in enumerate(("conv", "dense"), 1):
        find.press_sequentially(kind)
        find.press("Enter")
        expect(layers(page)).to_have_count(count)
    # Behind an image a dense layer doesn't fit: it says so with both shapes, and nothing can be started.
    expect(layers(page).first).to_contain_text("32 × 8 × 8")
    dense = layers(page).nth(1)
    expect(dense).to_contain_text("takes values of shape (features,)")
    expect(dense).to_contain_text("got shape (32, 8, 8)")
    expect(start).to_have_attribute("aria-disabled", "true")
    # The reason stands at the layer, and in the list of what is wrong; nowhere else.
    expect(page.locator(".dlt-problems li")).to_contain_text("dense takes values of shape (features,)")
    expect(page.locator(".dlt-why")).to_have_text("Mend the problems first")
    expect(page.get_by_text("It can be started")).to_have_count(0)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    settled(page)
    found = page.evaluate("async () => (await axe.run('.dlt-builder', { resultTypes: ['violations'] })).violations")
    assert [(it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []
    # Undone by the history of the YAML, which has the focus of neither.
    dense.press("Control+z")
    expect(layers(page)).to_have_count(1)
    expect(start).to_have_attribute("aria-disabled", "false")
    # Flattened first, and told how many values: the form and the YAML say the same.
    for count, kind in enumerate(("flatten", "dense"), 2):
        find.press_sequentially(kind)
        find.press("Enter")
        expect(layers(page)).to_have_count(count)
    layers(page).nth(2).press("Enter")
    expect(page.get_by_label("Units", exact=True)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("16")
    expect(layers(page).nth(2)).to_contain_text("units 16")
    expect(layers(page).nth(2).locator(".dlt-built-shape")).to_have_text("16")
    layers(page).nth(2).press("Control+d")
    expect(layers(page).nth(3)).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("status").filter(has_text="moved to")).to_have_text(re.compile("moved to 3 of 4"))
    expect(layers(page).nth(2)).to_be_focused()
    page.keyboard.press("Delete")
    expect_names(page, ["conv", "flatten", "dense"])
    expect(page.locator(".cm-content")).to_contain_text("units: 16")
    expect(page.locator(".dlt-builder-total")).to_contain_text("33.3 k parameters")
    start.click()
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=TRAINED)
    expect(page.locator(".dlt-chart canvas, .u-over").first).to_be_visible()


@pytest.mark.slow
def test_layers_are_dragged_and_a_hundred_are_answered_at_once(page: Page) -> None:
    begin(page, HUNDRED)
    expect(layers(page)).to_have_count(100)
    expect(layers(page).nth(99).locator(".dlt-built-shape")).to_have_text("8 × 8 × 8")
    # Each edit to the frame that shows it.
    slow = slowness(page)
    took = page.evaluate(
        """async () => {
            const took = [];
            const key = (key, more) => document.querySelector('[data-layer][tabindex="0"]')
                .dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
            document.querySelectorAll('[data-layer]')[9].focus();
            const edits = [['ArrowDown', { altKey: true }], ['d', { ctrlKey: true }], ['Delete', {}]];
            for (const [name, more] of edits.flatMap(it => [it, it, it])) {
                const from = performance.now();
                key(name, more);
                await new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)));
                took.push(performance.now() - from);
            }
            return took;
        }"""
    )
    assert sorted(took)[len(took) // 2] < 400 * max(slow, slowness(page)), took
    page.reload()
    begin(page, "model: {layers: [conv, flatten, dense]}\ndata: digits\n")
    expect(layers(page)).to_have_count(3)
    # Whatever is told of them is there, and moves nothing any more.
    expect(page.locator(".dlt-builder-total")).to_contain_text("parameters")
    first, last = layers(page).first, layers(page).last
    last.scroll_into_view_if_needed()
    drag(page, first.locator("[data-grip]"))
    below = at_rest(last)
    page.mouse.move(below["x"] + 40, below["y"] + below["height"], steps=4)
    expect(page.locator(".dlt-stack-list > .dlt-gap").last).to_have_attribute("data-drop", "true")
    page.mouse.up()
    expect(layers(page).last).to_contain_text("conv")
    expect_names(page, ["flatten", "dense", "conv"])
    # A new one is dropped where it is wanted; Escape leaves everything as it was.
    for escape in (True, False):
        drag(page, page.locator("[data-kind=norm]"))
        top = at_rest(layers(page).first)
        page.mouse.move(top["x"] + 40, top["y"] + 3, steps=4)
        expect(page.locator(".dlt-stack-list > .dlt-gap").first).to_have_attribute("data-drop", "true")
        if escape:
            page.keyboard.press("Escape")
            expect(page.locator(".dlt-built-ghost")).to_be_hidden()
        page.mouse.up()
        expect_names(page, [*([] if escape else ["norm"]), "flatten", "dense", "conv"])


def drag(page: Page, what: Locator) -> None:
    """Take something by the mouse, and go so far that it follows."""
    box = at_rest(what)
    page.mouse.move(box["x"] + 4, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 6, box["y"] + 30, steps=3)
    expect(page.locator(".dlt-built-ghost")).to_be_visible()
