"""A place where a trainer runs."""

from __future__ import annotations

from typing import Protocol


class Executor(Protocol):
    """A place where a trainer runs."""

    def start(self, store_url: str, run_id: str) -> None:
        """Start ``worker.main(store_url, run_id)`` there and return at once."""
