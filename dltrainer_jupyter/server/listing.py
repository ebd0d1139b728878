"""Runs, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def page(
    store: Store,
    *,
    states: Sequence[State] | None = None,
    name: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[RunRecord], str | None]:
    """Give a page of runs, newest first, and the cursor of the next one.

    A run that is started, ends or is deleted between two pages makes no other one come twice or be left out.

    Parameters
    ----------
    store : Store
        Whose runs.
    states, name
        Which of them; see :meth:`Store.runs`.
    limit : int
        Runs on a page, at least 1.
    cursor : str, optional
        Where the page before ended, as it said itself.

    Returns
    -------
    records : list of RunRecord
    cursor : str or None
        None on the last page.
    """
    # One more than is shown tells whether there is another page.
    looked_at = limit + 1 if cursor is None else 2 * limit + 1
    while True:
        records = store.runs(states=states, name=name, limit=looked_at)
        rest = records if cursor is None else _after(records, cursor)
        if len(rest) > limit or len(records) < looked_at:
            shown = rest[:limit]
            return shown, _cursor(shown[-1]) if len(rest) > limit else None
        looked_at *= 2


def _cursor(record: RunRecord) -> str:
    return f"{_age(record)}-{record.id}"


def _age(record: RunRecord) -> int:
    return (record.created_at - _EPOCH) // _TICK


def _after(records: list[RunRecord], cursor: str) -> list[RunRecord]:
    """Leave out the runs up to the one where a page ended, or up to its time where it is no longer among them."""
    made, _, last = cursor.partition("-")
    at = next((index for index, record in enumerate(records) if record.id == last), None)
    if at is not None:
        return records[at + 1 :]
    return [record for record in records if _age(record) < int(made)]
