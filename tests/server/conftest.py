"""A Jupyter server with the extension, in a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_server.auth import AllowAllAuthorizer
from jupyter_server.serverapp import ServerApp

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.server import channels
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.views import feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENABLED = Path(__file__).parents[2] / "jupyter-config" / "dltrainer_jupyter.json"
API = "/dltrainer/api"


class Door(AllowAllAuthorizer):
    """Lets in whom the test lets in, and notes who asked for what."""

    shut = False
    asked: tuple[str, str] | None = None

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        Door.asked = (action, resource)
        return not Door.shut


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A running server, and how to ask it."""

    app: ServerApp
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def by_token(self) -> dict[str, str]:
        return {"Authorization": f"token {self.app.identity_provider.token}"}

    @property
    def by_cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    @property
    def by_page(self) -> dict[str, str]:
        """As the front end asks, which is a page of this server."""
        return self.by_cookie | {"X-XSRFToken": self.cookies["_xsrf"]}

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, yaml: bool = False
    ) -> Answer:
        """Send a request as it is written; by token unless told otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=60)
        sent = body if isinstance(body, str | bytes | None) else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/yaml" if yaml else "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, sent, kind | (self.by_token if headers is None else headers))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path: str) -> Answer:
        return self.ask("GET", API + path)

    def post(self, path: str, body: Any = None, *, yaml: bool = False) -> Answer:
        return self.ask("POST", API + path, body, yaml=yaml)

    def log_in(self) -> None:
        """Get the cookies that a browser has after a log-in."""
        for path, headers in (("/login", {}), ("/api/status", self.by_token)):
            answer = self.ask("GET", path, headers=headers)
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server once, enabled by the file that the wheel installs; its stream is in a hurry."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("CONFIG", "DATA", "RUNTIME"):
            monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
        for name, seconds in (("BEAT", 0.05), ("REST", 0.1), ("_SHARE", 1)):
            monkeypatch.setattr(channels, name, seconds)
        for name in ("_REAP", "_LIST"):
            monkeypatch.setattr(feed, name, 0.1)
        ready, ended = threading.Event(), threading.Event()
        servers: list[Server] = []
        thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, servers, ready, ended)), daemon=True)
        thread.start()
        try:
            assert ready.wait(60)
            servers[0].log_in()
            yield servers[0]
        finally:
            ended.set()
            thread.join(60)


async def _serve(folder: Path, servers: list[Server], ready: threading.Event, ended: threading.Event) -> None:
    app = ServerApp(
        ip="127.0.0.1",
        port=0,
        root_dir=str(folder),
        open_browser=False,
        authorizer_class=Door,
        jpserver_extensions=json.loads(ENABLED.read_text())["ServerApp"]["jpserver_extensions"],
    )
    app.init_signal = lambda: None  # signals are the main thread's
    app.initialize(argv=[], find_extensions=False)
    servers.append(Server(app))
    app.io_loop.add_callback(ready.set)  # after what binds the port, which waits there already
    await asyncio.to_thread(ended.wait)
    await app._cleanup()


@pytest.fixture
def server(served: Server) -> Iterator[Server]:
    """Give the server, which reads the store of the test's own home, with its door open."""
    Door.shut, Door.asked = False, None
    yield served
    Door.shut = False


@pytest.fixture
def recorded(home: Path) -> Callable[..., Run]:
    """Record runs that wait for a trainer, without starting one."""

    def record(**settings: Any) -> Run:
        spec = RunSpec.model_validate({"model": "mlp", "data": "digits", "executor": "process"} | settings)
        run_id, store = secrets.token_hex(6), open_store()
        store.create_run(run_id, spec, folder=str(home / "runs" / run_id), environment={"git": None})
        return Run(run_id, store)

    return record
