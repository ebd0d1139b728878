"""What validations found beyond numbers: confusion matrices, summaries, and what became of single examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.store.packing import unpacked
from dltrainer_jupyter.store.part import LIMIT, RUN, StorePart
from dltrainer_jupyter.store.rows import validation_record
from dltrainer_jupyter.store.tables import validation_results

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_TABLE = validation_results
# Examples are much more than all the rest, and asked for by themselves.
_VALIDATIONS = sa.select(*(column for column in _TABLE.c if column.name != "examples")).where(_TABLE.c.run_id == RUN)
_NEWEST = _VALIDATIONS.order_by(_TABLE.c.epoch.desc()).limit(1)
_OF_EPOCH = _VALIDATIONS.where(_TABLE.c.epoch == sa.bindparam("epoch"))
_FOLLOWING = _VALIDATIONS.where(_TABLE.c.epoch > sa.bindparam("after")).order_by(_TABLE.c.epoch).limit(LIMIT)
# Whole numbers only, in which there are no tags to look for: that would take ten times longer than to read them.
_COUNTS = sa.type_coerce(_TABLE.c.confusion, sa.JSON).label("confusion")
_CONFUSIONS = (
    sa.select(_TABLE.c.epoch, _TABLE.c.labels, _COUNTS)
    .where(_TABLE.c.run_id == RUN, _TABLE.c.epoch > sa.bindparam("after"), _TABLE.c.confusion.is_not(None))
    .order_by(_TABLE.c.epoch)
    .limit(LIMIT)
)
_EPOCHS = sa.select(_TABLE.c.epoch).where(_TABLE.c.run_id == RUN).order_by(_TABLE.c.epoch)
_EXAMPLES = sa.select(_TABLE.c.epoch, _TABLE.c.examples).where(_TABLE.c.run_id == RUN, _TABLE.c.examples.is_not(None))
_NEWEST_EXAMPLES = _EXAMPLES.order_by(_TABLE.c.epoch.desc()).limit(1)
_EXAMPLES_OF_EPOCH = _EXAMPLES.where(_TABLE.c.epoch == sa.bindparam("epoch"))


class Findings(StorePart):
    """The rows of ``validation_results``."""

    def validation(self, run_id: str, epoch: int | None = None) -> ValidationRecord | None:
        """Read what a validation found, without single examples.

        Parameters
        ----------
        run_id : str
            The run.
        epoch : int, optional
            After which epoch; the newest validation if left out.

        Returns
        -------
        ValidationRecord or None
            None if there was no validation then, or none yet.
        """
        with self._database.read() as connection:
            if epoch is None:
                found = connection.execute(_NEWEST, {"run": run_id})
            else:
                found = connection.execute(_OF_EPOCH, {"run": run_id, "epoch": epoch})
            row = found.mappings().one_or_none()
        return None if row is None else validation_record(row)

    def validations(self, run_id: str, after_epoch: int, limit: int) -> list[ValidationRecord]:
        """Read what later validations found, oldest first, without single examples."""
        with self._database.read() as connection:
            rows = connection.execute(_FOLLOWING, {"run": run_id, "after": after_epoch, "limit": limit}).mappings()
            return [validation_record(row) for row in rows]

    def confusions(self, run_id: str, after_epoch: int, limit: int) -> list[tuple[int, list[str], list[list[int]]]]:
        """Read the confusion matrices of later epochs, oldest first: epoch, labels and matrix."""
        with self._database.read() as connection:
            rows = connection.execute(_CONFUSIONS, {"run": run_id, "after": after_epoch, "limit": limit})
            return [(row.epoch, row.labels, row.confusion) for row in rows]

    def has_examples(self, run_id: str, epoch: int) -> bool:
        """Tell whether a validation kept single examples."""
        query = sa.select(_TABLE.c.epoch).where(
            _TABLE.c.run_id == run_id, _TABLE.c.epoch == epoch, _TABLE.c.examples.is_not(None)
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def validation_epochs(self, run_id: str) -> list[int]:
        """List the epochs that were followed by a validation, oldest first."""
        with self._database.read() as connection:
            return list(connection.execute(_EPOCHS, {"run": run_id}).scalars())

    def examples(self, run_id: str, epoch: int | None = None) -> tuple[int, dict[str, Array]] | None:
        """Read what became of single examples in a validation.

        Parameters
        ----------
        run_id : str
            The run.
        epoch : int, optional
            After which epoch; the newest validation that kept some if left out.

        Returns
        -------
        (int, dict of str to numpy.ndarray) or None
            The epoch, and columns as the task's examiner wrote them; None if none were kept.
        """
        with self._database.read() as connection:
            if epoch is None:
                found = connection.execute(_NEWEST_EXAMPLES, {"run": run_id})
            else:
                found = connection.execute(_EXAMPLES_OF_EPOCH, {"run": run_id, "epoch": epoch})
            row = found.one_or_none()
        return None if row is None else (row[0], unpacked(row[1]))
