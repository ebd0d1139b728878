"""Many processes that write at once, and are killed: a small part of ``make chaos SHARD=writers``."""

from __future__ import annotations

import pytest

from tests.chaos.writers import together


@pytest.mark.slow
def test_no_row_is_lost_that_was_acknowledged(store_url: str) -> None:
    result = together("small", store_url, writers=2, rows=100, life=0.2)
    assert result.differs == []
    assert result.killed > 0
