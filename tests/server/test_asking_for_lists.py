"""What may be asked of a list over REST, and what is refused with what was expected."""

from __future__ import annotations

from typing import get_args
from urllib.parse import quote

import pytest

from dltrainer_jupyter.server.list_schemas import RunsAnswer, RunsQuery
from dltrainer_jupyter.store.listing import Sort
from tests.stand_in import STEPS, Trainer


def test_the_orders_are_those_of_the_store() -> None:
    assert get_args(RunsQuery.model_fields["sort"].annotation) == tuple(Sort)


def test_filter_order_and_counts_go_together(server, recorded) -> None:
    good, bad, other = (recorded(name=name, epochs=20) for name in ("digits good", "digits bad", "wine"))
    for run, epochs in ((good, 3), (bad, 1)):
        trainer = Trainer(run.store, run.id)
        for epoch in range(1, epochs + 1):
            trainer.steps(STEPS)
            trainer.epoch(epoch)
    answer = server.get("/runs?filter=digits&sort=best").json
    assert RunsAnswer.model_validate(answer)
    assert [row["name"] for row in answer["runs"]] == ["digits good", "digits bad"]
    first = answer["runs"][0]
    assert (first["spark"], first["best"]) == ([0.74, 0.823333, 0.865], 0.865)
    assert (first["mode"], first["monitor"], first["device"]) == ("max", "val_accuracy", "cpu")
    assert answer["counts"] == {"running": 2}
    chosen = server.get(f"/runs?state=pending&filter={quote('val_accuracy>0.8 state:running')}").json
    assert (chosen["runs"], chosen["counts"]) == ([], {"running": 1})
    assert server.get("/runs?state=pending").json["counts"] == {"running": 2, "pending": 1}
    page = server.get("/runs?sort=name&limit=2").json
    rest = server.get(f"/runs?sort=name&limit=2&cursor={page['next']}").json
    assert [row["name"] for row in page["runs"] + rest["runs"]] == ["digits bad", "digits good", other.name]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter=sate:running", "Did you mean 'state:'"),
        ("filter=best%3Clow", "expected a number"),
        ("sort=bset", "sort: expected"),
        ("cursor=7", "cursor: expected"),
        ("cursor=%00", "cursor: expected"),
        ("sort=name&cursor=WyJuZXdlc3QiLCBudWxsLCAxXQ", "cursor: expected"),
    ],
)
def test_what_is_wrong_is_refused_with_what_was_expected(server, query: str, said: str) -> None:
    answer = server.get(f"/runs?{query}")
    assert answer.status == 422
    assert said in answer.json["message"]
