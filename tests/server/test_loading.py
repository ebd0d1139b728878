"""A page that has just been opened asks for several things at once."""

from __future__ import annotations

import subprocess
import sys

from jupyter_server.extension.manager import ExtensionPackage

from tests.own_loop import run_apart

ASK = """
import sys, threading
from dltrainer_jupyter.server.endpoint import _called
from dltrainer_jupyter.server.routes import ROUTES
from dltrainer_jupyter.server.loading import load

sys.setswitchinterval(1e-6)
nothing = (b"", "")
calls = [lambda path=path: _called(ROUTES[path]["get"], (), {}, nothing) for path in ("/runs", "/store")] + [load]
start, failures = threading.Barrier(12), []

def ask(call):
    start.wait()
    try:
        call()
    except BaseException as error:
        failures.append(repr(error))

threads = [threading.Thread(target=ask, args=(calls[at % len(calls)],)) for at in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(failures)
"""


def test_the_first_requests_may_come_all_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_begins_as_soon_as_the_server_listens(monkeypatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr("dltrainer_jupyter.server.loading.begin", lambda: begun.append("begun"))
    package = ExtensionPackage(name="dltrainer_jupyter", enabled=True)
    run_apart(package.start_all_points(None))
    assert begun == ["begun"]
