"""Test runs: checkpoints measured on whole data sets, kept beside the run they are of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dltrainer_jupyter.core.records import CheckpointRecord, TestRunRecord
from dltrainer_jupyter.store.packing import packed, unpacked
from dltrainer_jupyter.store.part import StorePart
from dltrainer_jupyter.store.tables import test_runs

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_RECORD = [column for column in test_runs.c if column.name != "examples"]


class TestRuns(StorePart):
    """The rows of ``test_runs``."""

    __test__ = False  # no test of pytest's

    def add_test_run(
        self,
        checkpoint: CheckpointRecord,
        *,
        name: str,
        count: int,
        seconds: float,
        metrics: Mapping[str, float],
        labels: list[str],
        confusion: list[list[int]] | None,
        summary: Mapping[str, Any] | None,
        examples: Mapping[str, Array],
    ) -> TestRunRecord:
        """Keep what a checkpoint made of a data set.

        Parameters
        ----------
        checkpoint : CheckpointRecord
            What was measured.
        name : str
            The data set's.
        count : int
            Examples in it.
        seconds : float
            What the forward passes took.
        metrics : mapping of str to float
            ``loss`` and metrics by name.
        labels, confusion, summary, examples
            As in a :class:`~dltrainer_jupyter.core.records.ValidationRecord`; of examples there is a row for each.
        """
        row: dict[str, Any] = {
            "run_id": checkpoint.run_id,
            "name": name,
            "created_at": datetime.now(UTC),
            "checkpoint_step": checkpoint.step,
            "checkpoint_epoch": checkpoint.epoch,
            "digest": checkpoint.digest,
            "count": count,
            "seconds": seconds,
            "metrics": dict(metrics),
            "labels": labels,
            "confusion": confusion,
            "summary": summary,
        }
        with self._database.write() as connection:
            made = connection.execute(test_runs.insert().values(**row, examples=packed(examples)))
            return TestRunRecord(id=next(iter(made.inserted_primary_key or ())), **row)

    def test_runs(self, run_id: str) -> list[TestRunRecord]:
        """List a run's test runs, oldest first."""
        query = sa.select(*_RECORD).where(test_runs.c.run_id == run_id).order_by(test_runs.c.id)
        with self._database.read() as connection:
            return [TestRunRecord(**row) for row in connection.execute(query).mappings()]

    def test_run(self, run_id: str, number: int) -> TestRunRecord | None:
        """Read one of a run's test runs; None if there is no such."""
        query = sa.select(*_RECORD).where(test_runs.c.run_id == run_id, test_runs.c.id == number)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else TestRunRecord(**row)

    def test_run_examples(self, number: int) -> dict[str, Array]:
        """Read what became of each example of a test run."""
        query = sa.select(test_runs.c.examples).where(test_runs.c.id == number)
        with self._database.read() as connection:
            return unpacked(connection.execute(query).scalar_one())

    def delete_test_run(self, run_id: str, number: int) -> None:
        """Forget a test run."""
        with self._database.write() as connection:
            connection.execute(test_runs.delete().where(test_runs.c.run_id == run_id, test_runs.c.id == number))
