"""Connections to one database: short reads, and writes that exclude each other.

A write transaction takes its lock before it reads anything (``BEGIN IMMEDIATE`` on SQLite, the run's row on
PostgreSQL), since one that reads first and writes later loses to whoever wrote in between.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.store.failures import translated
from dltrainer_jupyter.store.network import HostClaim

PATIENCE = 30
"""Seconds to wait for somebody else's lock."""
_CONNECT_TIMEOUT = 10
"""Seconds to wait for a PostgreSQL server to answer."""
_BEGIN = "dltrainer_begin"


class Database:
    """One database, used by any number of threads at once.

    Parameters
    ----------
    url : sqlalchemy.engine.URL
        As :func:`dltrainer_jupyter.store.urls.parse` gives it.

    Attributes
    ----------
    claim : HostClaim or None
        Checked by every write, where only one host may use the database.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.claim: HostClaim | None = None
        self._engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._writer = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        # A read is one statement, so it needs no transaction and, on a server, no second and third round trip.
        self._reader = self._engine if self.is_sqlite else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reading = threading.local()
        _engines.add(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection whose every statement sees the newest commit.

        Within another read of the same thread it is the same one: to get one takes as long as a small query.

        Raises
        ------
        StoreError
            If the database can't be reached.
        """
        held: Connection | None = getattr(self._reading, "connection", None)
        if held is not None:
            yield held
            return
        with translated(self.url), self._reader.connect() as connection:
            self._reading.connection = connection
            try:
                yield connection
            finally:
                self._reading.connection = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend a connection within a transaction: committed at the end, undone if anything is raised.

        Raises
        ------
        StoreError
            If the database can't be reached or refuses, or another host has claimed it.
        """
        with translated(self.url), self._writer.begin() as connection:
            if self.claim is not None:
                self.claim.take(connection)
            yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """Lend a connection within a transaction that may change the tables, one process at a time.

        Raises
        ------
        StoreError
            If the database can't be reached or refuses.
        """
        with translated(self.url), self._engine.connect() as connection:
            if self.is_sqlite:
                # No change within a transaction. A table that is made anew would take the rows that hang on it along.
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            try:
                yield connection
                connection.commit()
            finally:
                # Not to be used again: its pragma differs from the others'.
                connection.invalidate()

    def make_durable(self) -> None:
        """See that what was committed so far survives a loss of power.

        SQLite's write-ahead log is not synced at each commit, since that would hold the trainer up several times a
        second; moving it into the database syncs it. PostgreSQL's commits are durable by themselves.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with self.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close all connections that are not in use; the next use opens new ones."""
        self._engine.dispose()


_ADVISORY_LOCK = 0x646C7472
"""Any number that nobody else is likely to use."""


def _sqlite_engine(url: URL) -> Engine:
    # Waiting for locks is the driver's timeout; the pool holds as many connections as there are threads that ask.
    engine = sa.create_engine(url, connect_args={"timeout": PATIENCE}, max_overflow=-1)

    @sa.event.listens_for(engine, "connect")
    def configure(driver_connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, deferred ones and too late.
        driver_connection.isolation_level = None
        cursor = driver_connection.cursor()
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get(_BEGIN)
        if statement is not None:
            connection.exec_driver_sql(statement)

    return engine


def _postgresql_engine(url: URL) -> Engine:
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(_CONNECT_TIMEOUT)})
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, max_overflow=20)
    except ModuleNotFoundError as error:
        msg = (
            f"PostgreSQL needs the package '{error.name}', which isn't installed: "
            'pip install "dltrainer-jupyter[postgres]"'
        )
        raise MissingPackageError(msg) from error

    @sa.event.listens_for(engine, "connect")
    def configure(driver_connection: Any, _record: Any) -> None:
        # A program that stands still in the middle of a write must not hold up the others for ever.
        with driver_connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{PATIENCE}s'; SET idle_in_transaction_session_timeout = '60s'")
        driver_connection.commit()

    return engine


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()
_inherited: list[object] = []


def _after_fork() -> None:
    """Leave the parent's connections alone in a forked child: even closing them would disturb the parent."""
    for engine in _engines:
        _inherited.append(engine.pool)
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
