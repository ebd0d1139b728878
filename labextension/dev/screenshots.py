"""Take pictures of the panel, the views of a tab and the list of runs in every state, in light and dark.

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
    from collections.abc import Callable

    from playwright.sync_api import Page

HERE = Path(__file__).resolve().parent
WIDTHS = (360, 800, 1600)
THEMES = ("light", "dark")
TABS = {
    "running": ("curves", "confusion", "try", "checkpoints", "config", "log"),
    "brought": ("try", "tests", "compare", "analysis"),
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
    "evaluated": ("confusion", "metrics", "examples"),
    "hundred": ("confusion", "metrics"),
    "unpictured": ("confusion", "metrics", "examples"),
    "unread": ("confusion", "metrics", "examples"),
    "numbers": ("confusion", "metrics", "examples"),
    "masks": ("metrics", "examples"),
    "boxes": ("metrics", "examples"),
    "slow": ("curves",),
    "tracked": ("curves",),
    "tracked-late": ("curves",),
}
"""The states of ``scenarios.ts``, and the tabs worth looking at in each."""
SHOWN = {
    "tests": (".dlt-table",),
    "compare": (".dlt-matrix-change", ".dlt-changed"),
    "analysis": (".dlt-layers", ".dlt-heat canvas"),
}
"""What must be seen of a tab of the state ``brought`` before the picture."""
CLICKED = {
    ("evaluated", "confusion"): {".dlt-cell-examples": "[data-cell='3,3']"},
    ("evaluated", "examples"): {".dlt-zoom": "[data-example]"},
    ("masks", "examples"): {".dlt-zoom": "[data-example]"},
    ("boxes", "examples"): {".dlt-zoom": "[data-example]"},
}
"""What is clicked in a tab after its picture, by what then must be seen for another one."""
VIEWS: dict[str, tuple[str, ...]] = {
    "run-running": (),
    "run-running+settings": ("More", "Change settings…"),
    "run-completed": (),
    "run-completed+extend": ("Train longer…",),
    "run-completed+delete": ("More", "Delete…"),
    "run-completed+clone": ("tab:Checkpoints", "Clone", "Change settings…"),
    "run-completed+deleted": ("More", "Delete…", "Delete"),
    "run-failed": (),
    "run-disconnected": (),
    "run-names": (),
    "run-tracked": (),
    "run-tracked-late": (),
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
    "builder-image": (),
    "builder-image+chosen": ("layer:deepest",),
    "builder-misfit": ("layer:dropout",),
    "builder-hundred": (),
    "builder-empty": (),
    "builder-unknown": (),
    "builder-failed": (),
    "builder-waiting": (),
}
"""The states of ``view-scenarios.ts``, each with what is done before the picture: names of buttons, above all."""
LISTS = {
    "list-few": ".dlt-row-name",
    "list-many": ".dlt-row-name",
    "list-gpus": "[role=meter] >> nth=5",
    "list-empty": ".dlt-list-empty",
    "list-loading": ".dlt-list-loading",
    "list-error": ".dlt-list-empty[role=alert]",
    "list-disconnected": ".dlt-list-notice",
    "list-silent": ".dlt-list-notice",
    "list-filtered": ".dlt-list-order:has-text('14')",
    "list-nomatch": ".dlt-list-empty",
    "list-badfilter": ".dlt-filter-problem:not(:empty)",
    "list-selected": ".dlt-selection",
    "list-menu": "[role=menu]",
    "list-pausing": ".dlt-row-facts[data-waiting=true]",
    "list-refused": ".dlt-row-facts[data-failed=true]",
    "list-keyboard": ".dlt-row[data-active=true]",
    "list-deleting": ".dlt-ask",
    "list-rate": ".dlt-ask input",
    "list-names": ".dlt-row-name",
    "list-tracked": "[role=menu]",
}
"""The states of ``list-scenarios.ts``, each with what must be seen before the picture."""
LIST_WIDTHS = (240, 280, 400)
EVERY = [*TABS, *VIEWS, *LISTS]


def main() -> None:
    """Take what the command line asks for."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        lists = [state for state in options.states if state in LISTS]
        others = [state for state in options.states if state not in LISTS]
        for theme in options.theme:
            sizes = [(width, others) for width in options.width or WIDTHS]
            sizes += [(width, lists) for width in options.width or LIST_WIDTHS]
            for width, states in sizes:
                # With reduced motion every axis stands where it belongs at once.
                context = browser.new_context(
                    viewport={"width": width + 32, "height": 760},
                    device_scale_factor=options.scale,
                    color_scheme=theme,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.on("pageerror", lambda error: errors.append(str(error)))
                for state in states:
                    _take_state(page, options, state, theme=theme, width=width)
                context.close()
        browser.close()
    if errors:
        raise SystemExit("\n".join(["Errors on the page:", *errors]))


def _take_state(page: Page, options: argparse.Namespace, state: str, *, theme: str, width: int) -> None:
    if state in LISTS:
        _take_list(page, options, state, theme=theme, width=width)
    elif state in VIEWS:
        _take_view(page, options, state, theme=theme, width=width)
    else:
        for tab in options.tab or TABS[state]:
            _take(page, options, state, tab, theme=theme, width=width)


def _take(page: Page, options: argparse.Namespace, state: str, tab: str, *, theme: str, width: int) -> None:
    query = {"scenario": state, "tab": tab, "theme": theme, "width": width, "live": 0}
    page.goto(f"{(HERE / 'index.html').as_uri()}?{urlencode(query)}")
    panel = page.locator(".dlt-card")
    panel.wait_for()
    if tab == "try":
        page.get_by_role("button", name="Predict", exact=True).click()
        page.locator(".dlt-examples, .dlt-table").wait_for()
    for shown in SHOWN.get(tab, ()) if state == "brought" else ():
        page.locator(shown).first.wait_for()
    # Nothing is read any more.
    page.wait_for_function(
        "() => document.querySelector('.dlt-body [aria-busy=true], .dlt-side-room') === null"
        " && ![...document.querySelectorAll('.dlt-empty-title, .dlt-score')].some(it => it.innerText === 'Loading…')"
    )
    panel.screenshot(path=options.out / f"{state}-{tab}-{theme}-{width}.png")
    for name, deed in CLICKED.get((state, tab), {}).items():
        page.locator(deed).first.click()
        page.locator(f"{name} img").first.wait_for()
        panel.screenshot(path=options.out / f"{state}-{tab}{name.replace('.dlt-', '-')}-{theme}-{width}.png")
    if state == "brought" and tab == "try":
        _take_brought(page, lambda name: options.out / f"{state}-{name}-{theme}-{width}.png")


def _take_brought(page: Page, path: Callable[[str], Path]) -> None:
    """Bring along files, one of them a bad one, and a drawing."""
    panel = page.locator(".dlt-card")
    page.get_by_text("Files", exact=True).click()
    files = page.locator(".dlt-zone input[type=file]").first
    names = [*(f"digit {number}.png" for number in range(5)), "notes.txt"]
    files.set_input_files([{"name": name, "mimeType": "image/png", "buffer": b"-"} for name in names])
    page.get_by_text("6 of 6").wait_for()
    panel.screenshot(path=path("files"))
    page.get_by_text("Draw", exact=True).click()
    box = page.locator(".dlt-pad canvas").bounding_box()
    assert box is not None  # noqa: S101 - it is in sight
    page.mouse.move(box["x"] + 90, box["y"] + 60)
    page.mouse.down()
    for x, y in ((180, 60), (120, 220)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    page.locator(".dlt-guesses").wait_for()
    panel.screenshot(path=path("drawing"))


def _take_view(page: Page, options: argparse.Namespace, state: str, *, theme: str, width: int) -> None:
    query = {"scenario": state.partition("+")[0], "theme": theme, "width": width, "language": options.language}
    page.goto(f"{(HERE / 'views.html').as_uri()}?{urlencode(query)}")
    view = page.locator(".dlt-view")
    view.wait_for()
    # Buttons are named in English.
    for deed in VIEWS[state] if options.language == "en" else ():
        if deed == "hover":
            page.locator(".u-over").first.hover()
        elif deed.startswith("layer:"):
            page.get_by_role("option", name=deed.removeprefix("layer:")).click()
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
    if state == "run-unknown":
        page.locator(".dlt-suggestions").wait_for()
    suffix = "" if options.language == "en" else f"-{options.language}"
    view.screenshot(path=options.out / f"{state}-{theme}-{width}{suffix}.png")


def _take_list(page: Page, options: argparse.Namespace, state: str, *, theme: str, width: int) -> None:
    query = {"scenario": state, "theme": theme, "width": width, "language": options.language}
    page.goto(f"{(HERE / 'views.html').as_uri()}?{urlencode(query)}")
    page.locator(LISTS[state]).first.wait_for()
    # Of the load, too, nothing is on its way any more.
    page.locator("[role=meter], .dlt-list-loading").first.wait_for()
    suffix = "" if options.language == "en" else f"-{options.language}"
    # The whole page: a menu stands in its top layer.
    page.screenshot(path=options.out / f"{state}-{theme}-{width}{suffix}.png")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Take pictures of the panel.")
    parser.add_argument("states", nargs="*", default=EVERY, metavar="STATE", help=", ".join(EVERY))
    parser.add_argument("--width", type=int, nargs="+", help="lists are narrower than panels by default")
    parser.add_argument("--theme", choices=THEMES, nargs="+", default=THEMES)
    parser.add_argument("--tab", nargs="+")
    parser.add_argument("--language", default="en", help="of the views: en, pt, es")
    parser.add_argument("--scale", type=float, default=1, help="device pixels a CSS pixel")
    parser.add_argument("--out", type=Path, default=HERE / "screenshots")
    return parser.parse_args()


if __name__ == "__main__":
    main()
