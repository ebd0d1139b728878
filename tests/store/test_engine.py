from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.tables import training_jobs
from dltrainer_jupyter.testing.store_samples import claimed, new_run

if TYPE_CHECKING:
    import psycopg


def test_sqlite_is_set_up_for_many_writers(sqlite_url: str):
    store = Store.open(sqlite_url)
    with store._database.read() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas}
    assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}
    store.close()


def test_writes_that_read_first_lose_nothing(store: Store):
    run_id = new_run(store)
    barrier = threading.Barrier(8)

    def add_to_epochs() -> None:
        barrier.wait()
        for _ in range(25):
            with store._database.write() as connection:
                if not store._database.is_sqlite:
                    # What takes the row there; on SQLite the transaction itself has the lock.
                    connection.exec_driver_sql("SELECT 1 FROM training_jobs FOR UPDATE")
                epochs = connection.execute(sa.select(training_jobs.c.epochs)).scalar_one()
                connection.execute(training_jobs.update().values(epochs=epochs + 1))

    threads = [threading.Thread(target=add_to_epochs) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.run(run_id).progress.epochs == 10 + 200


WRITER = """
import sys
from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.store import Store
print("ready", flush=True)
sys.stdin.readline()
store = Store.open(sys.argv[1])
try:
    store.create_run("shared", RunSpec(model="cnn", data="digits"), folder="", environment={})
except StoreError as error:
    assert "already" in str(error), error
for number in range(50):
    store.add_event("shared", "note", str(number))
print(store.uuid)
"""


def test_processes_make_one_new_store_at_once_and_lose_nothing(store_url: str):
    command = [sys.executable, "-c", WRITER, store_url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
    assert [process.stdout.readline().strip() for process in processes if process.stdout] == ["ready"] * 3
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate()[0].strip() for process in processes]
    store = Store.open(store_url)
    assert answers == [store.uuid] * 3
    assert len(store.events("shared")) == 150
    assert store.revision("shared") == 1 + 150
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform doesn't fork")
@pytest.mark.filterwarnings("ignore:os.fork.. was called:RuntimeWarning")  # JAX, if another test has imported it
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(store: Store):
    run_id = new_run(store)
    attempt = claimed(store, run_id)
    inherited = store._database._engine.pool
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.add_event(run_id, "note", "child")
            same = Store.open(store.url)
            seen = [event.message for event in same.events(run_id)]
            status = 0 if seen == ["child"] and store._database._engine.pool is not inherited else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    attempt.event("note", "parent")
    assert [event.message for event in store.events(run_id)] == ["child", "parent"]
    assert store._database._engine.pool is inherited


@pytest.mark.postgres
def test_a_program_that_stands_still_does_not_hold_up_the_others_for_ever(postgresql_url: str):
    store = Store.open(postgresql_url)
    with store._database.read() as connection:
        settings = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert settings == ["30s", "1min"]
    store.close()


@pytest.mark.postgres
def test_reading_opens_no_transaction(postgresql_url: str, postgresql: psycopg.Connection):
    store = Store.open(postgresql_url)
    with store._database.read() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        row = postgresql.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
        assert row == ("idle",)
    store.close()
