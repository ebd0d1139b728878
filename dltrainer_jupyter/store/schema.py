"""Making a new store, and bringing an older one up to date.

Alembic is imported only where an older store has to be changed: opening one that is up to date, or making a new
one, must be quick.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import time
import uuid
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.store.engine import PATIENCE, Database
from dltrainer_jupyter.store.growth import roll_up_everything
from dltrainer_jupyter.store.network import HostClaim, network_file_system
from dltrainer_jupyter.store.tables import HEAD, VERSION_TABLE, metadata, store_info
from dltrainer_jupyter.store.urls import shown, sqlite_path

MIGRATIONS = Path(__file__).parent / "migrations"
_LEVELS_SINCE = "0002"
"""Older stores have none; they follow from the values, so no migration holds the code that makes them."""

_version = sa.Table(
    VERSION_TABLE,
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), primary_key=True),
)


def prepare(database: Database) -> str:
    """Make the store usable, whoever else may be doing the same just now.

    Parameters
    ----------
    database : Database
        Where the store is, or is to be.

    Returns
    -------
    str
        The store's UUID.

    Raises
    ------
    StoreError
        If it can't be reached, was made by a newer version, or another host uses it.
    """
    path = sqlite_path(database.url)
    file_system = None
    if path is not None:
        file_system = network_file_system(path)
        _make_place(path, database)
        _set_journal(database, "delete" if file_system else "wal")
    with database.read() as connection:
        version = _found_version(connection)
    if version != HEAD:
        with database.rebuild() as connection:
            copy = _bring_up_to_date(connection, database)
        if copy is not None:
            _say(
                f"The store {shown(database.url)}, made by an older version, was brought up to date; a copy is {copy}."
            )
    if file_system is not None:
        _claim(database, HostClaim(socket.gethostname(), file_system))
    with database.read() as connection:
        found: str = connection.execute(sa.select(store_info.c.uuid)).scalar_one()
    return found


def _make_place(path: Path, database: Database) -> None:
    try:
        private.make_folder(path.parent)
        # SQLite gives the files that it puts beside it the same mode.
        private.make_file(path)
    except OSError as error:
        msg = (
            f"The store {shown(database.url)} can't be made: {error.strerror}: {error.filename}. Mend DLTRAINER_STORE."
        )
        raise StoreError(msg) from error


def _set_journal(database: Database, wanted: str) -> None:
    """Choose SQLite's journal; of several processes that do so at once, one does it and the others wait."""
    deadline = time.monotonic() + PATIENCE
    with database.read() as connection:
        while connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() != wanted:
            try:
                connection.exec_driver_sql(f"PRAGMA journal_mode = {wanted}")
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > deadline:
                    raise
                # Refused at once where two want it; a write transaction waits its turn.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                connection.exec_driver_sql("ROLLBACK")


def _found_version(connection: Connection) -> str | None:
    """Read which migration the store has reached; an empty text if it has alembic's table and nothing else."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(sa.select(_version.c.version_num)).scalar_one_or_none() or ""


def _bring_up_to_date(connection: Connection, database: Database) -> Path | None:
    """Make the tables, or change those that are there; gives the copy of what they were, if one was made."""
    version, copy = _found_version(connection), None
    if version == HEAD:
        return None
    if version is None:
        metadata.create_all(connection, checkfirst=False)
        _version.create(connection)
        connection.execute(_version.insert().values(version_num=HEAD))
    else:
        copy = _upgrade(connection, database, version)
    if connection.execute(sa.select(sa.func.count()).select_from(store_info)).scalar_one() == 0:
        made = {"id": 1, "uuid": str(uuid.uuid4()), "created_at": datetime.now(UTC)}
        connection.execute(store_info.insert().values(made))
    return copy


def _upgrade(connection: Connection, database: Database, version: str) -> Path | None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version and version not in known:
        msg = (
            f"The store {shown(database.url)} was made by a newer version of dltrainer-jupyter (tables {version}, "
            f"known up to {HEAD}): pip install --upgrade dltrainer-jupyter"
        )
        raise StoreError(msg)
    copy = _copied(database, version) if version else None
    command.upgrade(config, "head")
    if version < _LEVELS_SINCE:
        roll_up_everything(connection)
    return copy


def _copied(database: Database, version: str) -> Path | None:
    """Copy an SQLite file beside itself before its tables are changed; whoever calls keeps others from writing.

    Backups of a server are its administrator's; there as here the tables are changed in one transaction.
    """
    path = sqlite_path(database.url)
    if path is None:
        return None
    copy = path.with_name(f"{path.name}.tables-{version}")
    partial = copy.with_name(f".{copy.name}-{os.getpid()}")
    try:
        private.make_file(partial)
        with database.read() as connection, contextlib.closing(sqlite3.connect(partial)) as target:
            source: Any = connection.connection.driver_connection
            source.backup(target)
            # One file that holds it all, without a log beside it.
            target.execute("PRAGMA journal_mode = delete")
        partial.replace(copy)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        msg = (
            f"The store {shown(database.url)}, made by an older version, can't be brought up to date, because no copy "
            f"of it can be made beside it ({copy.name}): {error}. Make room there, or let files be written there."
        )
        raise StoreError(msg) from error
    return copy


def _claim(database: Database, claim: HostClaim) -> None:
    with database.write() as connection:
        is_new = claim.take(connection)
    database.claim = claim
    if is_new:
        _say(claim.notice())


def _say(notice: str) -> None:
    warnings.warn(notice, UserWarning, stacklevel=3)
