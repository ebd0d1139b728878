"""The Jupyter server's extension: every run over HTTP, in the words of every other face.

What lives here: routes, the models that check requests and describe answers, who may ask, status codes. What does
not: what a verb does (``tal``) and what a watcher reads (``views``). The server imports no framework and loads no
pickle, and its event loop never waits for the store: every answer is put together in a thread.

=============== ===============================================================
``extension``   adds the routes to a Jupyter server
``routes``      which path answers what
``guarding``    who may ask
``endpoint``    one request: is it well formed, what comes back
``stream``      the WebSocket: frames in and out, checked by ``stream_schemas``
``watcher``     what one socket shows, ``outbox`` what waits to be sent over it
``channels``    what many sockets are told, read once for them all
``loading``     what answers are made with, imported by one thread at a time, and before it is asked for
``page``        the web page: its document and its files
``errors``      an error as status code, message and reason
``operation``   what an answer is made of and described by
``schemas``     requests and answers as pydantic models; ``model_schemas`` about models, ``list_schemas`` about lists
``openapi``     the document made of routes and models
``watching``    reading the store and its runs
``training``    starting runs: new ones, clones, ended ones that go on
``prediction``  predicting with checkpoints, in a worker's process
``models``      the models there are, and their settings; ``parts`` the parts of every kind
``steering``    asking something of a run, deleting it
=============== ===============================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Add the routes; the Jupyter server calls this at its start."""
    from dltrainer_jupyter.server.extension import load

    load(app)


async def _start_jupyter_server_extension(app: ServerApp) -> None:  # noqa: ARG001 - the Jupyter server's signature
    """Get ready while browsers draw their pages; the Jupyter server calls this when it listens."""
    from dltrainer_jupyter.server import loading

    loading.begin()
