"""The web page on a real server of its own, below a base URL, as a person uses it."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.widgets import still
from tests.browser.patience import PATIENCE, TRAINED, at_rest
from tests.stand_in import STEPS, Trainer
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BASE = "/some/prefix/"
DASH = "\N{EN DASH}"


class Ui:
    """``dltrain ui`` on a port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        places |= {"DLTRAINER_HOME": "dltrainer"}
        self.environment = os.environ | {name: str(home / place) for name, place in places.items()}
        (home / "config").mkdir()
        settings = {"ServerApp": {"base_url": BASE}}
        (home / "config" / "jupyter_server_config.json").write_text(json.dumps(settings))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        command = [sys.executable, "-m", "dltrainer_jupyter.cli", "ui", "--no-browser"]
        command += ["--ip", "127.0.0.1", "--port", str(self.port)]
        with (self.home / "ui.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=self.environment, cwd=self.home, text=True
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[-1]
        assert self.address.startswith(f"http://127.0.0.1:{self.port}{BASE}dltrainer/?token=")

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.communicate(timeout=PATIENCE / 1000)

    @property
    def url(self) -> str:
        return self.address.partition("?")[0]


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    served = Ui(tmp_path_factory.mktemp("ui"))
    served.start()
    yield served
    served.end(signal.SIGTERM)
    # It has been stopped, unless a test failed before; it would outlive us all.
    stop = [sys.executable, "-m", "dltrainer_jupyter.cli", "stop", "page-long"]
    subprocess.run(stop, env=served.environment, capture_output=True, check=False)


def watched(context: BrowserContext, said: list[str]) -> Page:
    """Open a page of which everything is noted that it complains of."""
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
    return page


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def state(page: Page) -> Locator:
    return page.locator("main .dlt-state")


def epoch(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("main .dlt-epoch b").first.text_content() or "") or -1)


def write(page: Page, yaml: str) -> None:
    """Put a configuration into the editor, as a person pastes one."""
    page.locator("main .cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.locator("main .cm-content").evaluate(
        """(editor, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        }""",
        yaml,
    )


@pytest.mark.slow
def test_a_person_starts_steers_and_comes_back_to_runs(
    ui: Ui, chromium: Browser, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    said: list[str] = []
    with chromium.new_context(viewport={"width": 1200, "height": 800}) as context:
        page = watched(context, said)
        page.goto(ui.address)
        expect(page).to_have_url(ui.url)
        expect(page.locator("main")).to_contain_text("No runs yet.")
        keep_picture(page, "page-first")
        watch_the_first_run(ui, page)
        steer_a_long_one(page)
        outlive_the_server(ui, page)
        keep_picture(page, "page-run")
        button(page, "Stop").click()
        page.locator("main .dlt-ask").get_by_role("button", name="Stop", exact=True).click()
        expect(state(page)).to_have_text("Stopped")
        expect(page).to_have_title(f"■ stopped {DASH} page-long")
    assert said == []


def watch_the_first_run(ui: Ui, page: Page) -> None:
    button(page.locator("main"), "Open the example").click()
    expect(page).to_have_url(f"{ui.url}new")
    # CodeMirror's own style sheet holds under the page's policy.
    expect(page.locator("main .cm-gutters")).to_have_css("position", "sticky")
    expect(page.locator("main .cm-content")).to_contain_text("digits-cnn")
    write(page, "name: page-short\nmodel: nlp\ndata: digits\n")
    expect(page.locator("main")).to_contain_text("Did you mean 'mlp'?")
    write(page, "name: page-short\nmodel: mlp\ndata: digits\nepochs: 4\nmetrics: [accuracy]\n")
    expect(page.locator("main")).to_contain_text("No problems.")
    button(page, "Start training").click()
    expect(page).to_have_url(re.compile(re.escape(ui.url) + r"runs/[0-9a-f]{12}$"))
    expect(state(page)).to_have_text("Completed", timeout=TRAINED)
    expect(page).to_have_title(f"✓ completed {DASH} page-short")
    expect(page.locator("aside")).to_contain_text("page-short")


def steer_a_long_one(page: Page) -> None:
    page.keyboard.press("n")
    write(page, "name: page-long\nmodel: mlp\ndata: digits\nepochs: 100000\ncheckpoint: {every_epochs: 1000}\n")
    expect(page.locator("main")).to_contain_text("No problems.")
    page.keyboard.press("Control+Enter")
    expect(state(page)).to_have_text("Running", timeout=TRAINED)
    expect(page).to_have_title(re.compile(rf"^● running \d+ % {DASH} page-long$"))
    button(page.locator("main"), "Pause").click()
    expect(state(page)).to_have_text("Paused")
    expect(page).to_have_title(re.compile(rf"^‖ paused \d+ % {DASH} page-long$"))
    address = page.url
    page.reload()
    expect(page).to_have_url(address)
    expect(state(page)).to_have_text("Paused")
    button(page.locator("main"), "Resume").click()
    expect(state(page)).to_have_text("Running")
    page.go_back()
    expect(page.locator("main .cm-content")).to_be_visible()
    page.go_forward()
    expect(state(page)).to_have_text("Running")


def outlive_the_server(ui: Ui, page: Page) -> None:
    ui.end(signal.SIGKILL)
    gone = page.locator("aside").get_by_text("Not connected to the server.")
    expect(gone).to_be_visible()
    seen = epoch(page)
    ui.start()
    expect(gone).not_to_be_visible()
    expect(state(page)).to_have_text("Running")
    until(lambda: epoch(page) > seen, PATIENCE / 1000)


@pytest.mark.slow
def test_where_a_run_is_tracked_is_a_click_away(ui: Ui, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_HOME", str(ui.home / "dltrainer"))
    store, run_id, said = open_store(), secrets.token_hex(6), []
    store.create_run(run_id, RunSpec(name="page-tracked", model="mlp", data="digits"), folder="/runs", environment={})
    Trainer(store, run_id).end()
    store.begin_tracking(run_id, [("mlflow", "mlflow"), ("tensorboard", "tensorboard")])
    mlflow, board = (store.hold_tracking(run_id, name) for name in ("mlflow", "tensorboard"))
    assert mlflow is not None
    assert board is not None
    mlflow.tell("following", url=f"{ui.url}runs/{run_id}")
    board.tell("delivered", url="/runs/tensorboard")
    with chromium.new_context(viewport={"width": 1000, "height": 700}) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = watched(context, said)
        page.goto(ui.address)
        row = page.locator("aside .dlt-row", has_text="page-tracked")
        expect(row.locator(".dlt-row-tracked")).to_have_attribute(
            "title", "tracked by MLflow (catching up), TensorBoard"
        )
        row.click()
        badge = page.locator("main .dlt-tracker", has_text="MLflow")
        with context.expect_page() as opened:
            badge.click()
        expect(opened.value).to_have_url(f"{ui.url}runs/{run_id}")
        opened.value.wait_for_load_state()
        assert opened.value.evaluate("window.opener") is None
        opened.value.close()
        page.locator("main .dlt-tracker", has_text="TensorBoard").press("Enter")
        # To the eye and to the ear; after a moment both give way to the newest event.
        told = page.locator("main .dlt-status-text, main [role=status]")
        expect(told).to_have_text(["Copied /runs/tensorboard."] * 2)
        assert page.evaluate("navigator.clipboard.readText()") == "/runs/tensorboard"
        mlflow.tell("behind", "It is off.")
        expect(badge).to_have_text("MLflow (behind)")
        expect(badge).to_have_attribute("title", re.compile(r"behind since .* It is off\.$"))
        expect(row.locator(".dlt-row-tracked")).to_have_text("behind")
        page.set_viewport_size({"width": 360, "height": 700})
        until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 360)
        for shown in page.locator("main .dlt-tracker").all():
            box = at_rest(shown)
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
    assert said == []


# --- nothing of what people write runs --------------------------------------------------------------------


TEMPLATES = [
    "<img src=x onerror=__xss({})>",
    "<svg onload=__xss({})>",
    "<details open ontoggle=__xss({})>",
    "<input autofocus onfocus=__xss({})>",
    "<video><source onerror=__xss({})>",
    "<body onload=__xss({})>",
    "<iframe src=javascript:parent.__xss({})>",
    "<a href=javascript:__xss({})>x",
    "'\"><img src=x onerror=__xss({})>",
    "<style onload=__xss({})>",
    "<marquee onstart=__xss({})>",
    "<audio src=x onerror=__xss({})>",
    "<object data=x onerror=__xss({})>",
    "<IMG SRC=x OnErRoR=__xss({})>",
    "<image href=x onerror=__xss({})>",
    "--><svg onload=__xss({})>",
    "]]><svg onload=__xss({})>",
    "${{__xss({})}}{{{{__xss({})}}}}",
    "<select autofocus onfocus=__xss({})>",
    "&lt;img src=x onerror=__xss({})&gt;",
]
PAYLOADS = [template.replace("{}", str(at)) for at in range(10) for template in TEMPLATES]
HOOK = "window.__xssed = []; window.__xss = what => window.__xssed.push(what);"


def record_payloads() -> list[tuple[str, str]]:
    """Write 200 payloads into every text of runs that nobody trained; give ids, and copies for notebooks."""
    store, made = open_store(), []
    for at in range(0, len(PAYLOADS), len(TEMPLATES)):
        texts = PAYLOADS[at : at + len(TEMPLATES)]
        # A name has room for a few.
        names = ["".join(texts[first : first + 3]) for first in range(0, len(texts), 3)]
        for name in names[1:]:
            waiting = RunSpec(model="mlp", data="digits", name=name, executor="process")
            store.create_run(secrets.token_hex(6), waiting, folder="/runs", environment={})
        run_id = secrets.token_hex(6)
        spec = RunSpec(model="mlp", data="digits", name=names[0], executor="process")
        store.create_run(run_id, spec, folder="/runs", environment={})
        trainer = Trainer(store, run_id)
        trainer.steps(STEPS, names=("train_loss", f"train_{texts[0]}"))
        closing = [f"</script></title></textarea><script>__xss({at})</script>{text}" for text in texts]
        trainer.epoch(1, closing, **{f"val_{texts[1]}": 0.5})
        for text in closing:
            trainer.attempt.event("note", text, 1)
            control = store.request_control(run_id, "checkpoint", {}, text)
            trainer.attempt.acknowledge(control.id, status="refused", outcome=text, step=1)
        store.begin_tracking(run_id, [(text, text) for text in texts[:3]])
        for text, url in zip(texts, (f"javascript:__xss({at})", f"data:text/html,{texts[3]}", None), strict=False):
            copy = store.hold_tracking(run_id, text)
            assert copy is not None
            copy.tell("behind", texts[4], url=url)
        trainer.end(State.FAILED, ErrorRecord(texts[2], "".join(closing), "".join(closing), 1))
        made.append((run_id, still.html(snapshot(store, run_id), None)))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["held", "off"])
def test_no_text_of_anybody_runs(ui: Ui, chromium: Browser, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_HOME", str(ui.home / "dltrainer"))
    made = record_payloads()
    said: list[str] = []
    with chromium.new_context(bypass_csp=policy == "off", viewport={"width": 1200, "height": 900}) as context:
        context.add_init_script(HOOK)
        page = watched(context, said)
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(ui.address)
        expect(page.locator("aside")).to_contain_text("onerror=__xss(")
        for run_id, _ in made if policy == "off" else made[:2]:
            show(ui, page, run_id)
            assert page.evaluate("window.__xssed") == [], run_id
        page.goto(f"{ui.url}compare?runs={','.join(run_id for run_id, _ in made)}")
        expect(page.locator("main")).to_contain_text("onerror=__xss(")
        expect(page.locator("main canvas").first).to_be_visible()
        assert page.evaluate("window.__xssed") == []
        assert said == []
        if policy == "off":
            look_at_copies(page, [copy for _, copy in made])
    assert said == []


def show(ui: Ui, page: Page, run_id: str) -> None:
    """Show all of a run, without waiting for anything that isn't there."""
    page.goto(f"{ui.url}runs/{run_id}")
    expect(state(page)).to_have_text("Failed")
    expect(page.locator("a.dlt-tracker")).to_have_count(0)
    for badge in page.locator(".dlt-tracker").all():
        badge.click()
    for tab, shown in (("Confusion", "onerror=__xss("), ("Config", "name:"), ("Log", "</textarea>")):
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_role("tabpanel")).to_contain_text(shown)


def look_at_copies(page: Page, copies: list[str]) -> None:
    """The notebook has no policy: its copy of the panel must be harmless by itself."""
    page.goto("about:blank")
    put: Any = "html => { document.body.innerHTML = html; document.body.getBoundingClientRect(); }"
    for copy in copies:
        assert "onerror=__xss(" in copy
        page.evaluate(put, copy)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.__xssed") == []
    # It would have been noticed.
    page.evaluate(put, PAYLOADS[0])
    page.wait_for_function("window.__xssed.length === 1")
