"""The store of this process, and the way from a word to a run."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import RunNotFoundError, StoreError
from dltrainer_jupyter.core.states import ALIVE, state_named
from dltrainer_jupyter.executors import notifying
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.settings import settings
from dltrainer_jupyter.views.filtering import parse

_PAGE = 1000
"""Runs that are read at once."""


@dataclass
class _Session:
    newest: tuple[str, str] | None = None
    """Store and id of the run this process started or asked for last."""


_SESSION = _Session()


def open_store() -> Store:
    """Open the store of the settings, and note which trainers have died since it was last read."""
    url = settings.store
    if url.startswith("sqlite:///"):
        _make_home()
    store = Store.open(url)
    store.when_lost = partial(notifying.tell, store)
    store.reap()
    return store


def _make_home() -> None:
    try:
        private.make_folder(settings.home)
    except OSError as error:
        msg = f"The folder {settings.home} can't be made: {error.strerror}. Set DLTRAINER_HOME to one you may write to."
        raise StoreError(msg) from error


def remember(run: Run) -> None:
    """Make a run the one that verbs without a reference mean."""
    _SESSION.newest = (run.store.url, run.id)


def get(ref: str | None = None) -> Run:
    """Find a run.

    Parameters
    ----------
    ref : str, optional
        Id, unique beginning of an id, or name (of which the newest run is meant); by default the newest run of this
        process, or of the store if this process has started none.

    Returns
    -------
    Run

    Raises
    ------
    RunNotFoundError
        If there is none.
    """
    store = open_store()
    if ref is not None:
        return Run(store.find(ref).id, store)
    if _SESSION.newest is not None and _SESSION.newest[0] == store.url:
        with contextlib.suppress(RunNotFoundError):  # it may have been deleted since
            return Run(store.run(_SESSION.newest[1]).id, store)
    newest = store.runs(limit=1)
    if not newest:
        msg = "There is no run yet. Start one with tal.train(model='cnn', data='digits') or a %%dltrain cell."
        raise RunNotFoundError(msg)
    return Run(newest[0].id, store)


def runs(
    name: str | None = None,
    states: Sequence[str] | None = None,
    limit: int | None = None,
    filter: str = "",  # noqa: A002 - its name on every face
) -> list[Run]:
    """List runs, newest first.

    Parameters
    ----------
    name : str, optional
        Only runs of this name.
    states : sequence of str, optional
        Only runs in one of these states.
    limit : int, optional
        At most so many.
    filter : str, optional
        Words of the name, and terms such as ``state:failed``, ``framework:jax`` and ``val_accuracy>0.9``: only runs
        that meet them all, see :func:`dltrainer_jupyter.views.filtering.parse`.

    Raises
    ------
    UnknownNameError
        If there is no such state.
    ConfigurationError
        If the filter isn't understood.

    Examples
    --------
    >>> tal.runs(filter="digits state:completed best>0.9")  # doctest: +SKIP
    """
    wanted = replace(parse(filter), name=name)
    if states is not None:
        named = frozenset(map(state_named, [states] if isinstance(states, str) else states))
        wanted = replace(wanted, states=(*wanted.states, named))
    store, after = open_store(), None
    found: list[Run] = []
    most = math.inf if limit is None else limit
    while len(found) < most:
        listed, after = store.page(wanted, limit=int(min(_PAGE, most - len(found))), after=after)
        found += [Run(run.id, store) for run in listed]
        if after is None:
            break
    return found


def alive(name: str) -> Run | None:
    """Give the newest run of a name that a trainer holds or is about to, if there is one."""
    found = runs(name=name, states=sorted(ALIVE), limit=1)
    return found[0] if found else None
