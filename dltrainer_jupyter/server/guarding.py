"""Who may ask: the same for every path, so that none can forget it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from dltrainer_jupyter.server.errors import error_body


class Guarded(JupyterHandler):
    """A path that only those reach whom the Jupyter server knows, from a page of its own."""

    auth_resource = "dltrainer"

    async def prepare(self) -> None:  # type: ignore[override]
        """Let nobody in whom the server doesn't know, nor another site's page."""
        await super().prepare()
        if self.request.method == "GET" and self.current_user:
            # The server itself asks only those who write. As for its files, a referrer of its own will do here.
            self.check_xsrf_cookie()

    def refuse(self, status: HTTPStatus, message: object, reason: str | None = None) -> None:
        """Answer with an error."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(error_body(message, reason or status.phrase)))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Describe what the server itself refuses, or what nobody foresaw, as any other error."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = HTTPStatus(status_code)
        said = error.log_message % error.args if isinstance(error, web.HTTPError) and error.log_message else None
        self.refuse(status, said or status.phrase)
