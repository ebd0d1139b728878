"""Columns of a table made numbers: text becomes a one for its category, and what is missing the training mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.data.host import refuse_non_finite

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


@dataclass(frozen=True)
class Columns:
    """Take rows of numbers and text in, and give rows of numbers.

    A row has a value for each of ``names``, in this order; a data frame is asked for them by name. A text becomes as
    many columns as the training part has categories, 1 in that of the text and 0 elsewhere; one that training never saw
    is 0 everywhere.

    Parameters
    ----------
    names : tuple of str
        Columns of a raw row.
    texts : tuple of str
        Those that hold text.
    fills : bool
        Whether the training mean takes the place of a number that is missing; else it is refused.
    categories : mapping
        What the training part has in each column of text; fitted.
    means : mapping
        Mean of each column of numbers in the training part; fitted.

    Examples
    --------
    >>> rows = np.array([["red", 1.0], ["blue", 3.0]], object)
    >>> Columns(("colour", "size"), ("colour",), fills=False).fit(rows).apply(rows)
    array([[0., 1., 1.],
           [1., 0., 3.]], dtype=float32)
    """

    type: ClassVar[str] = "columns"

    names: tuple[str, ...]
    texts: tuple[str, ...]
    fills: bool
    categories: Mapping[str, tuple[str, ...]] | None = None
    means: Mapping[str, float] | None = None

    def fit(self, inputs: Array) -> Columns:
        """Find the categories and means of the training part."""
        categories, means = {}, {}
        for at, name in enumerate(self.names):
            if name in self.texts:
                there = inputs[:, at][~_is_missing(inputs[:, at])]
                categories[name] = tuple(sorted({str(value) for value in there}))
            elif self.fills:
                values = inputs[:, at].astype(np.float64)
                known = values[~np.isnan(values)]
                if not len(known):
                    msg = f"data: the column '{name}' has no value in any row that is trained on; leave it out (drop)."
                    raise ConfigurationError(msg)
                means[name] = float(known.mean())
        return replace(self, categories=categories, means=means)

    def take(self, raw: Any) -> Array:
        """Give raw rows as an array, of a data frame or of mappings the columns by name."""
        raw = rows_by_name(raw, self.names)
        names = getattr(raw, "columns", None)
        if names is not None:
            known = [str(name) for name in names]
            for name in self.names:
                if name not in known:
                    raise no_column(name, known)
            return np.asarray(raw[list(self.names)].to_numpy(object))
        try:
            rows = np.asarray(raw, object)
        except ValueError:
            rows = np.empty(0, object)
        if rows.ndim == 1 and len(rows) == len(self.names):
            rows = rows[None]
        if rows.ndim != 2 or rows.shape[1] not in (len(self.names), len(self.outputs)):  # noqa: PLR2004 - a table
            msg = f"inputs: expected rows of {brief(list(self.names))}, got shape {rows.shape}."
            raise ConfigurationError(msg)
        return rows

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns that come out: ``colour=red`` for those of a text."""
        made: list[str] = []
        for name in self.names:
            found = (self.categories or {}).get(name)
            made += [name] if found is None else [f"{name}={value}" for value in found]
        return tuple(made)

    def apply(self, inputs: Array) -> Array:
        """Encode rows; those that are encoded already stay as they are."""
        if inputs.shape[1] != len(self.names):
            return _numbers(inputs, "inputs")
        made: list[Array] = []
        for at, name in enumerate(self.names):
            column = inputs[:, at]
            if name in self.texts:
                words = np.where(_is_missing(column), "\0", column).astype(np.str_)
                known = (self.categories or {}).get(name, ())
                made.append(words[:, None] == np.array(known, np.str_)[None, :])
                continue
            values = _numbers(column, f"inputs: column '{name}'", may_lack=self.fills)
            if self.fills:
                values = np.where(np.isnan(values), np.float32((self.means or {})[name]), values)
            made.append(values[:, None])
        found = np.concatenate([part.astype(np.float32) for part in made], axis=1)
        refuse_non_finite(found, "inputs")
        return found

    def describe(self) -> str:
        """Say what it does."""
        what = f"take {len(self.names)} columns"
        if self.texts:
            what += f", {len(self.texts)} of text as one of its categories each"
        return what + (", with the training mean for what is missing" if self.fills else "")

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {
            "type": self.type,
            "names": list(self.names),
            "texts": list(self.texts),
            "fills": self.fills,
            "categories": {name: list(values) for name, values in (self.categories or {}).items()},
            "means": dict(self.means or {}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Columns:
        """Make it again."""
        categories = {name: tuple(found) for name, found in values["categories"].items()}
        return cls(tuple(values["names"]), tuple(values["texts"]), values["fills"], categories, dict(values["means"]))


def _is_missing(column: Array) -> Array:
    # NaN is the one value that differs from itself.
    return np.array([value is None or value != value for value in column], bool)  # noqa: PLR0124


def _numbers(values: Array | Sequence[Any], what: str, *, may_lack: bool = True) -> Array:
    try:
        found = np.asarray(values).astype(np.float32)
    except (TypeError, ValueError) as error:
        msg = f"{what}: expected numbers, as in training, but {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    if not may_lack and np.isnan(found).any():
        msg = f"{what}: {int(np.isnan(found).sum()):,} values are missing."
        raise ConfigurationError(msg)
    return found


def no_column(name: str, known: Sequence[str]) -> ConfigurationError:
    """Make the error for a table without a column that the model learnt from."""
    return ConfigurationError(
        f"inputs: expected a column '{name}', as in training, got none.{did_you_mean(name, known)}"
    )


def rows_by_name(raw: Any, names: Sequence[str]) -> Any:
    """Give rows that come as mappings as lists; everything else as it is.

    Parameters
    ----------
    raw : object
        A mapping of values by column, or a sequence of such; what else a mapping holds is passed over.
    names : sequence of str
        The columns of training, in their order.

    Raises
    ------
    ConfigurationError
        If a row has no value for one of them.

    Examples
    --------
    >>> rows_by_name({"size": 3, "town": "Bern"}, ("town", "size"))
    [['Bern', 3]]
    """
    rows = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(rows, Sequence) or not rows or not all(isinstance(row, Mapping) for row in rows):
        return raw
    for name in names:
        if (row := next((row for row in rows if name not in row), None)) is not None:
            hint = did_you_mean(name, list(map(str, row)))
            msg = f"inputs: expected a value of '{name}', as in training, got none.{hint}"
            raise ConfigurationError(msg)
    return [[row[name] for name in names] for row in rows]
