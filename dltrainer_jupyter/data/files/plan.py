"""Which columns of a table serve for what, and what is said where values are missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dltrainer_jupyter.core.errors import ConfigurationError

Missing = Literal["refuse", "drop", "mean"]


@dataclass(frozen=True)
class Plan:
    """Which columns serve for what."""

    features: tuple[str, ...]
    targets: tuple[str, ...]
    aside: tuple[str, ...]
    """Those that decide how rows are divided."""

    @property
    def all(self) -> list[str]:
        """Every column that is read, once."""
        return list(dict.fromkeys((*self.features, *self.targets, *self.aside)))

    @property
    def beside_features(self) -> list[str]:
        """Every column that isn't only learnt from, once."""
        return list(dict.fromkeys((*self.targets, *self.aside)))

    def refuse_lacking(self, lacking: Iterable[tuple[str, int, int]], total: int, file: str, missing: Missing) -> None:
        """Raise if values are missing that nobody fills in or leaves out.

        Parameters
        ----------
        lacking : iterable of (str, int, int)
            Columns, in how many rows they have no value, and which is the first of these, counted from 0.
        total : int
            Number of rows.
        file : str
            Name of the file.
        missing : {"refuse", "drop", "mean"}
            What is done about it.

        Raises
        ------
        ConfigurationError
            Says where, and what can be done.
        """
        can_be_filled = {*self.features} - {*self.aside}
        for column, count, first in lacking:
            if not count or missing == "drop" or (missing == "mean" and column in can_be_filled):
                continue
            what = "label" if column in self.targets else "value"
            cure = "missing: drop leaves such rows out"
            cure += ", missing: mean puts in the training mean" if column in can_be_filled else ""
            msg = (
                f"data: the column '{column}' of {file} has no {what} in {count:,} of {total:,} rows (the "
                f"first is row {first + 1:,}; a row that is too short has none either); {cure}."
            )
            raise ConfigurationError(msg)

    @staticmethod
    def refuse_none(total: int, kept: int, file: str) -> None:
        """Raise if there is no row, or none is left."""
        if not total:
            msg = f"data.path: expected rows in {file}, but it has none."
            raise ConfigurationError(msg)
        if not kept:
            msg = f"data: every row of {file} lacks a value, so none is left (missing: drop)."
            raise ConfigurationError(msg)

    @staticmethod
    def left_out(total: int, kept: int, file: str) -> list[str]:
        """Say how many rows are left out, if some are."""
        count = total - kept
        return [f"{count:,} of {total:,} rows of {file} lack a value and are left out."] if count else []
