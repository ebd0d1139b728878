"""Lists of runs, page by page."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.listing import Position, RunFilter, Sort
from dltrainer_jupyter.store.part import MOST
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.rows import rows


def page(
    store: Store,
    wanted: RunFilter,
    *,
    sort: Sort = Sort.NEWEST,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Describe a page of runs.

    Parameters
    ----------
    store : Store
        Where they are.
    wanted : RunFilter
        Which ones.
    sort : Sort, default Sort.NEWEST
        In which order.
    limit : int, default 50
        At most so many.
    cursor : str, optional
        What came with the page before.

    Returns
    -------
    list of dict
        Rows.
    str or None
        The cursor of the next page; None on the last one.

    Raises
    ------
    ConfigurationError
        If the cursor is no page's of this order.
    """
    with store.look():
        runs, end = store.page(wanted, sort=sort, limit=limit, after=None if cursor is None else position(cursor, sort))
        return rows(store, runs), None if end is None else cursor_of(end, sort)


def cursor_of(end: Position, sort: Sort) -> str:
    """Write down where a page ends.

    Examples
    --------
    >>> position(cursor_of(Position("digits", 7), Sort.NAME), Sort.NAME)
    Position(key='digits', number=7)
    """
    key = end.key.isoformat() if isinstance(end.key, datetime) else end.key
    return base64.urlsafe_b64encode(json.dumps([sort, key, end.number]).encode()).decode().rstrip("=")


def position(cursor: str, sort: Sort) -> Position:
    """Read what :func:`cursor_of` wrote.

    Raises
    ------
    ConfigurationError
        If it is something else.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        written, key, number = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        found = Position(_key(sort, key), number)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        written, found = None, Position(None, -1)
    if written != sort or type(found.number) is not int or not 0 <= found.number <= MOST:
        msg = f"cursor: expected what a page of the same order ('{sort}') called its next, got '{cursor[:80]}'."
        raise ConfigurationError(msg)
    return found


def _key(sort: Sort, written: Any) -> str | float | datetime | None:
    match sort:
        case Sort.NAME:
            wanted = isinstance(written, str)
        case Sort.BEST:
            wanted = written is None or isinstance(written, float)
        case Sort.UPDATED:
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
            wanted = False
        case _:
            wanted = written is None
    if not wanted:
        msg = f"no key of a page ordered by {sort}: {written!r}"
        raise ValueError(msg)
    found: str | float | None = written
    return found
