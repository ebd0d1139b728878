"""A store with many runs."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def multiply(home: Path, times: int) -> None:
    """Copy the oldest run so many times.

    Parameters
    ----------
    home : Path
        The ``DLTRAINER_HOME`` in whose SQLite file it is.
    times : int
        How often.
    """
    with sqlite3.connect(home / "dltrainer.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(training_jobs)") if row[1] != "number"]
        copied = {"id": "printf('%012x', n)", "name": "'run-' || (n % 97)"}
        database.execute(
            "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < ?) "
            f"INSERT INTO training_jobs ({', '.join(columns)}) "
            f"SELECT {', '.join(copied.get(column, column) for column in columns)} "
            "FROM (SELECT * FROM training_jobs ORDER BY number LIMIT 1), k",
            (times,),
        )
    database.close()
