"""What the parts that make up the store have in common.

To make a statement takes SQLAlchemy longer than to execute it. So what a trainer executes at each flush, or a panel at
each refresh, is made once: a constant of its module, in which what changes is a parameter::

    _OF_RUN = training_attempts.select().where(training_attempts.c.run_id == RUN)

    connection.execute(_OF_RUN, {"run": run_id})

What is executed now and then stands where it is executed.
"""

from __future__ import annotations

import sqlalchemy as sa

from dltrainer_jupyter.store.columns import Whole
from dltrainer_jupyter.store.engine import Database

RUN = sa.bindparam("run", type_=sa.Text)
"""The id of a run."""
LIMIT = sa.bindparam("limit", type_=Whole)
"""How many rows at most."""
MOST = 2**63 - 1
"""For a parameter that bounds something from above, where it is without a bound: no database counts further."""


class StorePart:
    """Reads and writes one kind of row.

    Parameters
    ----------
    database : Database
        Where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
