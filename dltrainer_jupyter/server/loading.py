"""What answers are made with, imported once."""

from __future__ import annotations

import functools
import threading

_ONE_AT_A_TIME = threading.Lock()


def load() -> None:
    """Import what reads the store, which takes a second the first time.

    Threads that begin to import a package and its modules at the same time wait for each other's locks; Python then
    gives one of them a module that isn't complete.
    """
    with _ONE_AT_A_TIME:
        import dltrainer_jupyter.server.watcher
        import dltrainer_jupyter.store
        import dltrainer_jupyter.tal
        import dltrainer_jupyter.tal.cloning
        import dltrainer_jupyter.tal.session
        import dltrainer_jupyter.tal.submit
        import dltrainer_jupyter.views.evaluation
        import dltrainer_jupyter.views.examples
        import dltrainer_jupyter.views.live
        import dltrainer_jupyter.views.pages
        import dltrainer_jupyter.views.resources
        import dltrainer_jupyter.views.tables  # noqa: F401


@functools.cache
def begin() -> None:
    """Import it from now on, on a thread of its own: somebody will ask soon, and finds it there or under way."""
    threading.Thread(target=load, name="dltrain-imports", daemon=True).start()
