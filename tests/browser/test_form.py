"""The form of a new run, by eye and by keyboard: in a cell of a notebook, and on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.patience import PATIENCE, TRAINED, has_a_curve, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Lab, Notebook

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
FORM = "from dltrainer_jupyter import tal\nform = tal.form({given})\nform"
STACK = "model: {layers: [flatten, {type: dense, units: 32}, {type: dense, units: 10}]}\ndata: digits\n"


class Clicks:
    """Presses what a person presses, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, what: Locator) -> None:
        self.count += 1
        what.click()

    def choose(self, what: Locator, option: str) -> None:
        """Open a list, and press one of its lines."""
        self.count += 2
        what.select_option(option)


def form(notebook: Notebook, cell: int = 0) -> Locator:
    return notebook.cell(cell).locator(".dltrain-form")


def start(shown: Locator) -> Locator:
    return shown.get_by_role("button", name="Start training", exact=True)


def field(shown: Locator, label: str) -> Locator:
    return shown.get_by_label(label, exact=True)


def write(page: Page, editor: Locator, text: str) -> None:
    """Put a text in the place of the editor's, as a person pastes one."""
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    editor.evaluate(
        """(editor, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def violations(page: Page, root: str) -> list[str]:
    """Say what axe finds wrong inside an element, as far as it keeps somebody from using it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    settled(page)
    found = page.evaluate("async root => (await axe.run(root, { resultTypes: ['violations'] })).violations", root)
    return [
        f"{it['id']} ({it['impact']}): {it['help']}: {[node['html'][:160] for node in it['nodes'][:3]]}"
        for it in found
        if it["impact"] in {"critical", "serious"}
    ]


def test_from_an_open_notebook_to_a_curve_in_at_most_five_clicks(
    open_notebook: Callable[..., Notebook], keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    notebook = open_notebook([FORM.format(given="")], width=1500)
    press = Clicks()
    press(notebook.page.get_by_role("button", name=re.compile("^Run this cell and advance")))
    shown = form(notebook)
    press.choose(field(shown, "Model"), ":mlp")
    press(start(shown))
    has_a_curve(notebook.panel(0).filter(has=notebook.page.locator(".dlt-state")))
    keep_picture(notebook.page, "form-and-run")
    assert press.count <= 5


@pytest.mark.slow
def test_the_keyboard_alone_is_enough(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook([FORM.format(given="model='mlp', data='digits', epochs=9")], width=1500)
    notebook.run(0)
    shown, press = form(notebook), notebook.page.keyboard.press
    expect(start(shown)).to_be_enabled()
    # The editor takes the place of a plain field, from which another way leads on.
    shown.locator(".cm-content").wait_for()
    field(shown, "Find a setting").focus()
    tab_to(notebook.page, field(shown, "Epochs"))
    press("ControlOrMeta+a")
    notebook.page.keyboard.type("2")
    expect(field(shown, "Epochs")).to_have_value("2")
    expect(shown.locator(".cm-content")).to_contain_text("epochs: 2")
    tab_to(notebook.page, start(shown))
    expect(start(shown)).to_be_enabled()
    press("Enter")
    expect(notebook.cell(0).locator(".dlt-state")).to_have_text("Completed", timeout=TRAINED)


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on with Tab, out of the editor by its own way, until an element has the focus."""
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        if page.evaluate("() => document.activeElement.classList.contains('cm-content')"):
            page.keyboard.press("Escape")
        page.keyboard.press("Tab")
    pytest.fail("Tab doesn't lead there.")


def test_what_is_wrong_keeps_start_off_and_says_why(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(
        [FORM.format(given="model='mlp', data='digits', epochs=3"), "print(form.yaml)"], width=1500
    )
    notebook.run(0)
    shown = form(notebook)
    expect(start(shown)).to_be_enabled()
    field(shown, "Epochs").fill("many")
    expect(start(shown)).to_be_disabled()
    expect(shown.locator(".dlt-field[data-bad=true]")).to_contain_text("Expected a whole number.")
    expect(shown.locator(".dlt-why")).to_have_attribute("data-blocked", "true")
    field(shown, "Epochs").fill("4")
    expect(start(shown)).to_be_enabled()
    write(notebook.page, shown.locator(".cm-content"), "model: mlp\ndata: digits\nepochs: 7\nbatch_size: [")
    expect(shown).to_contain_text(re.compile("The YAML doesn.t parse"))
    expect(start(shown)).to_be_disabled()
    expect(field(shown, "Epochs")).to_have_value("4")
    write(notebook.page, shown.locator(".cm-content"), "model: mlp\ndata: digits\nepochs: 7\n")
    expect(field(shown, "Epochs")).to_have_value("7")
    expect(start(shown)).to_be_enabled()
    expect(notebook.cell(0).locator(".dltrain-static")).to_contain_text("epochs=7")
    assert notebook.run(1) == "model: mlp\ndata: digits\nepochs: 7\n\n"


@pytest.mark.slow
def test_own_objects_are_shown_and_a_new_kernel_leaves_the_text(open_notebook: Callable[..., Notebook]) -> None:
    own = "x, y = [[float(n)] for n in range(40)], [n % 2 for n in range(40)]\n"
    notebook = open_notebook([own + FORM.format(given="model='mlp', data=(x, y), epochs=2")], width=1500)
    notebook.run(0)
    shown = form(notebook)
    expect(shown).to_contain_text("From Python: (list of 40, list of 40).")
    start(shown).click()
    expect(notebook.cell(0).locator(".dlt-state")).to_have_count(1)
    start(shown).click()
    expect(notebook.cell(0).locator(".dlt-state")).to_have_text(["Completed", "Completed"], timeout=TRAINED)
    # The copy of the text is for a notebook without its form.
    expect(notebook.cell(0).locator(".dltrain-static").first).to_be_hidden()
    notebook.restart_kernel()
    expect(shown.get_by_role("alert")).to_contain_text("Run the cell again")
    expect(shown.locator(".cm-content")).to_contain_text("data: $data")
    notebook.save()
    notebook.reload()
    expect(notebook.cell(0).locator(".dltrain-static").first).to_contain_text("data=data,")


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    open_notebook: Callable[..., Notebook], lab: Lab, chromium: Browser, theme: str, keep_picture: Callable[..., None]
) -> None:
    (lab.root / "stack.yaml").write_text(STACK)
    notebook = open_notebook([FORM.format(given="config='stack.yaml'")], width=1500)
    notebook.theme(theme)
    notebook.run(0)
    shown = form(notebook)
    expect(shown.get_by_role("option", name=re.compile("^dense2, dense, units 10, gives 10"))).to_be_attached()
    keep_picture(notebook.page, f"form-{theme[11:].lower()}")
    field(shown, "Epochs").fill("many")
    expect(start(shown)).to_be_disabled()
    assert violations(notebook.page, ".dltrain-form") == []
    colours: Any = theme[11:].lower()
    with chromium.new_context(viewport={"width": 1200, "height": 900}, color_scheme=colours) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{lab.url}dltrainer/new?token={lab.token}")
        main = page.locator("main")
        expect(start(main)).to_be_enabled()
        write(page, main.locator(".cm-content"), STACK)
        expect(main.get_by_role("option", name=re.compile("^dense2, dense, units 10, gives 10"))).to_be_attached()
        keep_picture(page, f"page-form-{colours}")
        assert violations(page, "main") == []
