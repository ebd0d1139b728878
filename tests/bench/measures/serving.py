"""What a Jupyter server takes for lists of ten thousand runs, and for streaming ten that are alive."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import websocket

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.tables import training_attempts, training_jobs, training_latest_metrics, training_metrics
from tests.bench.report import Row
from tests.stand_in import STEPS, Trainer
from tests.waiting import until

MANY, ALIVE = 10_000, 10
_EPOCHS = 20
_REQUESTS = 60
_SECONDS = 15.0
_SETTLING = 3.0
_TOKEN = "bench"  # noqa: S105 - of a server that is gone in a minute
_API = "/dltrainer/api"
_QUERIES = {
    "50 runs": "",
    "100 runs": "?limit=100",
    "100 runs by best value": "?limit=100&sort=best",
    "50 runs of a filter": f"?filter={quote('digits framework:pytorch best>0.5')}",
}
_WRITE = """
import sys, threading
from tests.bench.measures.serving import write
write(sys.argv[1])
"""


@dataclass
class _Server:
    port: int
    process: psutil.Process

    def get(self, path: str, connection: http.client.HTTPConnection) -> bytes:
        connection.request("GET", _API + path, headers={"Authorization": f"token {_TOKEN}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == http.client.OK, body
        return body

    def seconds(self) -> float:
        """Give the processor time it has taken so far."""
        taken = self.process.cpu_times()
        return float(taken.user + taken.system)


@contextlib.contextmanager
def _served(home: Path) -> Iterator[_Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyter_server", f"--port={port}", "--no-browser", "--allow-root"]
    command += [f"--IdentityProvider.token={_TOKEN}", f"--ServerApp.root_dir={home}"]
    command += ['--ServerApp.jpserver_extensions={"dltrainer_jupyter": True}']
    environment = os.environ | folders | {"DLTRAINER_HOME": str(home)}
    with (home / "log").open("w") as log:
        started = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        until(lambda: _answers(port), 60)
        yield _Server(port, psutil.Process(started.pid))
    finally:
        started.terminate()
        started.wait()


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def listing(options: argparse.Namespace) -> list[Row]:
    """Ask for pages among ten thousand runs with a history; the 95th percentile of the requests of a round."""
    found: dict[str, list[float]] = {what: [] for what in _QUERIES}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _fill(Store.open(f"sqlite:///{home}/dltrainer.db"))
        with _served(home) as server, contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port)) as line:
            for query in _QUERIES.values():
                server.get(f"/runs{query}", line)
            for _ in range(options.rounds):
                for what, query in _QUERIES.items():
                    found[what].append(_percentile(server, f"/runs{query}", line))
    return [Row(f"{what}, 95th percentile", tuple(values), "ms", at_most=50) for what, values in found.items()]


def _percentile(server: _Server, path: str, line: http.client.HTTPConnection) -> float:
    times = []
    for _ in range(_REQUESTS):
        began = time.perf_counter()
        server.get(path, line)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.quantiles(times, n=20)[-1]


def _fill(store: Store) -> None:
    """Copy a run that has trained, with its history, under other names."""
    trainer = _begun(store, "digits")
    for epoch in range(1, _EPOCHS + 1):
        trainer.epoch(epoch)
    trainer.end()
    tables = (training_jobs, training_attempts, training_metrics, training_latest_metrics)
    key = {table: "id" if table is training_jobs else "run_id" for table in tables}
    with store._database.write() as connection:
        rows = {table: [dict(row) for row in connection.execute(table.select()).mappings()] for table in tables}
        for number in range(1, MANY):
            copied = {"name": f"{('digits', 'wine')[number % 2]}-{number % 97}", "best_value": number / MANY}
            run_id = f"{number:012x}"
            for table in tables:
                more = {**copied, "number": number + 1} if table is training_jobs else {}
                connection.execute(table.insert(), [{**row, key[table]: run_id, **more} for row in rows[table]])
    store.close()


def _begun(store: Store, name: str) -> Trainer:
    run_id = secrets.token_hex(6)
    spec = RunSpec(name=name, model="cnn", data="digits", epochs=2000)
    packages = {f"package-{number}": "1.0" for number in range(60)}
    store.create_run(run_id, spec, folder="/nowhere", environment={"packages": packages})
    return Trainer(store, run_id)


def write(url: str) -> None:
    """Write to ten runs as trainers do, five times a second, until the input ends."""
    store = Store.open(url)
    names = ("train_loss", "gradient_norm")
    trainers = [_begun(store, f"run-{number}") for number in range(ALIVE)]
    for trainer in trainers:
        trainer.steps(100 * STEPS, names)
        trainer.epoch(1)
    print(json.dumps([trainer.run.id for trainer in trainers]), flush=True)  # noqa: T201 - what the bench reads
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    epoch = 1
    while not ended.wait(0.2):
        epoch += 1
        for trainer in trainers:
            trainer.steps(20, names)
            if epoch % 10 == 0:
                trainer.epoch(epoch)


def streaming(options: argparse.Namespace) -> list[Row]:
    """Watch ten runs that are written to five times a second; how much of a core the server takes."""
    shares, patches = [], []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = f"sqlite:///{home}/dltrainer.db"
        Store.open(url).close()
        command = [sys.executable, "-c", _WRITE, url]
        with (
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer,
            _served(home) as server,
        ):
            assert writer.stdin is not None
            assert writer.stdout is not None
            runs = json.loads(writer.stdout.readline())
            address = f"ws://127.0.0.1:{server.port}{_API}/stream?token={_TOKEN}&runs={','.join(runs)}"
            with contextlib.closing(websocket.create_connection(address, timeout=60)) as page:
                _hear(page, _SETTLING)
                for _ in range(options.rounds):
                    before = server.seconds()
                    heard = _hear(page, _SECONDS)
                    shares.append(100 * (server.seconds() - before) / _SECONDS)
                    patches.append(heard / _SECONDS)
            writer.stdin.close()
    return [
        Row("of a core, ten live runs streaming", tuple(shares), "%", at_most=10),
        Row("patches", tuple(patches), "a second"),
    ]


def _hear(page: websocket.WebSocket, seconds: float) -> int:
    """Read for so long, and count the patches."""
    until_then, count = time.monotonic() + seconds, 0
    while time.monotonic() < until_then:
        count += str(page.recv()).startswith('{"kind":"patch"')
    return count
