"""What the parts that make up the store have in common."""

from __future__ import annotations

from dltrainer_jupyter.store.engine import Database


class StorePart:
    """Reads and writes one kind of row.

    Parameters
    ----------
    database : Database
        Where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
