"""The panel where there is no JupyterLab: pages that know the kernel's comms and nothing else, as VS Code and Colab do.

The page is a real widget manager over a real kernel, in the colours, under the style sheets and the security policy of
the one it stands for. Its server has no extension of ours, and nobody else may be asked for anything.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.patience import PATIENCE, TRAINED, has_a_curve
from tests.lab_server import Lab, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

FRONT_END = Path(__file__).parents[2] / "labextension"
# More epochs than any machine trains while it is looked at.
TRAINING = """%load_ext dltrainer_jupyter
get_ipython().run_cell_magic("dltrain", "hosted", "model: cnn\\ndata: digits\\nepochs: 100000\\nmetrics: [accuracy]\\n")
"""
# What such pages say of their colours, and of tables, whatever is in them.
VS_CODE = """
<style>
  :root {{ --vscode-editor-background: {background}; --vscode-foreground: {text}; --vscode-focusBorder: #0078d4;
    --vscode-font-family: sans-serif; --vscode-editor-font-family: monospace; }}
  body {{ background: {background}; color: {text}; font: 13px sans-serif; }}
  table, thead, tr, th, td, tbody {{ border: none !important; border-spacing: 0; border-collapse: collapse; }}
  table, th, tr {{ vertical-align: middle; text-align: right; }}
  tr:nth-child(even) {{ background-color: rgba(130, 130, 130, 0.08); }}
  .cell-output-ipywidget-background {{ background: white; }}
</style>
<body class="{classes}">
"""
COLAB = """
<style>
  :root {{ --colab-primary-surface-color: {background}; --colab-primary-text-color: {text}; }}
  body {{ background: {background}; color: {text}; }}
</style>
<body>
"""
HOSTS = {
    "vscode-dark": VS_CODE.format(background="#1f1f1f", text="#cccccc", classes="vscode-dark"),
    "vscode-light": VS_CODE.format(background="#ffffff", text="#3b3b3b", classes="vscode-light"),
    # A light one of high contrast says that it is of high contrast, too, which used to mean black.
    "vscode-high-contrast-light": VS_CODE.format(
        background="#ffffff", text="#292929", classes="vscode-high-contrast-light vscode-high-contrast"
    ),
    "colab-dark": COLAB.format(background="#383838", text="#e3e3e3"),
    "colab-light": COLAB.format(background="#ffffff", text="#1f1f1f"),
}
IN_VS_CODE = {"attributes": "", "outputs": "container"}
PAGE = """<!doctype html>
<html {attributes}>
<head><meta charset="utf-8"><link rel="stylesheet" href="host.css"><script src="host.js"></script></head>
{host}
<div id="{outputs}"></div>
</body></html>
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start a Jupyter server that has kernels and nothing of ours."""
    own = {"ServerApp": {"jpserver_extensions": {"dltrainer_jupyter": False}, "allow_origin": "*"}}
    with serving(tmp_path_factory.mktemp("kernels"), ("jupyter_server",), settings=own) as started:
        yield started


@pytest.fixture(scope="module")
def hosts(kernels: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the pages, with a policy that lets them ask the kernels' server and nobody else."""
    folder = tmp_path_factory.mktemp("hosts")
    subprocess.run(["node", "test/hosts/build.mjs", folder], cwd=FRONT_END, check=True)
    for name, host in HOSTS.items():
        kind, _, theme = name.partition("-")
        said = {"attributes": f'theme="{theme}"', "outputs": "output-area"} if kind == "colab" else IN_VS_CODE
        (folder / f"{name}.html").write_text(PAGE.format(host=host, **said))
    (folder / "packages").symlink_to(Path(sys.prefix) / "share" / "jupyter" / "nbextensions")
    there = kernels.url.rstrip("/")
    policy = (
        "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        f"img-src data: blob:; font-src data:; connect-src {there} {there.replace('http', 'ws')}"
    )

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", policy)
            super().end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, kernels: Lab) -> Iterator[Page]:
    # The system says the opposite of what the page does in half of the cases.
    opened = chromium.new_page(viewport={"width": 1000, "height": 900}, color_scheme="dark")
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()
    # What a test has left training would train beside the next one.
    for kernel in ask(kernels, "api/kernels", "GET"):
        ask(kernels, f"api/kernels/{kernel['id']}", "DELETE")


def ask(kernels: Lab, path: str, method: str) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{kernels.url}{path}", headers={"Authorization": f"token {kernels.token}"}, method=method
    )
    with urllib.request.urlopen(request, timeout=PATIENCE / 1000) as answer:  # noqa: S310
        said = answer.read()
    return json.loads(said) if said else None


def run(page: Page, kernels: Lab, code: str) -> None:
    """Run a cell; the first one starts the kernel."""
    page.evaluate(
        "async ([url, token, code]) => { window.run ??= await start(url, token); await window.run(code); }",
        [kernels.url, kernels.token, code],
    )


def button(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("button", name=name, exact=True)


def luminance(colour: str) -> float:
    """Give the relative luminance of a colour as computed styles write it."""
    parts = [float(it) for it in re.findall(r"[\d.]+", colour)[:3]]
    scale = 1.0 if colour.startswith("color(") else 255.0
    linear = [v / 12.92 if (v := it / scale) <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(panel: Locator, colour: str) -> float:
    """Give the contrast of one of the panel's colours against its surface."""
    found = panel.evaluate(
        """(panel, name) => {
            const probe = document.createElement('span');
            panel.append(probe);
            const read = name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
            const both = [read(name), read('--dlt-surface')];
            probe.remove();
            return both;
        }""",
        colour,
    )
    light, dark = sorted(map(luminance, found), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("host", HOSTS)
def test_the_panel_is_whole_without_jupyterlab(
    host: str, hosts: str, kernels: Lab, page: Page, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda it: said.append(it.text) if it.type == "error" else None)
    page.goto(f"{hosts}{host}.html")
    run(page, kernels, TRAINING)
    panel = page.locator(".dltrain-panel")
    steer(panel)
    keep_picture(page, f"host-{host}")
    in_its_colours(page, panel)
    try_best(panel)
    look_closer(panel)
    keep_picture(page, f"host-{host}-confusion")
    button(panel, "Stop").click()
    panel.locator(".dlt-ask").get_by_role("button", name="Stop", exact=True).click()
    expect(panel.locator(".dlt-state")).to_have_text("Stopped")
    leave_a_copy(page, panel)
    keep_picture(page, f"host-{host}-copy")
    strange = [it for it in asked if not it.startswith((hosts, f"{kernels.url}api/", "blob:", "data:"))]
    assert strange == []
    assert not [it for it in asked if "dltrainer" in it]
    assert said == []


@pytest.mark.parametrize("host", ["vscode-dark", "colab-light"])
def test_the_form_of_a_run_starts_one_there(
    host: str, hosts: str, kernels: Lab, page: Page, keep_picture: Callable[[Locator | Page, str], None]
) -> None:
    page.goto(f"{hosts}{host}.html")
    run(page, kernels, "from dltrainer_jupyter import tal\ntal.form(model='mlp', data='digits', epochs=2)")
    form = page.locator(".dltrain-form")
    start = form.get_by_role("button", name="Start training", exact=True)
    expect(form.get_by_label("Epochs", exact=True)).to_have_value("2")
    expect(start).to_be_enabled()
    assert contrast(form, "--dlt-text") > 4.5
    keep_picture(page, f"host-{host}-form")
    start.click()
    expect(page.locator(".dltrain-panel:not(.dltrain-form) .dlt-state")).to_have_text("Completed", timeout=TRAINED)


def steer(panel: Locator) -> None:
    """Pause and resume, with nobody but the kernel to ask."""
    state, epoch = panel.locator(".dlt-state"), panel.locator(".dlt-epoch b").first
    expect(state).to_have_text("Running")
    expect(epoch).not_to_have_text(epoch.text_content() or "")
    button(panel, "Pause").click()
    expect(state).to_have_text("Paused")
    button(panel, "Resume").click()
    expect(state).to_have_text("Running")
    has_a_curve(panel)


def in_its_colours(page: Page, panel: Locator) -> None:
    """See that the panel lies on the page's own colour, and that text and curves can be told from it."""
    theirs = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    expect(panel.locator(".dlt-card")).to_have_css("background-color", theirs)
    assert contrast(panel, "--dlt-text") > 4.5
    curves = {name: contrast(panel, name) for name in (f"--dlt-series-{number}" for number in range(6))}
    assert min(curves.values()) > 3, curves


def try_best(panel: Locator) -> None:
    button(panel, "Try best").click()
    expect(panel.locator(".dlt-example")).to_have_count(12)


def leave_a_copy(page: Page, panel: Locator) -> None:
    """See what stays in the notebook, which isn't seen before the panel is gone."""
    copy = page.locator(".dltrain-static")
    expect(copy.locator("img")).to_have_count(1)
    expect(copy).to_be_hidden()
    panel.evaluate("panel => panel.remove()")
    expect(copy.locator("img")).to_be_visible()


def look_closer(panel: Locator) -> None:
    """Open what isn't in the panel's own script: the kernel brings it."""
    panel.get_by_role("tab", name="Confusion").click()
    expect(panel.locator(".dlt-matrix-frame").first).to_be_visible()
