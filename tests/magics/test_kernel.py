"""What a real kernel sends to a notebook."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import start_new_kernel

from dltrainer_jupyter import tal
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

PATIENCE = 60


class Kernel:
    """A kernel in which cells are run one by one."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def send(self, cell: str) -> str:
        return self.client.execute(cell)

    def outputs(self, request: str, until: str | None = None) -> list[dict[str, Any]]:
        """Collect what a cell sends until it ends, or until a text appears."""
        found: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found
            if message["msg_type"] in {"stream", "error", "display_data", "execute_result"}:
                found.append({"type": message["msg_type"], **message["content"]})
            if until is not None and until in str(message["content"]):
                return found

    def run(self, cell: str) -> tuple[list[dict[str, Any]], str]:
        request = self.send(cell)
        return self.outputs(request), self.status(request)

    def status(self, request: str) -> str:
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == request:
                return str(reply["content"]["status"])


@pytest.fixture
def kernel(home) -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3", env=dict(os.environ))
    started = Kernel(manager, client)
    outputs, status = started.run("%load_ext dltrainer_jupyter")
    assert (outputs, status) == ([], "ok")
    # A busy machine may well take longer than a line waits.
    outputs, status = started.run(
        f"from dltrainer_jupyter.magics import verbs; verbs._PATIENCE = {PATIENCE}; del verbs"
    )
    assert (outputs, status) == ([], "ok")
    yield started
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_errors_and_interrupts(kernel) -> None:
    (error,), status = kernel.run("%%dltrain digits\nmodel: mpl\ndata: digits\n")
    assert status == "error"
    assert (error["type"], error["ename"]) == ("error", "UnknownNameError")
    assert error["traceback"] == [
        (
            "Error: Unknown model 'mpl'. Did you mean 'mlp'? Known: cnn, detector, lstm, "
            "mlp, mobilenet_v2, resnet, stack, transformer, unet, vit, vit-tiny."
        )
    ]

    (error,), status = kernel.run("%%dltrain digits\nmodel = 1 / 0\n")
    assert (status, error["ename"]) == ("error", "ZeroDivisionError")
    drawn = "\n".join(error["traceback"])
    assert "<dltrain digits>" in drawn
    assert "run_cell" not in drawn

    cell = "%%dltrain long --epochs 100000 --wait --no-panel\nmodel: mlp\ndata: digits\n"
    request = kernel.send(cell)
    kernel.outputs(request, until="started")
    until(lambda: tal.get("long").step, PATIENCE)
    kernel.manager.interrupt_kernel()
    (error,) = kernel.outputs(request)
    assert (kernel.status(request), error["ename"]) == ("error", "KeyboardInterrupt")
    assert error["traceback"] == ["Run 'long' goes on; %dltrain pause long pauses it."]

    (said,), status = kernel.run("%dltrain pause long")
    assert (status, said["type"], said["text"][:14]) == ("ok", "stream", "Paused at step")
    (shown,), status = kernel.run("%dltrain runs")
    assert "long" in shown["data"]["text/plain"]
    assert "<table>" in shown["data"]["text/html"]
