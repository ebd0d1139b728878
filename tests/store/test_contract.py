"""The store on SQLite and PostgreSQL keeps the contract for all stores."""

from __future__ import annotations

import pytest

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_contract import StoreContract


class TestStore(StoreContract):
    @pytest.fixture
    def store(self, any_store: Store) -> Store:
        return any_store
