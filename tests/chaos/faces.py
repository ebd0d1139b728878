"""A run in a process of its own, and the deaths of those who look at it: kernels, browsers, servers.

Each is killed as hard as it goes, at a random moment. The run must not notice, and whoever comes next must see all of
it, within a second of asking.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil
import websocket
from jupyter_client.manager import KernelManager
from playwright.sync_api import Playwright, sync_playwright

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal import Run
from tests.chaos.killing import Result
from tests.waiting import until

WITHIN = 1.0
"""Seconds within which a run is there again, from asking for it to seeing all of it."""
_LIFE = 2.0
"""Seconds for which a face lives at most."""
_GOES_ON = 20.0
"""Seconds within which a run must have made more steps."""
_ANSWER = 60.0
"""Seconds after which somebody who doesn't answer is a failure."""


class Face(ABC):
    """Somebody who looks at a run, and can be killed."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @abstractmethod
    def open(self) -> None:
        """Come to life, without the run."""

    @abstractmethod
    def attach(self) -> list[int]:
        """Ask for the run; give the epochs that are seen of it."""

    @abstractmethod
    def kill(self) -> None:
        """Die."""


def killed(face: Face, count: int) -> Iterator[Result]:
    """Let a face look at its run, and kill it, many times over."""
    run, name = face.run, f"{type(face).__name__.lower()} killed"
    for number in range(count):
        began, told = time.perf_counter(), list[str]()
        face.open()
        asked = time.perf_counter()
        seen = face.attach()
        if (took := time.perf_counter() - asked) > WITHIN:
            told.append(f"the run was there after {took:.2f} s")
        if seen != list(range(1, len(seen) + 1)) or not seen:
            told.append(f"epochs seen: {seen[:3]} … {seen[-3:]}")
        time.sleep(random.Random(f"{name} {number}").uniform(0, _LIFE))
        face.kill()
        before = run.step
        with contextlib.suppress(AssertionError):
            until(lambda: run.step > before, timeout=_GOES_ON)  # noqa: B023
        if run.state != State.RUNNING or run.step <= before:
            told.append(f"the run is {run.state} at step {run.step:,}, as before")
        yield Result(name, f"{number} ({1000 * took:.0f} ms)", 1, not told, time.perf_counter() - began, told)


class Kernel(Face):
    """A kernel, with the panel below a cell."""

    def open(self) -> None:
        """Start a kernel and load the extension."""
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel()
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=_ANSWER)
        self._execute("%load_ext dltrainer_jupyter")

    def attach(self) -> list[int]:
        """Show the panel, and read what it was given."""
        shown = "run.panel().snapshot['epochs']['epoch']"
        return list(
            json.loads(self._execute(f"from dltrainer_jupyter import tal; run = tal.get('{self.run.id}'); {shown}"))
        )

    def kill(self) -> None:
        """Kill it while a cell is busy."""
        self._client.execute("while True: pass")
        self._manager.signal_kernel(9)
        self._manager.cleanup_resources()
        self._client.stop_channels()

    def _execute(self, code: str) -> str:
        values = list[str]()

        def hear(message: dict[str, Any]) -> None:
            if message["msg_type"] == "execute_result":
                values.append(message["content"]["data"]["text/plain"])

        answer = self._client.execute_interactive(code, output_hook=hear, timeout=_ANSWER, allow_stdin=False)
        if answer["content"]["status"] != "ok":
            raise AssertionError(answer["content"])
        return "".join(values)


class Server(Face):
    """The server of the web page, and a page that listens to it."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def open(self) -> None:
        """Start it, on the port it always has."""
        command = [sys.executable, "-m", "dltrainer_jupyter.cli", "ui", "--no-browser"]
        command += ["--ip", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[-1]

    @property
    def token(self) -> str:
        """What lets in."""
        return self.address.partition("token=")[2]

    def attach(self) -> list[int]:
        """Read the run from the stream."""
        url = f"ws://127.0.0.1:{self.port}/dltrainer/api/stream?runs={self.run.id}&token={self.token}"
        with contextlib.closing(websocket.create_connection(url, timeout=_ANSWER)) as stream:
            frame = json.loads(stream.recv())
        return list(frame["snapshot"]["epochs"]["epoch"])

    def kill(self) -> None:
        """Kill it with whatever it started."""
        _kill(psutil.Process(self.process.pid))
        self.process.communicate()


class Browser(Face):
    """A browser that shows the run's page."""

    def __init__(self, run: Run, server: Server, playwright: Playwright) -> None:
        super().__init__(run)
        self._server = server
        self._playwright = playwright

    def open(self) -> None:
        """Start it, with the person logged in."""
        before = {process.pid for process in psutil.Process().children(recursive=True)}
        found = shutil.which("chromium") or "/usr/bin/chromium"
        self._browser = self._playwright.chromium.launch(
            executable_path=found, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        self._processes = [it for it in psutil.Process().children(recursive=True) if it.pid not in before]
        self._page = self._browser.new_page()
        self._page.goto(self._server.address)

    def attach(self) -> list[int]:
        """Open the run's own address and read how far it is, once a chart is drawn."""
        address = self._server.address.partition("?")[0]
        self._page.goto(f"{address}runs/{self.run.id}")
        self._page.locator(".dlt-plot canvas").first.wait_for()
        shown = self._page.locator(".dlt-epoch b").first.text_content() or ""
        epochs = self.run.store.epochs(self.run.id)
        # What a page writes is read by eye; the epoch it shows is one that the history holds or the one under way.
        return [record.epoch for record in epochs] if int(shown.replace(",", "")) <= epochs[-1].epoch + 1 else []

    def kill(self) -> None:
        """Kill all of its processes."""
        for process in self._processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._browser.close()


def _kill(process: psutil.Process) -> None:
    children = process.children(recursive=True)
    process.kill()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


class LongRun:
    """A run in a process of its own that doesn't end by itself; deleted in the end."""

    def __enter__(self) -> Self:
        from dltrainer_jupyter import tal

        # As a server does whose person is away: what looks at the run is not what started it.
        script = Path(os.environ["DLTRAINER_HOME"]) / "long-run.yaml"
        script.parent.mkdir(parents=True, exist_ok=True)
        # Of longer histories a panel is given a part of the epochs, in which a gap would not be seen.
        script.write_text("{name: outlasting, model: cnn, data: digits, epochs: 390, batch_size: 1}\n")
        subprocess.run([sys.executable, "-m", "dltrainer_jupyter.cli", "train", script, "--detach"], check=True)
        self.run = tal.get("outlasting")
        until(lambda: self.run.epoch > 2, timeout=_ANSWER)
        return self

    def __exit__(self, *_: object) -> None:
        self.run.stop().wait(_ANSWER)
        until(lambda: self.run.state == State.STOPPED, timeout=_ANSWER)
        self.run.delete()


def kernels(count: int) -> Iterator[Result]:
    """Kill kernels before the eyes of one run's trainer."""
    with LongRun() as long:
        yield from killed(Kernel(long.run), count)


def servers(count: int) -> Iterator[Result]:
    """Kill servers."""
    with LongRun() as long:
        yield from killed(Server(long.run), count)


def browsers(count: int) -> Iterator[Result]:
    """Kill browsers; their server stays."""
    with LongRun() as long, sync_playwright() as playwright:
        server = Server(long.run)
        server.open()
        try:
            yield from killed(Browser(long.run, server, playwright), count)
        finally:
            server.kill()
