"""One request: who asks, whether it is well formed, and what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Future
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, RunNotFoundError
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.server.errors import BodyTooLargeError, UnreadableBodyError, status_of
from dltrainer_jupyter.server.guarding import Guarded
from dltrainer_jupyter.server.loading import load
from dltrainer_jupyter.server.operation import File, Operation
from dltrainer_jupyter.server.schemas import Nothing
from dltrainer_jupyter.views.words import finite

if TYPE_CHECKING:
    from pydantic import BaseModel

_JUPYTER_OWN = frozenset({"token", "_xsrf", "no_track_activity"})
"""Query parameters that belong to the Jupyter server."""


class Endpoint(Guarded, APIHandler):
    """A path. Its methods are the same for all, so that none can forget to ask who asks."""

    def initialize(self, operations: Mapping[str, Operation]) -> None:
        """Take what the path answers, by method."""
        self._operations = operations

    @web.authenticated
    @authorized
    async def get(self, *path: str) -> None:
        """Read something."""
        await self._answer("get", *path)

    @web.authenticated
    @authorized
    async def post(self, *path: str) -> None:
        """Ask for something."""
        await self._answer("post", *path)

    @web.authenticated
    @authorized
    async def delete(self, *path: str) -> None:
        """Remove something."""
        await self._answer("delete", *path)

    async def _answer(self, method: str, *path: str) -> None:
        operation = self._operations.get(method)
        if operation is None:
            known = ", ".join(sorted(name.upper() for name in self._operations))
            self.set_header("Allow", known)
            self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"Expected {known}, got {method.upper()}.")
            return
        try:
            query, content = self._query(), self._content(operation.largest_body)
            answer = await asyncio.to_thread(_called, operation, path, query, content)
            if isinstance(answer, Future):
                # No thread of ours waits meanwhile.
                answer = await asyncio.to_thread(_written, await asyncio.wrap_future(answer))
        except DLTrainerError as error:
            self.refuse(status_of(error), error, type(error).__name__)
            return
        self.set_status(operation.status)
        if isinstance(answer, File):
            # Kept, never shown: what the page of a server shows could ask it for anything.
            self.set_header("Content-Disposition", f'attachment; filename="{answer.name}"')
            await self._send(answer)
            return
        self.finish(answer)

    async def _send(self, file: File) -> None:
        """Send a file; one that is made piece by piece as fast as it is taken."""
        if isinstance(file.content, bytes):
            self.finish(file.content, set_content_type=file.media_type)
            return
        self.set_header("Content-Type", file.media_type)
        while (piece := await asyncio.to_thread(next, file.content, None)) is not None:
            self.write(piece)
            await self.flush()
        self.finish(set_content_type=file.media_type)

    def _query(self) -> dict[str, str | list[str]]:
        """Read the parameters; a bare number is what front ends add to get past caches."""
        names = [name for name in self.request.query_arguments if name not in _JUPYTER_OWN and not name.isdecimal()]
        given = {name: self.get_query_arguments(name) for name in names}
        return {name: values[0] if len(values) == 1 else values for name, values in given.items()}

    def _content(self, largest: int) -> tuple[bytes, str]:
        """Give the body and its media type."""
        body = self.request.body
        if len(body) > largest:
            msg = f"Expected a body of at most {largest:,} bytes, got {len(body):,}."
            raise BodyTooLargeError(msg)
        return body, self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _called(operation: Operation, path: tuple[str, ...], query: Mapping[str, Any], content: tuple[bytes, str]) -> Any:
    """Check what was sent, and put the answer together; runs in a thread."""
    load()
    if any("\0" in ref for ref in path):
        # Some databases don't even take it into a question.
        msg = "Nothing has a name or id with a NUL in it."
        raise RunNotFoundError(msg)
    given: list[BaseModel | Mapping[str, Any] | bytes | str] = []
    asked = validate(operation.query, query)
    if operation.query is not Nothing:
        given.append(asked)
    if operation.reads_body:
        given += content
    elif operation.body is not Nothing or content[0]:
        settings = _mapping(*content)
        if operation.checks_body:
            given.append(settings)
        else:
            checked = validate(operation.body, settings)
            given += [checked] if operation.body is not Nothing else []
    answer = operation.call(*path, *given)
    if isinstance(answer, Future | File):
        return answer
    return None if operation.answer is None else _written(answer)


def _written(answer: Any) -> str:
    """Write an answer as JSON."""
    try:
        return json.dumps(answer, allow_nan=False)
    except (ValueError, TypeError):
        # Few hold what JSON can't say, and to look through a long list takes as long as to write it.
        return json.dumps(finite(answer), allow_nan=False)


def _mapping(body: bytes, media_type: str) -> dict[str, Any]:
    """Read a body: JSON, or YAML if it says so; an empty one is an empty mapping."""
    try:
        text = body.decode()
        if media_type.endswith("yaml"):
            from dltrainer_jupyter.tal.configuration import parse_yaml

            return parse_yaml(text)
        values = json.loads(text, parse_constant=_no_constant) if text.strip() else {}
    except (ConfigurationError, ValueError) as error:
        msg = f"The body can't be read: {str(error).rstrip('.')}."
        raise UnreadableBodyError(msg) from error
    except RecursionError as error:
        msg = "The body can't be read: it is nested too deep."
        raise UnreadableBodyError(msg) from error
    if not isinstance(values, dict):
        msg = f"Expected a mapping of settings as the body, got a {type(values).__name__}."
        raise UnreadableBodyError(msg)
    return values


def _no_constant(name: str) -> float:
    msg = f"{name} is no JSON"
    raise ValueError(msg)
