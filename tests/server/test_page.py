"""The web page is for who may see it, at every address of its own, and lets nothing run but its own scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_server.utils import url_path_join

from dltrainer_jupyter.server.page import PAGE, STATIC, Page, PageFile, handlers
from dltrainer_jupyter.server.routes import PREFIX
from tests.server.conftest import Door
from tests.server.test_guarding import rules

if TYPE_CHECKING:
    from tests.server.conftest import Answer, Server

ADDRESSES = ["", "runs/0123456789ab", "runs/no%20such%2Frun", "compare?runs=a,b", "new"]
FILES = sorted(path.name for path in STATIC.glob("*-*"))
FOREIGN = {"Origin": "https://example.org", "Referer": "https://example.org/", "Sec-Fetch-Site": "cross-site"}


def policies(answer: Answer) -> dict[str, str]:
    """Read what the strict one of the two policies says."""
    directives = answer.headers["Content-Security-Policy"].split(", ")[1].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


def test_every_route_that_is_no_part_of_the_api_is_held_to_what_stands_here(server) -> None:
    found = {}
    for rule in rules(server.app.web_app.default_router):
        pattern = getattr(getattr(rule.matcher, "regex", None), "pattern", "").replace("\\", "")
        if "dltrainer" in pattern and PREFIX not in pattern:
            found[rule.target] = pattern
    assert set(found) == {Page, PageFile}


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_page_is_the_same_at_every_address(server, address) -> None:
    answer = server.ask("GET", PAGE + address, headers=server.by_cookie)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    document = answer.body.decode()
    assert "{{" not in document
    loaded = re.findall(r'(?:src|href)="([^"]+)"', document)
    assert len(loaded) == 3
    for path in loaded:
        assert server.ask("GET", path, headers=server.by_cookie).status == 200


def test_without_the_slash_it_is_there_too(server) -> None:
    assert server.ask("GET", PAGE.rstrip("/"), headers=server.by_cookie).status == 200


@pytest.mark.parametrize("address", ["runs", "runs/", "runs/a/b", "new/x", "index.html", "static/", "nothing"])
def test_no_other_address_is_its(server, address) -> None:
    # The Jupyter server takes a slash at the end away first.
    assert server.ask("GET", PAGE + address, headers=server.by_cookie).status in {302, 404}


def test_what_the_browser_is_told(server) -> None:
    answer = server.ask("GET", PAGE, headers=server.by_cookie)
    headers, policy = answer.headers, policies(answer)
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', answer.body.decode()))
    host = f"127.0.0.1:{server.app.port}"
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": "'self' data:",
        "connect-src": f"'self' ws://{host} wss://{host}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert headers["Content-Security-Policy"].startswith("frame-ancestors 'self'; ")
    told = {name: headers[name] for name in ("X-Content-Type-Options", "Referrer-Policy", "Cache-Control")}
    assert told == {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    assert not re.search(rb"<script(?![^>]* src=)|\son\w+=|javascript:", answer.body)
    again = server.ask("GET", PAGE, headers=server.by_cookie)
    assert nonce not in again.body.decode()


def test_the_page_brings_the_cookie_that_its_requests_need(server) -> None:
    login = {name: value for name, value in server.cookies.items() if name != "_xsrf"}
    cookie = "; ".join(f"{name}={value}" for name, value in login.items())
    answer = server.ask("GET", PAGE, headers={"Cookie": cookie})
    (xsrf,) = [it for it in answer.headers.get_all("Set-Cookie") if it.startswith("_xsrf=")]
    value = xsrf.partition(";")[0].partition("=")[2]
    headers = {"Cookie": f"{cookie}; _xsrf={value}", "X-XSRFToken": value}
    assert server.ask("GET", f"{PREFIX}/runs", headers=headers).status == 200


def test_a_token_in_the_address_becomes_a_cookie(server) -> None:
    token = server.app.identity_provider.token
    answer = server.ask("GET", f"{PAGE}compare?runs=a%2Cb&token={token}", headers={})
    assert (answer.status, answer.headers["Location"]) == (302, f"{PAGE}compare?runs=a%2Cb")
    assert token not in str(answer.headers)
    assert any(it.startswith("username-") for it in answer.headers.get_all("Set-Cookie"))


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_sent_to_log_in(server, address) -> None:
    for headers in ({}, {"Authorization": "token 0"}, {"Cookie": "username-127-0-0-1=0"}):
        answer = server.ask("GET", PAGE + address, headers=headers)
        assert answer.status == 302
        assert answer.headers["Location"].startswith("/login?next=%2Fdltrainer%2F")


@pytest.mark.parametrize("path", ["", "static/" + FILES[0]])
def test_the_door_is_asked(server, path) -> None:
    Door.asked = None
    assert server.ask("GET", PAGE + path, headers=server.by_cookie).status == 200
    assert Door.asked == ("read", "dltrainer")
    Door.shut = True
    assert server.ask("GET", PAGE + path, headers=server.by_cookie).status == 403


@pytest.mark.parametrize("path", ["", "static/" + FILES[0]])
def test_other_sites_and_hosts_get_nothing(server, path) -> None:
    assert server.ask("GET", PAGE + path, headers=server.by_cookie | {"Host": "example.org"}).status == 403
    answer = server.ask("GET", PAGE + path, headers=server.by_cookie | FOREIGN)
    # A link may lead here; what another site fetches or embeds its browser keeps from it.
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_there_is_nothing_to_do_but_read(server, method) -> None:
    for path in ("", "static/" + FILES[0]):
        assert server.ask(method, PAGE + path, headers=server.by_page).status == 405


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_kept_for_good(server, name) -> None:
    answer = server.ask("GET", f"{PAGE}static/{name}", headers=server.by_cookie)
    assert answer.body == (STATIC / name).read_bytes()
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    kinds = {".js": "javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    assert kinds["." + name.rpartition(".")[2]] in answer.headers["Content-Type"]
    assert answer.headers["Content-Security-Policy"].endswith("default-src 'none'")


def test_a_file_is_no_place_to_log_in_from(server) -> None:
    assert server.ask("GET", f"{PAGE}static/{FILES[0]}", headers={}).status == 403


SECRETS = ["__init__.py", "page.py", "static/index.html", "static/page.licenses.txt", "../../pyproject.toml"]
STEPS = ["../", "..%2f", "..%252f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "....//", ".%00./", "..;/", "..%c0%af"]


def test_nothing_lies_beside_the_files(server) -> None:
    payloads = [step * depth + name for step in STEPS for depth in (1, 2, 4) for name in SECRETS]
    payloads += [f"{FILES[0]}/{step}{name}" for step in STEPS for name in SECRETS]
    payloads += [
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "C:%5cwindows%5cwin.ini",
        f"{FILES[0]}%00",
        f"{FILES[0]}/",
        "index.html",
    ]
    for payload in payloads:
        answer = server.ask("GET", f"{PAGE}static/{payload}", headers=server.by_cookie)
        # 400 where it is no text at all.
        assert answer.status in {302, 400, 404}, payload
        assert b"from __future__" not in answer.body, payload


@pytest.mark.parametrize("base", ["/", "/some/prefix/", "/user/a+b(c)/"])
def test_routes_stand_below_the_base_url(base) -> None:
    page, file = (re.compile(pattern + "$") for pattern, _, _ in handlers(base))
    for address in ("", "runs/x", "compare", "new"):
        assert page.match(url_path_join(base, PAGE, address))
    assert file.match(url_path_join(base, PAGE, "static", FILES[0]))
    assert base == "/" or not page.match(PAGE)


def test_the_document_names_its_files_below_the_base_url(server, monkeypatch) -> None:
    monkeypatch.setitem(server.app.web_app.settings, "base_url", '/some/"prefix/')
    document = server.ask("GET", PAGE, headers=server.by_cookie).body.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', document)
    assert len(loaded) == 3
    assert all(path.startswith("/some/&quot;prefix/dltrainer/static/") for path in loaded)


def test_where_it_is_not_built_it_says_how_to(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("dltrainer_jupyter.server.page.STATIC", tmp_path)
    answer = server.ask("GET", PAGE, headers=server.by_cookie)
    assert answer.status == 503
    assert b"make setup" in answer.body
