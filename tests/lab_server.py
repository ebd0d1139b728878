"""Jupyter servers that tests start: JupyterLab, or a bare one, with nothing of the person's own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.ports import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

START = 180
"""Seconds a server may take to start on a busy machine."""
LAB = ("jupyterlab", "--LabApp.expose_app_in_browser=True")


class Lab:
    """A running JupyterLab."""

    def __init__(self, url: str, token: str, root: Path, store: Path) -> None:
        self.url = url
        self.token = token
        self.root = root
        self.store = store

    def write(self, name: str, cells: list[str]) -> None:
        """Put a notebook where Lab finds it."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        nbformat.write(notebook, self.root / name)


def own_places(home: Path, settings: Mapping[str, object] | None = None) -> dict[str, str]:
    """Give the environment in which settings, kernels' history and runs are all new.

    ``settings`` are the server's own, and go before what the environment's packages say.
    """
    pages = home / "config" / "labconfig" / "page_config.json"
    pages.parent.mkdir(parents=True)
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(settings or {}))
    # Its question whether to fetch news would lie over the page.
    pages.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    places |= {"IPYTHONDIR": "ipython", "DLTRAINER_HOME": "dltrainer", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    places |= {"JUPYTERLAB_SETTINGS_DIR": "settings"}
    return {"JUPYTER_PREFER_ENV_PATH": "0"} | {name: str(home / place) for name, place in places.items()}


@contextlib.contextmanager
def serving(
    home: Path,
    module: Sequence[str] = LAB,
    *,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] = os.environ,
    settings: Mapping[str, object] | None = None,
) -> Iterator[Lab]:
    """Start a server in a new folder, and end it."""
    root = home / "notebooks"
    root.mkdir()
    places = own_places(home, settings)
    token = secrets.token_hex(16)
    port = free_port()
    command = [str(python), "-m", *module, "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}", "--ServerApp.port_retries=0"]
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**environment, **places}, stdout=output, stderr=subprocess.STDOUT, cwd=root
        )
        try:
            url = f"http://127.0.0.1:{port}/"
            until(lambda: _answers(process, f"{url}api/status?token={token}", log), START)
            yield Lab(url, token, root, home / "dltrainer")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                # Jupyter's contents leave a thread of AnyIO behind at times, which Python waits for without end.
                process.kill()
                process.wait()


def _answers(server: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    if server.poll() is not None:
        pytest.fail(f"The server ended with exit code {server.returncode}:\n{log.read_text()[-2000:]}")
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
