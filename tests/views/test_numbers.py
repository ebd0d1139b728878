from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.views.numbers import number, numbers

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (NAN, None),
        (math.inf, None),
        (1 / 3, 0.333333),
        (1234567.0, 1234570.0),
        (1e-12, 1e-12),
        (0.0, 0.0),
    ],
)
def test_numbers_are_rounded_to_what_a_chart_needs(value: Any, expected: float | None) -> None:
    assert number(value) == expected


def test_a_row_is_rounded_as_each_of_it() -> None:
    rng = np.random.default_rng(0)
    drawn = (rng.normal(size=20_000) * 10.0 ** rng.integers(-6, 12, 20_000)).astype(np.float32)
    row = np.concatenate([drawn, np.float32([0, -0.0, 1, 10, 1000, 999999.5, 0.001, np.nan, np.inf, -np.inf])])
    assert numbers(row) == [number(value) for value in row.tolist()]


def test_the_ends_of_the_range_stay_near_and_finite() -> None:
    row = np.float32([1e-45, -1.2345678e-38, 3.4028235e38])
    found = np.array(numbers(row), float)
    np.testing.assert_allclose(found, row.astype(float), rtol=1e-5)
    assert len(json.dumps(numbers(row))) < 100


def test_an_empty_row_stays_empty() -> None:
    assert numbers(np.empty(0, np.float32)) == []
