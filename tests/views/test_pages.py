from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.listing import Position, RunFilter, Sort
from dltrainer_jupyter.store.part import MOST
from dltrainer_jupyter.views.pages import cursor_of, page, position

EAST, WEST = timezone(timedelta(hours=23)), timezone(-timedelta(hours=23))

_KEYS: dict[Sort, st.SearchStrategy[Any]] = {
    Sort.NEWEST: st.none(),
    Sort.OLDEST: st.none(),
    Sort.NAME: st.text(st.characters(exclude_categories=["Cs"])),
    Sort.BEST: st.none() | st.floats(allow_nan=False),
    Sort.UPDATED: st.datetimes(timezones=st.just(UTC)),
}


@pytest.mark.parametrize("sort", Sort)
@given(data=st.data())
def test_a_cursor_says_where_a_page_ends(sort: Sort, data: st.DataObject) -> None:
    end = Position(data.draw(_KEYS[sort]), data.draw(st.integers(0, MOST)))
    assert position(cursor_of(end, sort), sort) == end


@pytest.mark.parametrize("sort", Sort)
@given(cursor=st.text(max_size=40))
def test_any_other_text_is_refused(sort: Sort, cursor: str) -> None:
    with pytest.raises(ConfigurationError, match="cursor: expected"):
        position(cursor, sort)


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("key", ["a", 0.5, datetime(2026, 1, 1, tzinfo=UTC), ["x"], True])
def test_a_cursor_of_another_order_is_refused(sort: Sort, key: Any) -> None:
    other = Sort.NAME if sort is not Sort.NAME else Sort.BEST
    cursor = cursor_of(Position(key, 1), other)
    with pytest.raises(ConfigurationError, match=f"same order .'{sort}'"):
        position(cursor, sort)


@pytest.mark.parametrize("sort", [Sort.NAME, Sort.UPDATED, Sort.NEWEST])
def test_a_key_that_order_does_not_have_is_refused(sort: Sort) -> None:
    cursor = cursor_of(Position(0.5, 1), sort)
    with pytest.raises(ConfigurationError, match="cursor"):
        position(cursor, sort)


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=EAST), datetime.max.replace(tzinfo=WEST)])
def test_a_moment_no_run_was_changed_at_is_refused(moment: datetime) -> None:
    with pytest.raises(ConfigurationError, match="cursor"):
        position(cursor_of(Position(moment, 1), Sort.UPDATED), Sort.UPDATED)


@pytest.mark.parametrize("number", [-1, MOST + 1, 1.5, True, None, "1"])
def test_a_number_no_run_has_is_refused(number: Any) -> None:
    with pytest.raises(ConfigurationError, match="cursor"):
        position(cursor_of(Position(None, number), Sort.NEWEST), Sort.NEWEST)


def test_pages_are_rows(store, train) -> None:
    trainer = train("digits")
    trainer.steps(45)
    trainer.epoch(1)
    first, following = page(store, RunFilter(), limit=1)
    assert following is None
    (row,) = first
    assert (row["name"], row["state"], row["spark"], row["best"]) == ("digits", "running", [0.74], 0.74)
    assert (row["step"], row["fraction"], row["seconds_left"]) == (45, 0.05, 8.55)
    assert {"pause", "stop"} <= set(row["allowed"])
