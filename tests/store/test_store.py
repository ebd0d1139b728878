from __future__ import annotations

import threading
from typing import TYPE_CHECKING

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
