"""A sample of the fields that ``make chaos`` takes out of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.chaos.ablation import Ablation
from tests.chaos.fields import Field

FIELDS = (
    "(nothing)",
    "optimizer: optimizer/exp_avg",
    "optimizer: $gradient/*",
    "adapter.generators.cpu",
    "recorder.sum",
    "judge.waited",
    "process.python",
)


@pytest.fixture(scope="module")
def ablation(session_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    return Ablation("pytorch", tmp_path_factory.mktemp("ablation"))


@pytest.fixture(scope="module")
def all_fields(ablation: Ablation) -> Mapping[str, Field]:
    return {field.name: field for field in ablation.fields()}


@pytest.mark.parametrize("name", FIELDS)
def test_without_a_field_a_run_ends_otherwise(ablation: Ablation, all_fields: Mapping[str, Field], name: str) -> None:
    result = ablation.without(all_fields[name])
    assert result.identical, result.differs
