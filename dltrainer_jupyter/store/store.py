"""The store as everybody uses it: all its parts under one name, one object a database and process."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import sqlalchemy as sa

from dltrainer_jupyter.store.checkpoint_rows import Checkpoints
from dltrainer_jupyter.store.controls import Controls
from dltrainer_jupyter.store.curves import Curves
from dltrainer_jupyter.store.engine import Database
from dltrainer_jupyter.store.events import Events
from dltrainer_jupyter.store.export import Exports
from dltrainer_jupyter.store.findings import Findings
from dltrainer_jupyter.store.histograms import Histograms
from dltrainer_jupyter.store.levels import Levels
from dltrainer_jupyter.store.listing import Listing
from dltrainer_jupyter.store.metrics import Metrics
from dltrainer_jupyter.store.reaping import Reaping
from dltrainer_jupyter.store.runs import Runs
from dltrainer_jupyter.store.schema import prepare
from dltrainer_jupyter.store.starting import Starting
from dltrainer_jupyter.store.tables import store_info
from dltrainer_jupyter.store.test_runs import TestRuns
from dltrainer_jupyter.store.tracking import Tracking
from dltrainer_jupyter.store.urls import parse, sqlite_path


class Store(
    Runs,
    Listing,
    Starting,
    Reaping,
    Controls,
    Events,
    Metrics,
    Findings,
    Curves,
    Levels,
    Histograms,
    Checkpoints,
    TestRuns,
    Tracking,
    Exports,
):
    """The only medium between a trainer and everyone else.

    Any number of threads and processes may use one store at once. Every method may raise :class:`StoreError`, in one
    line, when the database can't be reached.

    Attributes
    ----------
    url : str
        Opens the same store in any process on this host; holds the password, if there is one.
    uuid : str
        The store's own, by which two URLs are known to mean the same store.

    Examples
    --------
    >>> store = Store.open("sqlite:///runs/dltrainer.db")  # doctest: +SKIP
    >>> [run.name for run in store.runs(limit=3)]  # doctest: +SKIP
    ['digits-cnn', 'digits-cnn', 'wine']
    """

    def __init__(self, database: Database, url: str, uuid: str) -> None:
        super().__init__(database)
        self.url = url
        self.uuid = uuid
        # A store whose file was deleted or replaced since is opened anew.
        self.file = _file_identity(url)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open a store, making it if there is none.

        Opening it again in the same process gives the same object.

        Parameters
        ----------
        url : str
            ``sqlite:///FOLDER/FILE.db`` or ``postgresql://USER@HOST/DATABASE``.

        Returns
        -------
        Store
            Ready for use.

        Raises
        ------
        StoreError
            If it can't be reached or made, or a newer version made it.
        MissingPackageError
            If the database's driver isn't installed.
        """
        parsed = parse(url)
        spelled = parsed.render_as_string(hide_password=False)
        with _cache.lock:
            known = _cache.stores.get(spelled)
            if known is not None:
                if known.file == _file_identity(spelled):
                    return known
                known.close()
            database = Database(parsed)
            with contextlib.ExitStack() as unless_it_works:
                unless_it_works.callback(database.close)
                uuid = prepare(database)
                unless_it_works.pop_all()
            store = cls(database, spelled, uuid)
            _cache.stores[spelled] = store
            return store

    @contextlib.contextmanager
    def look(self) -> Iterator[None]:
        """Read several things by one connection, which takes less time than one each.

        Examples
        --------
        >>> with store.look():  # doctest: +SKIP
        ...     run, events = store.run("4f1c9a"), store.events("4f1c9a")
        """
        with self._database.read():
            yield

    def try_writing(self) -> None:
        """Write to the store, and take it back.

        Raises
        ------
        StoreError
            If nothing can be written.
        """
        with self._database.write() as connection:
            connection.execute(sa.update(store_info).values(uuid=store_info.c.uuid))
            connection.rollback()

    def close(self) -> None:
        """Close the connections; opening the store again gives a new object."""
        with _cache.lock:
            if _cache.stores.get(self.url) is self:
                del _cache.stores[self.url]
        self._database.close()


class _Cache:
    """The stores this process has open."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.stores: dict[str, Store] = {}

    def renew_lock(self) -> None:
        """In a forked child nobody else is left who could release it."""
        self.lock = threading.RLock()


_cache = _Cache()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_cache.renew_lock)


def _file_identity(url: str) -> tuple[int, int] | None:
    path = sqlite_path(parse(url))
    if path is None or not path.exists():
        return None
    status = path.stat()
    return status.st_dev, status.st_ino
