"""What is known of an array as a whole, from going through it once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.data.host import missing_values_in

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class Survey:
    """Extremes of an array, and which of its samples nothing can be learnt from.

    Parameters
    ----------
    may_lack : bool, default False
        Whether values may be missing (NaN).

    Examples
    --------
    >>> survey = Survey()
    >>> survey.add(np.array([[1.0, 2.0], [np.inf, 0.0]]))
    >>> survey.refuse_bad("inputs")
    Traceback (most recent call last):
        ...
    dltrainer_jupyter.core.errors.ConfigurationError: inputs: 1 of 2 samples hold values that are NaN or infinite \
(the first is sample 1); fill them in or leave those samples out.
    """

    def __init__(self, *, may_lack: bool = False) -> None:
        self._may_lack = may_lack
        self._count = self._bad = self._first = 0
        self.low, self.high = np.inf, -np.inf

    def add(self, rows: Array) -> None:
        """Look at the next rows, shape (n, ...)."""
        if rows.size:
            self.low = float(np.minimum(self.low, rows.min()))
            self.high = float(np.maximum(self.high, rows.max()))
        if rows.dtype.kind == "f":
            self._look_for_bad(rows)
        self._count += len(rows)

    def _look_for_bad(self, rows: Array) -> None:
        # The sum is one pass without a temporary array; only a bad one is looked at closely.
        with np.errstate(over="ignore", invalid="ignore"):
            # Steps take it so: what is beyond it would be infinite in the midst of a run.
            rows = rows.astype(np.float32, copy=False)
            total = rows.sum(dtype=np.float64)
        if np.isfinite(total):
            return
        flags = np.isinf(rows) if self._may_lack else ~np.isfinite(rows)
        bad = flags.reshape(len(rows), -1).any(axis=1)
        if bad.any():
            if not self._bad:
                self._first = self._count + int(np.argmax(bad))
            self._bad += int(np.count_nonzero(bad))

    def refuse_bad(self, name: str) -> None:
        """Raise if a sample holds what nothing can be learnt from.

        Parameters
        ----------
        name : str
            What they are, for messages: ``"inputs"``.

        Raises
        ------
        ConfigurationError
            Says how many there are, and which is the first.
        """
        if self._bad:
            raise missing_values_in(self._bad, self._count, self._first, name, "NaN or infinite")

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {
            "may_lack": self._may_lack,
            "low": self.low,
            "high": self.high,
            "count": self._count,
            "bad": self._bad,
            "first": self._first,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Survey:
        """Make it again."""
        found = cls(may_lack=values["may_lack"])
        found.low, found.high = values["low"], values["high"]
        found._count, found._bad, found._first = values["count"], values["bad"], values["first"]
        return found
