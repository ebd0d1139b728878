"""Numbers, times and messages as people read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.views.words import MISSING, ago, duration, finite, metric, one_line, speed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.984210526, "0.9842"), (1.0, "1.000"), (0, "0"), (12.3456, "12.35"), (1204.4, "1,204"), (4.21e-5, "4.21e-5"),
        (3.5e7, "3.5e7"), (-0.5, "-0.5000"), (None, MISSING), (float("nan"), MISSING), (float("inf"), MISSING),
    ],
)  # fmt: skip
def test_metric(value, expected) -> None:
    assert metric(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(812.4, "812 steps/s"), (1204.0, "1,204 steps/s"), (3.14, "3.1 steps/s"), (None, MISSING)],
)
def test_speed(value, expected) -> None:
    assert speed(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0 s"), (9.96, "10 s"), (59.6, "1 min"), (192, "3 min 12 s"), (7500, "2 h 5 min"), (90_000, "1 d 1 h")],
)
def test_duration(seconds, expected) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-3, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (200_000, "2 d ago")]
)
def test_ago(seconds, expected) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert ago(now - timedelta(seconds=seconds), now) == expected


@given(st.text())
def test_one_line_is_one_line(text) -> None:
    assert len(one_line(text).splitlines()) <= 1


@given(
    st.recursive(st.floats() | st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_what_is_finite_is_strict_json(value) -> None:
    json.dumps(finite(value), allow_nan=False)
