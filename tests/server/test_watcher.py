"""What one socket is told of a run, by what it was told before."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from dltrainer_jupyter.server.channels import ListChannel, News
from dltrainer_jupyter.server.outbox import Outbox
from dltrainer_jupyter.server.watcher import Watched, Watcher
from tests.own_loop import run_apart


def snapshot(revision: int, *steps: int) -> dict[str, Any]:
    return {"revision": revision, "now": str(revision), "curves": {"loss": {"steps": [*steps], "values": [*steps]}}}


FIRST = News(snapshot(1, 1))
SECOND = News(snapshot(2, 1, 2), FIRST)
THIRD = News(snapshot(3, 1, 2, 3), SECOND)


def told(watched: Watched, news: News | None, *, is_gone: bool = False) -> dict[str, Any] | None:
    channel: Any = SimpleNamespace(news=news, is_gone=is_gone)
    text = run_apart(watched.frame(channel))
    return None if text is None else json.loads(text)


@pytest.mark.parametrize(
    ("heard", "kind"),
    [
        ([FIRST], "snapshot"),
        ([FIRST, SECOND], "patch"),
        ([FIRST, SECOND, THIRD], "patch"),
        ([FIRST, THIRD], "snapshot"),
        ([THIRD], "snapshot"),
    ],
)
def test_who_missed_something_is_told_everything(heard: list[News], kind: str) -> None:
    watched = Watched('a "run"', -1)
    frames = [told(watched, news) for news in heard]
    last = frames[-1]
    assert last is not None
    assert (last["kind"], last["id"]) == (kind, 'a "run"')
    if kind == "patch":
        assert (last["since"], last["revision"]) == (heard[-2].snapshot["revision"], heard[-1].snapshot["revision"])
    assert told(watched, heard[-1]) is None


def test_what_a_client_knows_is_not_told() -> None:
    watched = Watched("a", 2)
    assert told(watched, None) is None
    assert told(watched, FIRST) is None
    assert told(watched, SECOND) is None
    assert (told(watched, THIRD) or {})["kind"] == "snapshot"


def test_a_run_that_is_gone_is() -> None:
    assert told(Watched("a", -1), FIRST, is_gone=True) == {"kind": "gone", "id": "a"}


def test_many_rows_go_in_parts_and_a_deleted_one_stays_away() -> None:
    frames = run_apart(_told_of_many_rows())
    assert [len(frame["rows"]) for frame in frames] == [100, 100, 49, 1]
    assert [frame["gone"] for frame in frames] == [[], ["249"], [], []]
    assert "249" not in {row["id"] for frame in frames[:3] for row in frame["rows"]}
    assert frames[-1]["rows"] == [{"id": "249"}]


async def _told_of_many_rows() -> list[dict[str, Any]]:
    """Have the newest of 250 rows deleted after the first frame, and deleted and brought back after the last one."""
    sent: list[dict[str, Any]] = []
    ended = asyncio.Event()

    async def send(text: str) -> None:
        sent.append(json.loads(text))
        if len(sent) == 1:
            channel._spread([], ["249"])
        elif len(sent) == 3:
            channel._spread([], ["249"])
            channel._spread([{"id": "249"}], [])
        elif len(sent) == 4:
            ended.set()

    nobody: Any = None
    channel, outbox = ListChannel(nobody, asyncio.get_running_loop()), Outbox(send)
    channel.hearers.add(Watcher(nobody, outbox)._hear_rows)
    channel._spread([{"id": str(number)} for number in range(250)], [])
    sending = asyncio.create_task(outbox.empty())
    await asyncio.wait_for(ended.wait(), 60)
    sending.cancel()
    return sent
