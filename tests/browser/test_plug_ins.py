"""A plug-in dropped into its folder is offered where a run is written, in a real JupyterLab and on the web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.patience import PATIENCE, TRAINED, until_restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

PLUG_IN = '''"""A plug-in."""

from dltrainer_jupyter import register
from pydantic import BaseModel, Field


@register("models")
class NAME:
    """One wide hidden layer of one's own."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        broadness: int = Field(default=16, ge=1, description="Units of the hidden layer.")

    def __init__(self, config):
        self.config = config

    def pytorch(self, signature):
        """Build the net."""
        from torch import nn

        wide = self.config.broadness
        return nn.Sequential(nn.Linear(signature.input_shape[0], wide), nn.ReLU(), nn.Linear(wide, signature.outputs))
'''


@pytest.fixture
def folder(lab: Any) -> Iterator[Path]:
    """Give the plug-in folder of Lab's server; it is empty again after the test."""
    where: Path = lab.store / "plugins"
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    yield where
    for file in where.iterdir():
        file.unlink()


def put(folder: Path, name: str, text: str) -> None:
    file = folder / f"{name}.py"
    file.write_text(text)
    file.chmod(0o600)


@pytest.fixture
def page(lab: Any, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1200, "height": 800})
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab.url}lab?reset&token={lab.token}")
    until_restored(page)
    yield page
    page.close()
    assert [error for error in errors if "dltrain" in error.lower()] == []


def write(editor: Locator, text: str) -> None:
    editor.locator(".cm-content").click()
    editor.page.keyboard.press("Control+a")
    editor.page.keyboard.insert_text(text)
    editor.page.keyboard.press("Escape")


def offered(page: Page) -> Locator:
    return page.locator(".cm-tooltip-autocomplete li")


def test_it_is_offered_with_its_settings_and_trains_and_a_broken_one_says_why(
    lab: Any, page: Page, folder: Path, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    put(folder, "broad", PLUG_IN.replace("NAME", "Broad"))
    page.keyboard.press("Alt+Shift+R")
    page.locator(".dlt-sidebar").get_by_role("button", name="New run").first.click()
    view = page.locator(".dlt-create")
    expect(view.locator(".dlt-problems")).to_have_count(1)

    write(view, "data: wine\nepochs: 1\nmodel: {type: ")
    page.keyboard.press("Control+Space")
    expect(offered(page).filter(has_text="broad")).to_have_count(1)
    page.keyboard.type("bro")
    expect(page.locator(".cm-completionInfo")).to_have_text("One wide hidden layer of one's own.")
    keep_picture(page, "plug-in-offered-light")
    # No key accepts what the editor has offered for less than a moment; a click does.
    offered(page).filter(has_text="broad").click()
    expect(view.locator(".cm-content")).to_contain_text("{type: broad")
    page.keyboard.type(", ")
    page.keyboard.press("Control+Space")
    expect(offered(page)).to_have_text("broadnesswhole number ≥ 1")
    keep_picture(page, "plug-in-settings-light")
    offered(page).click()
    page.keyboard.type("8}")
    expect(view.locator(".dlt-problems")).to_contain_text("No problems")

    page.keyboard.press("Control+Enter")
    expect(page.locator(".dlt-view .dlt-state")).to_have_text("Completed", timeout=TRAINED)
    expect(page.locator(".dlt-sidebar .dlt-row-name").filter(has_text="broad-wine")).to_be_visible()
    keep_picture(page, "plug-in-trained-light")

    # Nothing is restarted: the next form knows what has come and gone.
    put(folder, "slim", PLUG_IN.replace("NAME", "Slim"))
    put(folder, "broken", "from dltrainer_jupyter import register\n\n@register('models'\nclass Broken: ...\n")
    page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.locator(".dlt-sidebar").get_by_role("button", name="New run").first.click()
    view = page.locator(".dlt-create").filter(visible=True)
    left_out = view.locator(".dlt-problems[data-tone=warning]")
    expect(left_out).to_contain_text("A plug-in can")
    expect(left_out.locator("li")).to_contain_text(f"{folder / 'broken.py'}: SyntaxError:")
    write(view, "data: wine\nmodel: sl")
    page.keyboard.press("Control+Space")
    expect(offered(page).filter(has_text="slim")).to_have_count(1)
    keep_picture(page, "plug-in-broken-dark")
    page.keyboard.press("Escape")
    write(view, "data: wine\nmodel: broken")
    expect(view.locator(".dlt-problems[data-tone=error] li")).to_contain_text("Unknown model 'broken'")
    expect(view.locator(".dlt-problems[data-tone=error] li")).to_contain_text("broken.py")
    keep_picture(page, "plug-in-named-dark")
