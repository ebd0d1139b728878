from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.listing import Changes
from dltrainer_jupyter.views.rows import ChangedRows


def ids(read: tuple[list[dict[str, Any]], list[str]]) -> tuple[list[str], list[str]]:
    rows, gone = read
    return [row["id"] for row in rows], gone


def test_each_change_is_read_once(store: Store, train) -> None:
    one, other = train("one"), train("other")
    changed = ChangedRows(store)
    changed.read()
    assert changed.read() == ([], [])
    one.steps(5)
    assert ids(changed.read()) == ([one.run.id], [])
    one.attempt.heartbeat()
    assert changed.read() == ([], [])
    other.end(State.FAILED, ErrorRecord("ValueError", "two\nlines", "somewhere"))
    (row,), _ = changed.read()
    assert (row["state"], row["error"]) == ("failed", "ValueError: two lines")
    store.delete_run(other.run.id)
    assert ids(changed.read()) == ([], [other.run.id])
    assert changed.read() == ([], [])


def test_what_a_fault_kept_back_comes_next_time(store: Store, train, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, changed = train(), ChangedRows(store)
    changed.read()
    trainer.steps(5)
    with monkeypatch.context() as broken:

        def unreachable(*_: Any) -> None:
            msg = "The database can't be reached."
            raise StoreError(msg)

        broken.setattr(Store, "listed", unreachable)
        with pytest.raises(StoreError):
            changed.read()
    assert ids(changed.read()) == ([trainer.run.id], [])


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_loses_nothing(store: Store, train, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    trainer, changed = train(), ChangedRows(store)
    changes = Store.changes

    def otherwise(self: Store, since: Any) -> Changes:
        shift = timedelta(hours=hours)
        now, revisions, gone = changes(self, since)
        return Changes(now - shift, revisions, gone)

    with monkeypatch.context() as before:
        before.setattr(Store, "changes", otherwise)
        changed.read()
    trainer.steps(5)
    assert ids(changed.read()) == ([trainer.run.id], [])


def test_who_comes_later_is_told_what_happened_during_the_last_seconds(store: Store, train) -> None:
    one, other = train("one"), train("other")
    other.end()
    store.delete_run(other.run.id)
    changed = ChangedRows(store)
    first = changed.read()
    assert changed.read() == ([], [])
    changed.repeat()
    assert changed.read() == first
    assert ids(first) == ([one.run.id], [other.run.id])


def test_a_run_that_is_brought_back_at_once_is_there(store: Store, train) -> None:
    trainer, changed = train(), ChangedRows(store)
    changed.read()
    record = trainer.run.record
    trainer.end()
    store.delete_run(record.id)
    store.create_run(record.id, record.spec, folder=record.folder, environment={})
    assert ids(changed.read()) == ([record.id], [])
