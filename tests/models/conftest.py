"""Nets of chance, the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def drawn_alike() -> Iterator[None]:
    """Let what a test draws from the global generator not depend on the tests before it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
