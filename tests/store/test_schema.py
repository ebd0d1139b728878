from __future__ import annotations

import contextlib
import re
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.engine import Database
from dltrainer_jupyter.store.schema import MIGRATIONS
from dltrainer_jupyter.store.tables import HEAD, VERSION_TABLE, metadata, training_curve_levels, training_curves
from dltrainer_jupyter.store.urls import parse
from dltrainer_jupyter.testing.store_samples import claimed, new_run
from tests.pace import times_slower
from tests.store.conftest import brought_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

TABLES = {
    "artifacts",
    "deleted_runs",
    "store_info",
    "test_runs",
    "training_attempts",
    "training_checkpoints",
    "training_controls",
    "training_curve_levels",
    "training_curves",
    "training_events",
    "training_jobs",
    "training_latest_metrics",
    "training_metrics",
    "validation_results",
    "training_tracking",
    "training_histograms",
    "model_graphs",
}


@pytest.fixture
def database(store_url: str, tmp_path) -> Iterator[Database]:
    (tmp_path / "store").mkdir()
    database = Database(parse(store_url))
    yield database
    database.close()


def _migrate(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to) if to == "head" else command.downgrade(config, to)


def _schema(database: Database) -> list[tuple[Any, ...]]:
    """Read all there is to know about the schema from the database itself."""
    queries = [_SQLITE] if database.is_sqlite else _POSTGRESQL
    with database.read() as connection:
        rows = [tuple(row) for query in queries for row in connection.exec_driver_sql(query)]
    # SQLite quotes the name of a table that was renamed, which one that was made anew for a new column has been.
    return sorted(
        tuple(re.sub(r"\s+", " ", str(item)).replace('"', "") for item in row)
        for row in rows
        if VERSION_TABLE not in str(row)
    )


_SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master"
_HERE = "= current_schema()::regnamespace"
_POSTGRESQL = (
    """
    SELECT table_name, column_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position),
        data_type, is_nullable, regexp_replace(column_default, current_schema() || '.', '')
    FROM information_schema.columns WHERE table_schema = current_schema()
    """,
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace {_HERE}",
    "SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema()",
)


def test_migrations_and_a_new_store_come_to_the_same_schema(database: Database, store_url: str):
    with database.rebuild() as connection:
        _migrate(connection, "head")
    migrated = _schema(database)
    with database.rebuild() as connection:
        _migrate(connection, "base")
        connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    assert not [row for row in _schema(database) if "training" in str(row)]
    Store.open(store_url).close()
    assert _schema(database) == migrated
    assert "training_metrics_wide" in str(migrated)


def test_the_tables_are_what_alembic_finds(database: Database, store_url: str):
    Store.open(store_url).close()
    with database.read() as connection:
        assert set(sa.inspect(connection).get_table_names()) == TABLES | {VERSION_TABLE}
        assert sa.inspect(connection).get_view_names() == ["training_metrics_wide"]
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_the_tables_belong_to():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_an_older_store_isbrought_up_to_date(database: Database, store_url: str):
    with database.rebuild() as connection:
        _migrate(connection, "head")
        _migrate(connection, "base")
    store = Store.open(store_url)
    assert store.run(new_run(store)).name == "digits"
    with database.read() as connection:
        assert connection.exec_driver_sql(f"SELECT * FROM {VERSION_TABLE}").scalars().all() == [HEAD]
    store.close()


def test_of_an_older_file_a_copy_is_kept(sqlite_url: str, tmp_path: Path):
    store = Store.open(sqlite_url)
    run_id = new_run(store)
    with store._database.rebuild() as connection:
        _migrate(connection, "0002")
    store.close()
    store = brought_up_to_date(sqlite_url)
    new_run(store)
    store.close()
    copy = tmp_path / "store" / "runs.db.tables-0002"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with contextlib.closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT id FROM training_jobs").fetchall() == [(run_id,)]
        assert kept.execute(f"SELECT * FROM {VERSION_TABLE}").fetchall() == [("0002",)]
    assert {path.name for path in copy.parent.iterdir()} == {"runs.db", copy.name}


def test_a_file_that_cannot_be_copied_is_left_alone(sqlite_url: str, tmp_path: Path):
    store = Store.open(sqlite_url)
    with store._database.rebuild() as connection:
        _migrate(connection, "0002")
    before = _schema(store._database)
    store.close()
    (tmp_path / "store" / "runs.db.tables-0002").mkdir()
    with pytest.raises(StoreError, match="no copy of it can be made .*runs.db.tables-0002"):
        Store.open(sqlite_url)
    database = Database(parse(sqlite_url))
    assert _schema(database) == before
    database.close()
    assert not list((tmp_path / "store").glob(".runs*"))


def test_series_of_an_older_store_can_be_seen_from_afar(database: Database, store_url: str):
    store = Store.open(store_url)
    values = np.random.default_rng(0).standard_normal(600_000).astype(np.float32)
    attempt = claimed(store, new_run(store))
    with attempt.transaction():
        attempt.curves({"loss": (1, values), "short": (1, values[:5])})
    before = [_rows(database, table) for table in (training_curves, training_curve_levels)]
    store.close()
    with database.rebuild() as connection:
        _migrate(connection, "0001")
    store = brought_up_to_date(store_url)
    assert [_rows(database, table) for table in (training_curves, training_curve_levels)] == before
    assert {row.level for row in before[1]} == {1, 2}
    store.close()


def _rows(database: Database, table: sa.Table) -> list[sa.Row[Any]]:
    with database.read() as connection:
        return list(connection.execute(table.select().order_by(*table.primary_key)).all())


def test_the_levels_of_a_long_series_are_made_in_little_memory(database: Database, store_url: str):
    store = Store.open(store_url)
    values = np.zeros(4_000_000, np.float32)
    claimed(store, new_run(store)).curves({"loss": (1, values)})
    store.close()
    with database.rebuild() as connection:
        _migrate(connection, "0001")
    tracemalloc.start()
    brought_up_to_date(store_url).close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(_rows(database, training_curve_levels)) > 100
    assert peak < 2 * values.nbytes


def test_a_store_of_a_newer_version_is_refused_and_left_alone(database: Database, store_url: str):
    Store.open(store_url).close()
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    before = _schema(database)
    with pytest.raises(StoreError, match="made by a newer version .*9999.*pip install --upgrade"):
        Store.open(store_url)
    assert _schema(database) == before


def test_other_programs_migrations_are_left_alone(database: Database, store_url: str):
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
    Store.open(store_url).close()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "theirs"


def test_neither_making_nor_opening_a_store_imports_alembic(store_url: str):
    code = (
        "import sys; from dltrainer_jupyter.store import Store; Store.open(sys.argv[1]).close();"
        "Store.open(sys.argv[1]).runs(); print(sorted(set(sys.modules) & {'alembic', 'torch', 'pandas', 'IPython'}))"
    )
    done = subprocess.run([sys.executable, "-c", code, store_url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_opening_is_quick(store_url: str):
    started = time.process_time()
    Store.open(store_url).close()
    made = time.process_time() - started
    started = time.process_time()
    Store.open(store_url).close()
    opened = time.process_time() - started
    # Some 20 and 3 ms; what others do on the machine doesn't count.
    assert made < 0.5 * times_slower()
    assert opened < 0.1 * times_slower()


def test_a_new_store_waits_for_whoever_writes_to_its_file(sqlite_url: str, tmp_path: Path):
    (tmp_path / "store").mkdir()
    other = sqlite3.connect(tmp_path / "store" / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tried = threading.Event()

    def notice(_context: sa.ExceptionContext) -> None:
        tried.set()

    sa.event.listen(sa.Engine, "handle_error", notice)
    with ThreadPoolExecutor() as threads:
        opening = threads.submit(Store.open, sqlite_url)
        assert tried.wait(60)
        other.execute("ROLLBACK")
        store = opening.result()
    sa.event.remove(sa.Engine, "handle_error", notice)
    other.close()
    with store._database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    store.close()
