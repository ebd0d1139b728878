"""A real kernel to measure in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

PATIENCE = 300.0
"""Seconds after which something that should have happened is a failure, on however busy a machine."""


class Kernel:
    """Runs cells and times them, from the request to the idle state, as a notebook sees it."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, code: str) -> float:
        """Run a cell.

        Returns
        -------
        float
            Seconds from the request to the reply.
        """
        started = time.perf_counter()
        message = self._client.execute(code)
        reply: dict[str, Any] = self._client.get_shell_msg(timeout=PATIENCE)
        elapsed = time.perf_counter() - started
        while reply["parent_header"].get("msg_id") != message:
            reply = self._client.get_shell_msg(timeout=PATIENCE)
            elapsed = time.perf_counter() - started
        assert reply["content"]["status"] == "ok", reply["content"].get("evalue")
        return elapsed

    def ask(self, expression: str) -> Any:
        """Evaluate an expression to a literal."""
        message = self._client.execute("", user_expressions={"value": f"repr({expression})"}, store_history=False)
        reply = self._client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"].get("msg_id") != message:
            reply = self._client.get_shell_msg(timeout=PATIENCE)
        value = reply["content"]["user_expressions"]["value"]
        assert value["status"] == "ok", value
        return eval(eval(value["data"]["text/plain"]))  # noqa: S307 - the repr of a repr of a literal of ours


def cell(name: str, epochs: int, options: str = "") -> str:
    """Write the cell that people write."""
    return (
        f"%%dltrain {name} --new {options}\nmodel: cnn\ndata: digits\nepochs: {epochs}\n"
        "optimizer: {type: adamw}\nmetrics: [accuracy]\nmonitor: val_accuracy\n"
    )


@contextmanager
def notebook() -> Iterator[Kernel]:
    """Start a kernel with torch imported and the extension loaded."""
    with kernel() as started:
        started.run("import torch")
        started.run("%load_ext dltrainer_jupyter")
        yield started


@contextmanager
def kernel() -> Iterator[Kernel]:
    """Start a kernel and shut it down."""
    manager, client = start_new_kernel()
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        # The manager's socket context would otherwise be found unclosed at its end.
        manager.context.destroy()
