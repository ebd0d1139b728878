"""Lists of runs: filtered, page by page, and as quick with 10,000 runs as with a few."""

from __future__ import annotations

import math
import sqlite3
import time
from typing import Any

import pytest

from dltrainer_jupyter.server import list_schemas
from tests.copies import multiply

MANY = 10_000
ROUNDS = 15


def ids(answer: Any) -> list[str]:
    return [run["id"] for run in list_schemas.RunsAnswer.model_validate(answer.json).model_dump()["runs"]]


def walk(server, query: str = "") -> list[list[str]]:
    pages, following = [], ""
    while following is not None:
        answer = server.get(f"/runs?{query}{following and f'&cursor={following}'}")
        assert answer.status == 200, answer.body
        pages.append(ids(answer))
        following = answer.json["next"]
    return pages


def test_pages_hold_every_run_once_newest_first(server, recorded) -> None:
    made = [recorded(name=f"run-{number}").id for number in range(7)]
    assert walk(server, "limit=3") == [made[:3:-1], made[3:0:-1], made[:1]]
    assert walk(server, "limit=7") == [made[::-1]]


def test_runs_of_the_same_instant_are_all_listed(server, recorded, home) -> None:
    recorded()
    multiply(home, 6)
    pages = walk(server, "limit=2")
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert len({run for page in pages for run in page}) == 7


def test_an_empty_store_has_one_empty_page(server) -> None:
    assert server.get("/runs").json == {"runs": [], "next": None, "counts": {}}


def test_runs_are_chosen_by_state_and_name(server, recorded) -> None:
    one, other, third = (recorded(name=name) for name in ("one", "other", "one"))
    third.stop()
    assert ids(server.get("/runs?name=one")) == [third.id, one.id]
    assert ids(server.get("/runs?state=pending")) == [other.id, one.id]
    assert ids(server.get("/runs?state=stopped,failed")) == [third.id]
    assert ids(server.get("/runs?state=stopped&state=pending&name=one")) == [third.id, one.id]
    assert walk(server, "state=pending&limit=1") == [[other.id], [one.id]]


@pytest.mark.parametrize("happens", ["it ends", "it is deleted", "another is started"])
def test_what_happens_between_two_pages_hides_no_run(server, recorded, happens) -> None:
    made = [recorded() for _ in range(4)]
    first = server.get("/runs?state=pending&limit=2")
    assert ids(first) == [made[3].id, made[2].id]
    if happens == "another is started":
        recorded()
    else:
        made[2].stop()
    if happens == "it is deleted":
        made[2].delete()
    second = server.get(f"/runs?state=pending&limit=2&cursor={first.json['next']}")
    assert (ids(second), second.json["next"]) == ([made[1].id, made[0].id], None)


QUERIES = ("", "?state=pending,running", "?name=run-7", "?filter=7+framework:pytorch&sort=best", "?sort=name&limit=100")


def test_ten_thousand_runs_are_listed_as_quickly_as_a_hundred(server, recorded, home) -> None:
    run = recorded()
    run.store.begin_tracking(run.id, [("mlflow", "mlflow"), ("tensorboard", "tensorboard")])

    def quickest() -> float:
        times = dict.fromkeys(QUERIES, math.inf)
        for query in QUERIES * ROUNDS:
            started = time.perf_counter()
            assert server.get(f"/runs{query}").status == 200
            times[query] = min(times[query], time.perf_counter() - started)
        return sum(times.values())

    multiply(home, 200)
    few = quickest()
    with sqlite3.connect(home / "dltrainer.db") as database:
        database.execute("DELETE FROM training_jobs WHERE name <> 'run'")
    database.close()
    multiply(home, MANY)
    many = quickest()
    answer = server.get("/runs").json
    assert answer["counts"] == {"pending": MANY + 1}
    assert {len(row["trackers"]) for row in answer["runs"]} == {2}
    assert many < 4 * few, f"{1000 * many:.0f} ms against {1000 * few:.0f} ms"
