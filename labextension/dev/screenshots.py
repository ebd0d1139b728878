"""Take pictures of the panel and of the views of a whole tab in every state, in light and dark, at three widths.

Builds nothing: run ``jlpm build:dev`` first. Needs Playwright for Python and a Chromium.

    python labextension/dev/screenshots.py                      # everything, into labextension/dev/screenshots
    python labextension/dev/screenshots.py running failed --width 360 --theme dark --tab log
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).resolve().parent
WIDTHS = (360, 800, 1600)
THEMES = ("light", "dark")
TABS = {
    "running": ("curves", "confusion", "try", "checkpoints", "config", "log"),
    "early": ("curves",),
    "starting": ("curves",),
    "waiting": ("curves",),
    "pausing": ("curves",),
    "paused": ("curves",),
    "suspended": ("curves",),
    "stopped": ("curves",),
    "completed": ("curves",),
    "failed": ("curves",),
    "lost": ("curves",),
    "unbuildable": ("curves",),
    "disconnected": ("curves",),
    "silent": ("curves",),
    "regression": ("curves", "confusion", "try"),
    "rows": ("confusion", "try"),
    "classes": ("confusion",),
    "crowd": ("confusion",),
    "names": ("curves", "confusion", "log"),
    "nan": ("curves",),
    "metrics": ("curves",),
    "slow": ("curves",),
}
"""The states of ``scenarios.ts``, and the tabs worth looking at in each."""
VIEWS: dict[str, tuple[str, ...]] = {
    "run-running": (),
    "run-completed": (),
    "run-completed+extend": ("Train longer…",),
    "run-completed+delete": ("More", "Delete…"),
    "run-completed+clone": ("tab:Checkpoints", "Clone", "Change settings…"),
    "run-completed+deleted": ("More", "Delete…", "Delete"),
    "run-failed": (),
    "run-disconnected": (),
    "run-names": (),
    "run-waiting": (),
    "run-unknown": (),
    "compare-two": (),
    "compare-two+hover": ("hover",),
    "compare-five": ("Both",),
    "compare-five+add": ("Add run",),
    "compare-nine": ("Time",),
    "compare-empty": (),
    "compare-missing": (),
    "create": (),
    "create-problems": (),
    "create-unchecked": (),
    "create-refused": ("Start training",),
}
"""The states of ``view-scenarios.ts``, each with what is done before the picture: names of buttons, above all."""


def main() -> None:
    """Take what the command line asks for."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for theme in options.theme:
            for width in options.width:
                # With reduced motion every axis stands where it belongs at once.
                context = browser.new_context(
                    viewport={"width": width + 32, "height": 700},
                    device_scale_factor=options.scale,
                    color_scheme=theme,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.on("pageerror", lambda error: errors.append(str(error)))
                for state in options.states:
                    if state in VIEWS:
                        _take_view(page, options, state, theme=theme, width=width)
                        continue
                    for tab in options.tab or TABS[state]:
                        _take(page, options, state, tab, theme=theme, width=width)
                context.close()
        browser.close()
    if errors:
        raise SystemExit("\n".join(["Errors on the page:", *errors]))


def _take(page: Page, options: argparse.Namespace, state: str, tab: str, *, theme: str, width: int) -> None:
    query = {"scenario": state, "tab": tab, "theme": theme, "width": width, "live": 0}
    page.goto(f"{(HERE / 'index.html').as_uri()}?{urlencode(query)}")
    panel = page.locator(".dlt-card")
    panel.wait_for()
    if tab == "try":
        page.get_by_role("button", name="Predict", exact=True).click()
        page.locator(".dlt-examples, .dlt-table").wait_for()
    panel.screenshot(path=options.out / f"{state}-{tab}-{theme}-{width}.png")


def _take_view(page: Page, options: argparse.Namespace, state: str, *, theme: str, width: int) -> None:
    query = {"scenario": state.partition("+")[0], "theme": theme, "width": width, "language": options.language}
    page.goto(f"{(HERE / 'views.html').as_uri()}?{urlencode(query)}")
    view = page.locator(".dlt-view")
    view.wait_for()
    for deed in VIEWS[state]:
        if deed == "hover":
            page.locator(".u-over").first.hover()
        elif deed.startswith("tab:"):
            page.get_by_role("tab", name=deed.removeprefix("tab:")).click()
        elif page.get_by_role("radio", name=deed).count() > 0:
            page.get_by_text(deed, exact=True).click()
        else:
            page.get_by_role("button", name=deed).or_(page.get_by_role("menuitem", name=deed)).first.click()
    if state.startswith("create"):
        # Checked after typing has rested.
        page.locator(".dlt-problems:not([data-tone='waiting'])").wait_for()
    if state == "compare-missing":
        page.locator(".dlt-missing").wait_for()
    if "+add" in state:
        page.get_by_role("option").first.wait_for()
    if state.endswith("unknown"):
        page.locator(".dlt-suggestions").wait_for()
    suffix = "" if options.language == "en" else f"-{options.language}"
    view.screenshot(path=options.out / f"{state}-{theme}-{width}{suffix}.png")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Take pictures of the panel.")
    parser.add_argument("states", nargs="*", default=[*TABS, *VIEWS], metavar="STATE", help=", ".join([*TABS, *VIEWS]))
    parser.add_argument("--width", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--theme", choices=THEMES, nargs="+", default=THEMES)
    parser.add_argument("--tab", nargs="+")
    parser.add_argument("--language", default="en", help="of the views: en, pt, es")
    parser.add_argument("--scale", type=float, default=1, help="device pixels a CSS pixel")
    parser.add_argument("--out", type=Path, default=HERE / "screenshots")
    return parser.parse_args()


if __name__ == "__main__":
    main()
