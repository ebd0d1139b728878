"""Stores to test: every test that takes ``store`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.tables import training_jobs
from tests.postgres import postgresql, postgresql_url, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

__all__ = ["postgresql", "postgresql_url"]


def brought_up_to_date(store_url: str) -> Store:
    """Open an older store; of a file, a copy is kept, and the person told."""
    with pytest.warns(UserWarning, match="a copy is") if "sqlite" in store_url else contextlib.nullcontext():
        return Store.open(store_url)


@pytest.fixture(scope="session")
def postgresql_store(postgresql: psycopg.Connection) -> Iterator[Store]:
    """Open one store for all tests that don't care: making the tables takes longer than most tests."""
    with schema(postgresql) as url:
        store = Store.open(url)
        yield store
        store.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store/runs.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str:
    """Name a database in which there is nothing yet."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Open a store in which there is no run yet."""
    if request.param == "sqlite":
        opened = Store.open(request.getfixturevalue("sqlite_url"))
        yield opened
        opened.close()
        return
    shared: Store = request.getfixturevalue("postgresql_store")
    with shared._database.write() as connection:
        connection.execute(training_jobs.delete())
    yield shared


@pytest.fixture
def store(any_store: Store) -> Store:
    """Call it by its short name, which the contract's class has taken for itself."""
    return any_store


@pytest.fixture
def statements() -> Callable[[Store], contextlib.AbstractContextManager[list[str]]]:
    """Give a context that collects the SQL a store executes within it."""

    @contextlib.contextmanager
    def collect(store: Store) -> Iterator[list[str]]:
        executed: list[str] = []

        def remember(*given: Any) -> None:
            executed.append(given[2])

        engine = store._database._engine
        sa.event.listen(engine, "before_cursor_execute", remember)
        try:
            yield executed
        finally:
            sa.event.remove(engine, "before_cursor_execute", remember)

    return collect
