"""Adding the routes and the web page to a Jupyter server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

from dltrainer_jupyter.server import page
from dltrainer_jupyter.server.endpoint import Endpoint
from dltrainer_jupyter.server.routes import PREFIX, ROUTES
from dltrainer_jupyter.server.stream import STREAM, Stream

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

_ANY_NAME = "([^/]+)"


def load(app: ServerApp) -> None:
    """Add the routes and the web page to a server.

    Parameters
    ----------
    app : jupyter_server.serverapp.ServerApp
        Its settings decide who may ask what.
    """
    base = app.web_app.settings["base_url"]
    handlers = [
        (_pattern(url_path_join(base, PREFIX, path)), Endpoint, {"operations": ROUTES[path]}) for path in ROUTES
    ]
    stream = (_pattern(url_path_join(base, PREFIX, STREAM)), Stream)
    app.web_app.add_handlers(".*$", [*handlers, stream, *page.handlers(base)])  # type: ignore[no-untyped-call]


def _pattern(path: str) -> str:
    """Make a path a regular expression."""
    return _ANY_NAME.join(map(re.escape, re.split(r"{\w+}", path)))
