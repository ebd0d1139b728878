"""Nobody gets in who may not: every route by itself, and every condition by itself with everything else right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tornado.routing import RuleRouter

from dltrainer_jupyter.server.routes import PREFIX, ROUTES
from dltrainer_jupyter.server.stream import STREAM, Stream
from tests.server.conftest import Door

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "post", "put", "patch", "delete")
SOCKET = PREFIX + STREAM
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
UNUSABLE = {"no such setting": 1}
"""Nothing is started or changed by whoever gets in."""


def rules(router: RuleRouter) -> Iterator[Any]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from rules(rule.target)
        else:
            yield rule


def requests(app: Any, run: str) -> list[tuple[str, str]]:
    """Find every method and path of the API in the application's own table."""
    found = []
    for rule in rules(app.default_router):
        pattern = getattr(getattr(rule.matcher, "regex", None), "pattern", "")
        if PREFIX not in pattern.replace("\\", ""):
            continue
        path = pattern.removesuffix("$").replace("\\", "")
        for there in ("/parts/models/mlp", "/parts/models", "/models/mlp", "/tests/7"):
            path = path.replace(re.sub("(?<=s/)[^/]+", "([^/]+)", there), there)
        path = path.replace("([^/]+)", run)
        unimplemented = rule.target._unimplemented_method
        found += [(name.upper(), path) for name in METHODS if getattr(rule.target, name) is not unimplemented]
    return found


@pytest.fixture
def run(recorded) -> Any:
    return recorded(name="guarded")


def test_the_routes_are_those_of_the_application(server, run) -> None:
    there = {(method.lower(), path) for method, path in requests(server.app.web_app, run.id)}
    declared = {
        (method, (PREFIX + path).format(id=run.id, kind="models", name="mlp", number=7))
        for path in ROUTES
        for method in ROUTES[path]
    }
    assert declared <= there
    assert {SOCKET} | {path for _, path in declared} == {path for _, path in there}


def ask(server, method: str, path: str, headers: dict[str, str]) -> Any:
    """Send a request that is well formed but for what it would change."""
    more = HANDSHAKE if path == SOCKET else {}
    return server.ask(method, path, UNUSABLE if method == "POST" else None, headers=headers | more)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["by_token", "by_page"])
def test_whoever_may_gets_in(server, run, who) -> None:
    for method, path in requests(server.app.web_app, run.id):
        Door.asked = None
        answer = ask(server, method, path, getattr(server, who))
        usual = {200, 405, 409, 422} | ({404} if "/tests/7" in path else set())
        assert answer.status in ({101} if path == SOCKET else usual), (method, path, answer)
        assert Door.asked == ("read" if method == "GET" else "write", "dltrainer")


def shut(server) -> dict[str, str]:
    Door.shut = True
    return server.by_token


REFUSED = {
    "without a token": (403, lambda _: {}),
    "with a wrong token": (403, lambda _: {"Authorization": "token 0"}),
    "without an XSRF token": (403, lambda server: server.by_cookie),
    "with a wrong XSRF token": (403, lambda server: server.by_cookie | {"X-XSRFToken": "0"}),
    "with a closed door": (403, shut),
    # The Jupyter server tells pages of other sites that there is nothing.
    "from another site": (404, lambda server: server.by_page | {"Origin": "https://example.org"}),
    "for another host": (403, lambda server: server.by_token | {"Host": "example.org"}),
}


@pytest.mark.parametrize("how", REFUSED)
def test_nobody_else_does(server, run, how, monkeypatch) -> None:
    reached: list[Any] = []
    monkeypatch.setattr("dltrainer_jupyter.server.endpoint._called", lambda *call: reached.append(call))
    monkeypatch.setattr(Stream, "open", lambda *_: reached.append("a socket"))
    usual, who = REFUSED[how]
    for method, path in requests(server.app.web_app, run.id):
        answer = ask(server, method, path, who(server))
        status = 403 if path == SOCKET else usual
        assert answer.status == status, (method, path, answer)
        assert answer.json["reason"] == {403: "Forbidden", 404: "Not Found"}[status]
        assert answer.json["message"]
    assert not reached


def test_a_page_of_this_server_may_read_without_an_xsrf_token(server, run) -> None:
    referrer = {"Referer": f"http://127.0.0.1:{server.app.port}/lab"}
    answer = server.ask("GET", f"{PREFIX}/runs", headers=server.by_cookie | referrer)
    assert answer.status == 200


def test_a_page_says_its_xsrf_token_in_the_address_of_the_stream(server) -> None:
    """A WebSocket can send no headers."""
    own = {"Origin": f"http://127.0.0.1:{server.app.port}"}
    for token, status in ((server.cookies["_xsrf"], 101), ("0", 403)):
        answer = server.ask("GET", f"{SOCKET}?_xsrf={quote(token)}", headers=server.by_cookie | own | HANDSHAKE)
        assert answer.status == status
    foreign = {"Origin": "https://example.org"}
    address = f"{SOCKET}?_xsrf={quote(server.cookies['_xsrf'])}"
    assert server.ask("GET", address, headers=server.by_cookie | foreign | HANDSHAKE).status == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD"])
def test_other_methods_do_nothing(server, run, method) -> None:
    assert server.ask(method, f"{PREFIX}/runs/{run.id}").status == 405
    assert run.state == "pending"


def test_a_method_that_a_path_lacks_is_named_beside_those_it_has(server, run) -> None:
    answer = server.ask("DELETE", f"{PREFIX}/runs")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
