"""However slowly a client reads, no more than the newest of each thing waits for it."""

from __future__ import annotations

import asyncio

from dltrainer_jupyter.server.outbox import Outbox
from tests.own_loop import run_apart


def test_what_waits_is_put_together_once_and_late() -> None:
    run_apart(_slow_client())


async def _slow_client() -> None:
    sent: list[str] = []
    may_send, done = asyncio.Semaphore(0), asyncio.Event()
    value = 0

    async def send(text: str) -> None:
        await may_send.acquire()
        sent.append(text)
        if text == "other":
            done.set()

    async def number() -> str:
        return f"number {value}"

    async def nothing() -> None:
        return None

    async def other() -> str:
        return "other"

    outbox = Outbox(send)
    task = asyncio.create_task(outbox.empty())
    for value in range(1000):  # noqa: B007 - read by what is sent
        outbox.put("number", number)
        await asyncio.sleep(0)
    outbox.put("dropped", other)
    outbox.drop("dropped")
    outbox.put("nothing", nothing)
    outbox.put("other", other)
    for _ in range(3):
        may_send.release()
    await asyncio.wait_for(done.wait(), 60)
    task.cancel()
    assert sent == ["number 0", "number 999", "other"]
