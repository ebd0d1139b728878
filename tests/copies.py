"""A store with many runs."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def multiply(home: Path, times: int) -> None:
    """Copy the oldest run, and the rows of its trackers, so many times.

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
        kept = [row[1] for row in database.execute("PRAGMA table_info(training_tracking)") if row[1] != "run_id"]
        database.execute(
            f"INSERT OR IGNORE INTO training_tracking (run_id, {', '.join(kept)}) "
            f"SELECT id, {', '.join(f't.{column}' for column in kept)} FROM training_jobs, training_tracking t "
            "WHERE t.run_id = (SELECT id FROM training_jobs ORDER BY number LIMIT 1)"
        )
    database.close()
