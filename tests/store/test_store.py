from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import sqlalchemy as sa

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import new_run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_store_is_opened_once_a_process(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = Store.open(sqlite_url)
    monkeypatch.chdir(tmp_path)
    assert Store.open("sqlite:///store/runs.db") is store
    store.close()
    again = Store.open(sqlite_url)
    assert again is not store
    assert again.uuid == store.uuid
    again.close()


def test_a_store_whose_file_was_deleted_is_made_anew(sqlite_url: str, tmp_path: Path):
    store = Store.open(sqlite_url)
    new_run(store)
    for file in (tmp_path / "store").iterdir():
        file.unlink()
    anew = Store.open(sqlite_url)
    assert anew.uuid != store.uuid
    assert anew.runs() == []
    anew.close()


def test_threads_that_open_a_store_get_the_same(store_url: str):
    barrier, opened = threading.Barrier(6), []

    def open_it() -> None:
        barrier.wait()
        opened.append(Store.open(store_url))

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(store) for store in opened}) == 1
    opened[0].close()


def test_a_look_takes_one_connection_and_sees_what_is_new(store: Store):
    taken: list[object] = []

    def remember(_driver_connection: object, _record: object, proxy: object) -> None:
        taken.append(proxy)

    sa.event.listen(store._database._engine, "checkout", remember)
    try:
        with store.look():
            assert store.runs() == []
            run_id = new_run(store)
            del taken[1:]
            with store.look():
                assert [run.id for run in store.runs()] == [run_id]
            assert store.events(run_id) == []
        assert len(taken) == 1
        store.events(run_id)
        assert len(taken) == 2
    finally:
        sa.event.remove(store._database._engine, "checkout", remember)


def test_threads_that_look_do_not_share_a_connection(store: Store):
    with store.look(), store._database.read() as mine, ThreadPoolExecutor(1) as other:
        assert other.submit(_connection_of, store).result() is not mine.connection.driver_connection


def _connection_of(store: Store) -> object:
    with store._database.read() as connection:
        return connection.connection.driver_connection
