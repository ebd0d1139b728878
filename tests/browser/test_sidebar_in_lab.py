"""The sidebar, the tabs, the commands and the notifications in a real JupyterLab."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PageTimeoutError
from playwright.sync_api import TimeoutError as TooLate

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import new_run
from tests.browser.patience import PATIENCE, TRAINED, slowness, until_restored
from tests.copies import multiply
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

MANY = 10_000
FIRST_PAINT = 500
"""Milliseconds from opening the list to its first row, on a machine that does nothing else."""
BUSY = 4
"""How much longer it may take where other tests run beside."""


def training(name: str, epochs: int) -> str:
    return f"""
name: {name}
model: cnn
data: digits
epochs: {epochs}
optimizer: {{type: adamw}}
metrics: [accuracy]
monitor: val_accuracy
"""


def ask(lab: Any, path: str, body: str = "{}", kind: str = "json") -> Any:
    """Ask the server, as no kernel and no page would."""
    headers = {"Authorization": f"token {lab.token}", "Content-Type": f"application/{kind}"}
    request = urllib.request.Request(f"{lab.url}dltrainer/api/{path}", body.encode(), headers)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


@pytest.fixture
def start(lab: Any) -> Iterator[Callable[[str, int], str]]:
    """Give a function that trains in a process of its own and gives the run's id; the process ends with the test."""
    started: list[str] = []

    def start_(name: str, epochs: int) -> str:
        started.append(ask(lab, "runs", training(name, epochs), "yaml")["id"])
        return started[-1]

    yield start_
    for run in started:
        if trainer := trainer_of(run):
            trainer.kill()


def trainer_of(run: str) -> psutil.Process | None:
    """Find the process that trains a run."""
    for process in psutil.process_iter(["cmdline"]):
        if run in (process.info["cmdline"] or []):
            return process
    return None


def listen(page: Page) -> list[str]:
    """Gather what the page complains about, as far as it is about us: JupyterLab minds when a kernel goes."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"{error} {error.stack}"))
    page.on(
        "console",
        lambda said: complaints.append(f"{said.text} {said.location}") if said.type in {"error", "warning"} else None,
    )
    return complaints


def about_us(complaints: list[str]) -> list[str]:
    return [complaint for complaint in complaints if "dltrain" in complaint.lower()]


def row(page: Page, name: str) -> Locator:
    return page.locator(".dlt-sidebar .dlt-row").filter(has=page.locator(".dlt-row-name", has_text=name))


def epoch(tab: Locator) -> int:
    return int(re.sub(r"\D", "", tab.locator(".dlt-epoch b").first.text_content() or ""))


def grows(tab: Locator) -> None:
    """See the run go on, in numbers and on the chart."""
    seen, drawn = epoch(tab), picture(tab)
    expect(tab.locator(".dlt-epoch b").first).not_to_have_text(str(seen))
    assert epoch(tab) > seen
    # Looked up each time: a chart is made anew when its curves become others.
    until(lambda: picture(tab) != drawn, 60)


def picture(tab: Locator) -> str:
    return str(tab.locator(".dlt-plot canvas").first.evaluate("c => c.toDataURL()"))


def command(page: Page, label: str) -> None:
    """Choose a command in the palette, as one types it."""
    page.keyboard.press("Control+Shift+C")
    typed = page.locator(".lm-CommandPalette-input")
    found = page.locator(".lm-CommandPalette-item.lm-mod-active", has_text=label)

    def offered() -> bool:
        # Typed anew each time: what is there already isn't looked through again when labels become others.
        typed.fill("")
        typed.fill(label)
        with contextlib.suppress(PageTimeoutError):
            found.wait_for(timeout=2_000)
        return found.count() > 0

    until(offered, PATIENCE / 1000)
    typed.press("Enter")


def open_lab(lab: Any, chromium: Browser) -> Page:
    page = chromium.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{lab.url}lab?reset&token={lab.token}")
    until_restored(page)
    return page


def test_a_run_is_watched_and_steered_while_its_kernel_sleeps_and_after_it_is_gone(
    start: Callable[[str, int], str],
    open_notebook: Callable,
    keep_picture: Callable[[Locator | Page, str], None],
) -> None:
    run = start("sleepless", 100_000)
    notebook = open_notebook(["import time; time.sleep(600)", ""], width=1300)
    page: Page = notebook.page
    complaints = listen(page)
    # By the keyboard alone: the list, its first run, the run's tab.
    page.keyboard.press("Alt+Shift+R")
    live = row(page, "sleepless")
    expect(live.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".dlt-sidebar [role=treegrid]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(live).to_have_attribute("data-active", "true")
    page.keyboard.press("Enter")
    tab = page.locator(f"#dltrainer-run-{run}")
    expect(tab.locator(".dlt-state")).to_have_text("Running")
    expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_have_text("sleepless")
    notebook.start(0)
    to_front(page, "sleepless")
    grows(tab)
    steer(live, tab)
    keep_picture(page, "sidebar-light")
    insert(notebook, live, run)
    notebook.do("await nb.sessionContext.shutdown();")
    to_front(page, "sleepless")
    grows(tab)
    come_back(notebook, tab)
    notebook.theme("JupyterLab Dark")
    grows(tab)
    keep_picture(page, "sidebar-dark")
    notebook.theme("JupyterLab Light")
    command(page, "Pause newest run")
    expect(toast(page, "sleepless: Paused at step")).to_be_visible()
    die(page, tab, run)
    assert about_us(complaints) == []


def toast(page: Page, text: str) -> Locator:
    return page.locator(".Toastify__toast", has_text=text)


def die(page: Page, tab: Locator, run: str) -> None:
    """See that a run whose trainer is killed is told of, and open it from there."""
    to_front(page, "sleepless")
    name = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="sleepless")
    name.locator(".lm-TabBar-tabCloseIcon").click()
    expect(tab).to_have_count(0)
    trainer = trainer_of(run)
    assert trainer is not None
    trainer.kill()
    told = toast(page, "sleepless was lost")
    told.get_by_role("button", name="Open run").click(timeout=TRAINED)
    expect(tab.locator(".dlt-state")).to_have_text("Lost")


def to_front(page: Page, title: str) -> None:
    page.locator(".lm-DockPanel-tabBar").get_by_text(title, exact=True).click()


def steer(live: Locator, tab: Locator) -> None:
    """Pause and resume from the list, while the kernel is busy."""
    for verb, state in (("Pause", "Paused"), ("Resume", "Running")):
        press(live, verb)
        expect(tab.locator(".dlt-state")).to_have_text(state)
        # The row has moved to its group, away from the pointer.
        expect(live.locator(f"[data-state={state.lower()}]")).to_be_visible()


def press(live: Locator, verb: str) -> None:
    """Press a button of a row, which it shows only while the pointer is on it; and rows move when runs begin or end."""

    def is_pressed() -> bool:
        live.hover()
        try:
            live.get_by_role("button", name=verb).click(timeout=10_000)
        except TooLate:
            return False
        return True

    until(is_pressed, 2 * PATIENCE / 1000)


def insert(notebook: Any, live: Locator, run: str) -> None:
    """Put the code that shows the run again into the notebook that lies behind the tab."""
    notebook.do("nb.content.activeCellIndex = 1;")
    live.click(button="right")
    live.page.get_by_role("menuitem", name="Insert code into notebook").click()
    code = f"%load_ext dltrainer_jupyter\n%dltrain panel {run}"
    notebook.page.wait_for_function(
        "([path, code]) => [...jupyterapp.shell.widgets('main')].some(w => w.context && w.context.path === path && "
        "w.isVisible && w.content.widgets[1].model.sharedModel.getSource() === code)",
        arg=[notebook.name, code],
    )


def come_back(notebook: Any, tab: Locator) -> None:
    """Reload the page: the list and the tab are there again."""
    page = notebook.page
    notebook.do("await nb.context.save();")
    page.reload()
    until_restored(page)
    # The address names the notebook, which JupyterLab may bring to the front after the tabs are there again.
    to_front(page, "sleepless")
    expect(tab.locator(".dlt-state")).to_have_text("Running")
    expect(row(page, "sleepless")).to_be_visible()
    grows(tab)


def test_words_are_in_the_language_one_chooses(lab: Any, chromium: Browser) -> None:
    settings = open_lab(lab, chromium)
    set_language = (
        "async language => (await jupyterapp.serviceManager.settings.save("
        "'dltrainer-jupyter:studio', JSON.stringify({ language })))"
    )
    settings.evaluate(set_language, "es")
    try:
        page = open_lab(lab, chromium)
        command(page, "Mostrar ejecuciones")
        expect(page.get_by_role("searchbox", name="Filtrar ejecuciones")).to_be_visible()
        page.close()
    finally:
        # Other tests use the same server.
        settings.evaluate(set_language, "")
        settings.close()


def test_ten_thousand_runs_are_seen_at_once(
    lab: Any, chromium: Browser, record_property: Callable[[str, object], None]
) -> None:
    with contextlib.closing(Store.open(f"sqlite:///{lab.store}/dltrainer.db")) as store:
        new_run(store)
    multiply(lab.store, MANY)
    page = open_lab(lab, chromium)
    slow = slowness(page)
    milliseconds = page.evaluate(
        """async () => {
            const begun = performance.now();
            void jupyterapp.commands.execute('dltrainer:show-runs');
            const frame = () => new Promise(done => requestAnimationFrame(done));
            while (document.querySelector('.dlt-sidebar .dlt-row') === null) await frame();
            await frame();
            return performance.now() - begun;
        }"""
    )
    record_property("first_paint_ms", milliseconds)
    print(f"first of {MANY:,} runs painted after {milliseconds:.0f} ms")  # noqa: T201 - what is promised
    expect(page.locator(".dlt-sidebar")).to_contain_text(re.compile(r"10,\d\d\d runs"))
    # What isn't in sight isn't in the page.
    assert page.locator(".dlt-sidebar .dlt-row").count() < 100
    assert milliseconds < FIRST_PAINT * BUSY * max(slow, slowness(page))
    page.close()
