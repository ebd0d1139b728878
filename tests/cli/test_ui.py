"""The command that serves the web page."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
import websocket

from dltrainer_jupyter.cli import WRONG
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def settings_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the person's own configuration of the Jupyter server away."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port that this process listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def get(port: int, path: str, cookies: SimpleCookie | None = None) -> Answer:
    sent = {"Cookie": "; ".join(f"{name}={it.coded_value}" for name, it in (cookies or {}).items())}
    with contextlib.closing(http.client.HTTPConnection("localhost", port, timeout=30)) as connection:
        connection.request("GET", path, headers=sent if cookies else {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def test_a_machine_without_a_browser_says_so_in_one_line(started, settings_of_nobody, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(settings_of_nobody))
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    process = started("ui", "--port", "0")
    said = [process.stdout.readline() for _ in range(3)]
    assert said[2] == "There is no browser here: open that address in one that reaches this machine.\n"
    address = urlsplit(said[0].split()[-1])
    assert get(address.port, f"/dltrainer/?{address.query}").status == 302
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("Stopped. Runs go on.\n", "")


@pytest.mark.slow
@pytest.mark.usefixtures("settings_of_nobody")
def test_the_page_is_served_behind_a_token_until_ctrl_c(started) -> None:
    process = started("ui", "--no-browser", "--port", "0")
    address = urlsplit(process.stdout.readline().split()[-1])
    (token,), port = parse_qs(address.query)["token"], address.port
    assert address.hostname == "localhost"
    assert process.stdout.readline() == "Ctrl-C ends the page; runs go on.\n"
    # What answers need is imported before somebody asks.
    until(lambda: any("numpy" in file.path for file in psutil.Process(process.pid).memory_maps()))

    start = get(port, f"/?token={token}")
    assert (start.status, start.headers["Location"]) == (302, f"/dltrainer/?token={token}")
    stranger = get(port, "/dltrainer/")
    assert (stranger.status, stranger.headers["Location"]) == (302, "/login?next=%2Fdltrainer%2F")
    let_in = get(port, f"/dltrainer/?token={token}")
    assert (let_in.status, let_in.headers["Location"]) == (302, "/dltrainer/")
    cookies = SimpleCookie()
    for cookie in let_in.headers.get_all("Set-Cookie"):
        cookies.load(cookie)
    page = get(port, "/dltrainer/", cookies)
    assert page.status == 200
    assert b"/dltrainer/static/page-" in page.body
    assert get(port, f"/dltrainer/api/runs?token={token}").status == 200
    stream = websocket.create_connection(f"ws://localhost:{port}/dltrainer/api/stream?token={token}", timeout=30)
    stream.send('{"kind": "ping"}')
    assert stream.recv() == '{"kind":"pong"}'
    stream.close()
    # Whoever has the token reaches runs, and no more.
    for elsewhere in (
        "api/contents",
        "api/kernels",
        "api/terminals",
        "api/sessions",
        "files/x",
        "nbconvert/html/x",
        "lab",
    ):
        assert get(port, f"/{elsewhere}?token={token}").status == 404

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "Stopped. Runs go on.\n")
    assert token not in err
    # How often clients are asked whether they are still there is something that Tornado complains of.
    assert "ping" not in err


@pytest.mark.usefixtures("settings_of_nobody")
def test_a_port_in_use_is_refused_and_no_other_is_taken(dltrain, taken) -> None:
    done = dltrain("ui", "--no-browser", "--ip", "127.0.0.1", "--port", taken)
    assert (done.code, done.out) == (WRONG, "")
    assert done.err.startswith(f"Error: Port {taken} is in use by process {os.getpid()} (")
    free = re.search(r"\)\. This one is free: dltrain ui --port (\d+)\n$", done.err)
    assert free is not None
    assert int(free[1]) > taken
    with socket.create_server(("127.0.0.1", int(free[1]))):
        pass


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--port", "70000"], "--port: expected a number from 0 to 65535, got 70000."),
        (["--port", "web"], "--port: expected a whole number, got 'web'."),
        (["--ip", "192.0.2.1"], "Can't listen on port 8501 of 192.0.2.1: Cannot assign requested address."),
    ],
)
def test_an_address_that_cannot_be_had(dltrain, arguments, expected) -> None:
    done = dltrain("ui", "--no-browser", *arguments)
    assert (done.code, done.out, done.err) == (WRONG, "", f"Error: {expected}\n")


@pytest.mark.parametrize("package", ["tornado", "jupyter_server"])
def test_without_the_extra_it_says_what_to_install(dltrain, package, monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "dltrainer_jupyter.cli.page_server", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    done = dltrain("ui", "--no-browser", "--port", "0")
    assert done.code == WRONG
    assert package in done.err
    assert 'pip install "dltrainer-jupyter[jupyter]"' in done.err


@pytest.mark.slow
@pytest.mark.usefixtures("settings_of_nobody")
def test_a_server_that_has_started_has_imported_no_framework() -> None:
    code = """
import sys
from traitlets.config import Config
from dltrainer_jupyter.cli.page_server import PageServer
app = PageServer(config=Config({"PageServer": {"port": 0, "allow_root": True}}))
app.initialize(argv=[], find_extensions=False)
names = "torch tensorflow keras jax flax lightning sklearn pandas numpy sqlalchemy matplotlib ipywidgets jupyterlab"
print(sorted(set(names.split()) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
