from __future__ import annotations

import socket
import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from dltrainer_jupyter.core.errors import MissingPackageError, StoreError
from dltrainer_jupyter.store import Store, engine
from dltrainer_jupyter.testing.store_samples import checkpoint, claimed, new_run

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg


def _message(caught: pytest.ExceptionInfo[StoreError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_server_that_does_not_answer():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(StoreError) as caught:
            Store.open(f"postgresql://me:s3cret@127.0.0.1:{port}/runs")
    message = _message(caught)
    assert message.startswith(f"The store postgresql://me:***@127.0.0.1:{port}/runs can't be reached: ")
    assert "Connection refused" in message
    assert message.endswith("Check that the server runs and that DLTRAINER_STORE names it.")


@pytest.mark.postgres
def test_a_database_that_is_not_there(postgresql_url: str):
    with pytest.raises(StoreError) as caught:
        Store.open(postgresql_url.replace("/test?", "/no_such_database?"))
    assert 'database "no_such_database" does not exist' in _message(caught)
    assert _message(caught).endswith("Create it, or mend DLTRAINER_STORE.")


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(MissingPackageError, match=r'pip install "dltrainer-jupyter\[postgres\]"'):
        Store.open("postgresql://me@127.0.0.1/runs")


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{tmp_path}/file/runs.db")
    assert "can't be made" in _message(caught)


def test_a_file_that_is_a_folder(tmp_path: Path):
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{tmp_path}")
    assert "unable to open database file. Check that the folder exists" in _message(caught)


def test_a_file_that_holds_something_else(tmp_path: Path):
    (tmp_path / "runs.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{tmp_path}/runs.db")
    assert "name another one by DLTRAINER_STORE" in _message(caught)
    assert (tmp_path / "runs.db").read_bytes() == b"not a database at all" * 100


def test_somebody_elses_tables(store_url: str, tmp_path: Path):
    if store_url.startswith("sqlite"):
        (tmp_path / "store").mkdir()
    other = engine.Database(sa.engine.make_url(store_url).set(drivername=_driver(store_url)))
    with other.write() as connection:
        connection.exec_driver_sql("CREATE TABLE artifacts (mine INTEGER)")
    with pytest.raises(StoreError, match="already exists.*a database or schema of its own"):
        Store.open(store_url)
    with other.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM artifacts").scalar_one() == 0
    other.close()


def _driver(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"


def test_a_lock_that_is_held_too_long(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    store = Store.open(sqlite_url)
    run_id = new_run(store)
    attempt = claimed(store, run_id)
    with sqlite3.connect(store._database.url.database or "", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked. Another program"):
            attempt.event("note", "x")
        other.execute("ROLLBACK")
    other.close()
    attempt.event("note", "x")
    assert len(store.events(run_id)) == 1
    store.close()


def test_a_full_disk_loses_nothing_that_was_committed(sqlite_url: str):
    store = Store.open(sqlite_url)
    attempt = claimed(store, new_run(store))
    attempt.commit_checkpoint(checkpoint(attempt, 4, "last"))
    with store._database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @sa.event.listens_for(store._database._engine, "connect")
    def limit(driver_connection: sqlite3.Connection, _record: object) -> None:
        driver_connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    # So that the connections from now on are limited ones.
    store._database.close()

    def write_too_much() -> None:
        with attempt.transaction():
            attempt.commit_checkpoint(checkpoint(attempt, 8, "last"))
            attempt.curves({"train_loss": (1, np.ones(100_000, np.float32))})

    with pytest.raises(StoreError, match="database or disk is full. Free some space"):
        write_too_much()
    assert [(record.step, record.kinds) for record in store.checkpoints(attempt.run_id)] == [(4, {"last"})]
    assert store.curve_names(attempt.run_id) == []
    sa.event.remove(store._database._engine, "connect", limit)
    store._database.close()
    attempt.curves({"train_loss": (1, np.ones(100_000, np.float32))})
    assert len(store.curve_values(attempt.run_id, "train_loss")[0]) == 100_000
    store.close()


@pytest.mark.postgres
def test_a_server_that_went_away_comes_back(postgresql_url: str, postgresql: psycopg.Connection):
    store = Store.open(postgresql_url)
    attempt = claimed(store, new_run(store))
    with store._database.read() as connection:
        mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()

    def write_while_it_goes() -> None:
        with attempt.transaction():
            attempt.event("note", "Never happened.")
            postgresql.execute("SELECT pg_terminate_backend(%s)", [mine])
            attempt.event("note", "Nor this.")

    with pytest.raises(StoreError, match="terminating connection|closed the connection"):
        write_while_it_goes()
    attempt.event("note", "The server is back.")
    assert [event.message for event in store.events(attempt.run_id)] == ["The server is back."]
    store.close()
