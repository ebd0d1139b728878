"""What answers are made with, imported once."""

from __future__ import annotations

import threading

_ONE_AT_A_TIME = threading.Lock()


def load() -> None:
    """Import what reads the store, which takes a second the first time.

    Threads that begin to import a package and its modules at the same time wait for each other's locks; Python then
    gives one of them a module that isn't complete.
    """
    with _ONE_AT_A_TIME:
        import dltrainer_jupyter.store
        import dltrainer_jupyter.tal
        import dltrainer_jupyter.tal.session
        import dltrainer_jupyter.tal.submit
        import dltrainer_jupyter.views.live
        import dltrainer_jupyter.views.tables  # noqa: F401
