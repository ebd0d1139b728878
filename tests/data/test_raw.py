from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.data.foreign.source import Foreign
from dltrainer_jupyter.data.raw import describe_raw
from dltrainer_jupyter.data.tabular import Diabetes, Wine

SPEC = RunSpec(model="mlp", data="arrays")


def raw_of(data: Any) -> Any:
    return Arrays(Arrays.Config()).load(SPEC, {"data": data}).signature.raw


def test_digits_are_known_by_their_range() -> None:
    raw = Digits(Digits.Config()).load(SPEC, {}).signature.raw
    assert raw is not None
    assert (raw["shape"], raw["low"], raw["high"], raw["median"] < 4) == ([64], 0.0, 16.0, True)


def test_a_table_is_known_by_the_names_of_its_columns() -> None:
    frame = pd.DataFrame({"wide": [1.0, 2, 3, 4, 5], "high": [5.0, 4, 3, 2, 0]})
    assert raw_of((frame, np.arange(5.0)))["features"] == ["wide", "high"]
    assert raw_of((frame.to_numpy(), np.arange(5.0)))["features"] is None
    assert raw_of((pd.DataFrame(frame.to_numpy()), np.arange(5.0)))["features"] is None
    for table, first in ((Wine, "alcohol"), (Diabetes, "age")):
        raw = table(table.Config()).load(SPEC, {}).signature.raw
        assert raw is not None
        assert raw["features"][0] == first


def test_a_loader_is_known_by_its_first_batch() -> None:
    batches = [(np.full((4, 3, 8, 8), level, np.float32), np.arange(4) % 2) for level in (0.25, 0.5)]
    spec = SPEC.model_copy(update={"validation": False})
    raw = Foreign(owns_process=False).load(spec, {"data": lambda: iter(batches)}).signature.raw
    assert raw is not None
    assert (raw["shape"], raw["low"], raw["high"]) == ([3, 8, 8], 0.25, 0.25)


@pytest.mark.parametrize("inputs", [np.array([["a"]]), np.zeros((0, 3))])
def test_what_has_no_values_is_not_described(inputs: Any) -> None:
    assert describe_raw(inputs) is None
