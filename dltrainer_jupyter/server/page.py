"""The web page: one document for all its addresses, and the files it is built of."""

from __future__ import annotations

import re
import secrets
from functools import cached_property
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

PAGE = "/dltrainer/"
STATIC = Path(__file__).parent / "static"
"""What the front end's build writes."""

_VIEWS = r"(?:/(?:runs/[^/]+|compare|new)?)?"
"""What stands behind the page's address while it shows something; the page reads it."""
_FILES = r"/static/([\w-]+-[A-Z0-9]{8}\.(?:js|css|svg))"
"""Files whose name holds a hash of what is in them; nothing else can even be asked for."""
_A_YEAR = 365 * 24 * 60 * 60

_NOT_BUILT = "The web page isn't built, so this copy of DLTrainer has only its API: run make setup, or install a wheel."


def handlers(base_url: str) -> list[tuple[str, type[web.RequestHandler], dict[str, Any]]]:
    """Give the page's routes.

    Parameters
    ----------
    base_url : str
        Of the Jupyter server.
    """
    here = re.escape(url_path_join(base_url, PAGE).removesuffix("/"))
    return [(here + _VIEWS, Page, {}), (here + _FILES, PageFile, {"path": str(STATIC)})]


def panel_client() -> str | None:
    """Say where the script lies by which a notebook's panel follows its run here, below the server's own address.

    None where it isn't built.
    """
    built = next(STATIC.glob("panel-client-*.js"), None)
    return None if built is None else f"{PAGE.strip('/')}/static/{built.name}"


class Page(JupyterHandler):
    """The document; what it shows is said by its address."""

    auth_resource = "dltrainer"

    @cached_property
    def _nonce(self) -> str:
        """Make up what the editor shows to be let write its style sheet."""
        return secrets.token_urlsafe()

    @property
    def content_security_policy(self) -> str:
        """Give two policies, which both hold: the server's, with who may frame the page, and one of ours."""
        own = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": f"'self' 'nonce-{self._nonce}'",
            "img-src": "'self' data:",
            "connect-src": f"'self' {self._sockets()}",
            "base-uri": "'none'",
            "form-action": "'none'",
            # No text becomes markup, whatever the scripts do.
            "require-trusted-types-for": "'script'",
        }
        return f"{super().content_security_policy}, {'; '.join(map(' '.join, own.items()))}"

    def set_default_headers(self) -> None:
        """Tell no other site where the person came from, and show no page of before an update."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Serve the document."""
        given = parse_qsl(self.request.query, keep_blank_values=True)
        kept = [(name, value) for name, value in given if name != "token"]
        if kept != given:
            # Whoever came by a token has a cookie now; the token belongs neither into an address nor into a history.
            self.redirect(self.request.path + (f"?{urlencode(kept)}" if kept else ""))
            return
        try:
            document = (STATIC / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise web.HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, _NOT_BUILT) from error
        self.xsrf_token  # noqa: B018 - reading it sets the cookie that the page sends with each request
        base = escape(url_path_join(self.base_url, PAGE))
        self.finish(document.replace("{{base}}", base).replace("{{nonce}}", self._nonce))

    def _sockets(self) -> str:
        """Name this server's sockets: not every browser counts them as its own."""
        host = self.request.host
        return f"ws://{host} wss://{host}" if re.fullmatch(r"[\w.:\[\]-]+", host) else ""


class PageFile(JupyterHandler, web.StaticFileHandler):
    """A script, a style sheet or a picture of the page."""

    auth_resource = "dltrainer"

    @property
    def content_security_policy(self) -> str:
        """Let the file do nothing where it is opened by itself."""
        return f"{super().content_security_policy}; default-src 'none'"

    def get_login_url(self) -> str:
        """Refuse whoever the server doesn't know: a file is no place to log in from."""
        raise web.HTTPError(HTTPStatus.FORBIDDEN)

    @web.authenticated
    @authorized
    async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override] # noqa: FBT001, FBT002
        """Serve the file."""
        await super().get(path, include_body)

    @web.authenticated
    @authorized
    async def head(self, path: str) -> None:  # type: ignore[override]
        """Serve what is known of the file."""
        await super().get(path, include_body=False)

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - tornado's signature
        """Let the browser keep it: another content has another name."""
        self.set_header("Cache-Control", f"private, max-age={_A_YEAR}, immutable")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
