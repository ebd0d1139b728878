"""A database error as one line: which store, what went wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.store.urls import passwords, shown, sqlite_path

_CURES = (
    ("unable to open database file", "Check that the folder exists and that you may write to it."),
    ("readonly database", "Check that you may write to the file and its folder."),
    ("database or disk is full", "Free some space and try again; what was committed is safe."),
    ("database is locked", "Another program has held it for very long; end that program or wait."),
    ("not a database", "The file holds something else; name another one by DLTRAINER_STORE."),
    ("malformed", "The file is damaged; restore a copy of it, or name another one by DLTRAINER_STORE."),
    ("disk i/o error", "Check the disk the file lies on."),
    ("password authentication failed", "Check user and password in DLTRAINER_STORE."),
    ("does not exist", "Create it, or mend DLTRAINER_STORE."),
    ("already exists", "It holds somebody else's tables; give DLTRAINER_STORE a database or schema of its own."),
    ("lock timeout", "Another program has held the row for very long; end that program or wait."),
)


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn whatever the database raises inside into a :class:`StoreError`.

    Parameters
    ----------
    url : sqlalchemy.engine.URL
        The database, named in the message.

    Raises
    ------
    StoreError
        If the database can't be reached or refuses.
    """
    try:
        yield
    except StatementError as error:
        if not isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
            # Not the database's: a value of ours that no column type takes.
            raise error.orig from error
        raise StoreError(sentence(error, url)) from error
    except SQLAlchemyError as error:
        raise StoreError(sentence(error, url)) from error


def sentence(error: SQLAlchemyError, url: URL) -> str:
    """Say in one line what happened and what to do.

    Examples
    --------
    >>> from dltrainer_jupyter.store.urls import parse
    >>> sentence(SQLAlchemyError("odd"), parse("sqlite:////runs.db"))
    'The store sqlite:////runs.db refused: odd. Check DLTRAINER_STORE.'
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    reason = next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
    for secret in passwords(url):
        reason = reason.replace(secret, "***")
    unreachable = isinstance(error, OperationalError | InterfaceError | PoolTimeoutError)
    verb = "can't be reached" if unreachable else "refused"
    lowered = str(cause).lower()
    cure = next((cure for part, cure in _CURES if part in lowered), None)
    if cure is None and sqlite_path(url) is None and unreachable:
        cure = "Check that the server runs and that DLTRAINER_STORE names it."
    return f"The store {shown(url)} {verb}: {reason.rstrip('.')}. {cure or 'Check DLTRAINER_STORE.'}"
