"""The stream: one WebSocket over which a page hears of everything it shows."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError
from dltrainer_jupyter.server import stream_schemas as said
from dltrainer_jupyter.server.guarding import Guarded
from dltrainer_jupyter.server.loading import load
from dltrainer_jupyter.views.words import one_line

if TYPE_CHECKING:
    from dltrainer_jupyter.server.channels import Channels
    from dltrainer_jupyter.server.watcher import Watcher

STREAM = "/stream"
_CHANNELS = "dltrainer_channels"
"""Where a server's settings keep its channels."""
_LARGEST_FRAME = 2**16
"""Bytes; what clients say has some hundred."""
_PING_SECONDS = 30.0
"""Between two questions whether a client is still there, unless the Jupyter server says how often."""


class Stream(Guarded, WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A socket."""

    _watcher: Watcher | None = None
    _sending: asyncio.Task[None] | None = None

    def set_default_headers(self) -> None:
        """Leave out what is said about documents."""

    @property
    def max_message_size(self) -> int:
        """Close the socket on whoever sends more in one frame."""
        return _LARGEST_FRAME

    # Tornado asks whether the client is still there. Jupyter's mixin, whose open isn't called, would ask as well; what
    # it gives here are milliseconds, which Tornado takes for seconds and complains of.

    @property
    def ping_interval(self) -> float:
        """Give the seconds between two pings; 0 for none."""
        given = self.settings.get("websocket_ping_interval")
        return _PING_SECONDS if given is None else float(given)

    @property
    def ping_timeout(self) -> float:
        """Give the seconds an answer may take: never longer than until the next ping."""
        given = self.settings.get("websocket_ping_timeout")
        return self.ping_interval if given is None else min(float(given), self.ping_interval)

    @ws_authenticated
    @authorized
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Become a socket."""
        await super().get(*args, **kwargs)

    async def open(self, *_args: Any, **_kwargs: Any) -> None:
        """Begin to tell, of the runs in the address first."""
        # Reading the store brings much to be imported, for which nobody else shall wait.
        await asyncio.to_thread(load)
        from dltrainer_jupyter.server.outbox import Outbox
        from dltrainer_jupyter.server.watcher import Watcher

        outbox = Outbox(self._send)
        self._watcher = Watcher(self._channels(), outbox)
        self._sending = asyncio.get_running_loop().create_task(outbox.empty())
        self._sending.add_done_callback(self._stopped_sending)
        wanted = [ref for given in self.get_query_arguments("runs") for ref in given.split(",") if ref]
        for ref in dict.fromkeys(wanted):
            await self._answer({"kind": "watch", "id": ref})

    async def on_message(self, message: str | bytes) -> None:
        """Answer a frame; the next one is read only then."""
        try:
            frame = json.loads(message)
        except (ValueError, RecursionError):
            await self._refuse_frame(None, "Expected a frame of JSON text.")
            return
        await self._answer(frame)

    def on_close(self) -> None:
        """Tell nothing more."""
        if self._sending is not None:
            self._sending.cancel()
        if self._watcher is not None:
            self._watcher.close()
        super().on_close()

    async def _answer(self, frame: Any) -> None:
        try:
            await self._obey(said.read(frame))
        except DLTrainerError as error:
            named = frame.get("id") if isinstance(frame, dict) else None
            await self._refuse_frame(named if isinstance(named, str) else None, error)

    async def _obey(self, frame: said.Frame) -> None:
        watcher = self._watcher
        if watcher is None:
            return
        match frame:
            case said.Watch():
                if "\0" in frame.id:
                    msg = "No run has a name or id with a NUL in it."
                    raise ConfigurationError(msg)
                await watcher.watch(frame.id, frame.revision)
            case said.Unwatch():
                watcher.unwatch(frame.id)
            case said.List():
                await watcher.list(on=frame.on)
            case said.Resources():
                watcher.resources(on=frame.on)
            case said.Ping():
                await self._send('{"kind":"pong"}')

    async def _refuse_frame(self, ref: str | None, message: object) -> None:
        await self._send(json.dumps({"kind": "error", "id": ref, "message": one_line(message)}))

    async def _send(self, text: str) -> None:
        """Send a frame; done when it is on its way."""
        try:
            await self.write_message(text)
        except (WebSocketClosedError, StreamClosedError):
            # The other side is gone; the socket's end is told by itself.
            self.close()

    def _stopped_sending(self, sending: asyncio.Task[None]) -> None:
        """Close a socket that would stay silent, so that the client comes again."""
        error = None if sending.cancelled() else sending.exception()
        if error is not None:
            self.log.error("The stream broke off", exc_info=error)
            self.close()

    def _channels(self) -> Channels:
        from dltrainer_jupyter.server.channels import Channels

        found: Channels = self.settings.get(_CHANNELS) or self.settings.setdefault(_CHANNELS, Channels())
        return found
