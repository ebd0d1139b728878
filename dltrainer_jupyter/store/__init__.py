"""The store: the only medium between a trainer and everyone else, and the only SQL.

What lives here: the tables, their migrations, and every read and write of them, on SQLite and PostgreSQL.
What does not live here: checkpoint files (only their rows), decimation for charts, and deciding anything; which
transition or verb is legal is asked of :mod:`dltrainer_jupyter.core.states`.

====================== =================================================================================
``urls``               what a database URL means, and how it is shown without its password
``engine``             connections: short reads, and writes that exclude each other
``failures``           a database error as one line of ours
``network``            SQLite on a network file system, one host at a time
``columns``            column types that keep NaN, time zones and odd text faithfully
``tables``             the tables and the view
``schema``             making a new store, and bringing an older one up to date with ``migrations``
``rows``               rows as records
``locking``            taking hold of a run's row, which every write does first
``extremes``           what the eye sees of values from afar
``levels``, ``growth`` series rolled up for looks from afar; how series grow and are cut back
``runs`` … ``curves``  reading and writing, one kind of row a file
``listing``            long lists of runs, and what changes in them
``tracking``           trackers' copies of runs, and who sends to them
``liveness``           whether a trainer is dead
``fence``              what keeps a trainer that was replaced from writing
``attempts``           a trainer's hold on its run
``export``             a run's rows as plain data that another store takes up
``store``              all of it together
====================== =================================================================================
"""

from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

__all__ = ["Attempt", "Store"]
