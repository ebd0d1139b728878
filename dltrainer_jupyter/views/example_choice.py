"""Which of the examples that are kept a person wants, and in what order; what can't apply is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError, brief
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.views.sorting import Sort

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_FILTERS = {"truth": "truth", "predicted": "prediction", "correct": "correct"}
"""Columns by what a person calls their filters."""


def chosen_rows(
    columns: Mapping[str, Array],
    labels: Sequence[str],
    task: str | None,
    *,
    truth: int | str | None = None,
    predicted: int | str | None = None,
    correct: bool | None = None,
    sort: Sort = "index",
) -> npt.NDArray[np.intp]:
    """Find the rows of the examples that are wanted, in order.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        What is kept of examples; none before the first validation.
    labels : sequence of str
        Names of the classes.
    task : str or None
        For messages.
    truth, predicted : int or str, optional
        Only those of this class, and those taken for this class; by number or name.
    correct : bool, optional
        Only those that are right, or wrong.
    sort : str, default "index"
        What isn't known comes last.

    Raises
    ------
    ConfigurationError
        If a filter or an order is none, doesn't apply to the task, or names no class.

    Examples
    --------
    >>> columns = {"index": np.arange(3), "truth": np.array([1, 0, 1]), "loss": np.array([0.5, 2.0, 3.0])}
    >>> chosen_rows(columns, ["cat", "dog"], "classification", truth="dog", sort="-loss")
    array([2, 0])
    """
    if sort not in (orders := get_args(Sort)):
        kind = "order of examples"
        raise UnknownNameError(kind, sort, orders)
    if correct is not None and not isinstance(correct, bool | np.bool_):
        msg = f"correct: expected True or False, got {brief(correct)}."
        raise ConfigurationError(msg)
    if not columns:
        return np.arange(0)
    wanted = np.ones(len(columns["index"]), bool)
    for name, value in {"truth": truth, "predicted": predicted, "correct": correct}.items():
        if value is None:
            continue
        if not _is_filter(columns, name):
            raise _not_of(name, columns, task)
        is_class = name != "correct"
        wanted &= columns[_FILTERS[name]] == (_class_of(name, value, columns, labels) if is_class else value)
    return _sorted(columns, np.flatnonzero(wanted), sort, task)


def _is_filter(columns: Mapping[str, Array], name: str) -> bool:
    column = columns.get(_FILTERS[name])
    # Values of a regression are no classes.
    return column is not None and column.ndim == 1 and column.dtype.kind in "iub"


def _class_of(name: str, value: Any, columns: Mapping[str, Array], labels: Sequence[str]) -> int:
    if not isinstance(value, int | np.integer):
        if value not in labels:
            kind = "class"
            raise UnknownNameError(kind, str(value), labels)
        return list(labels).index(value)
    there = (columns[one] for one in ("truth", "prediction") if one in columns)
    count = max([len(labels), *(int(one.max(initial=-1)) + 1 for one in there)])
    if not 0 <= value < count:
        named = f" or its name ({few_of(list(labels))})" if labels else ""
        msg = f"{name}: expected a class from 0 to {count - 1:,}{named}, got {value:,}."
        raise ConfigurationError(msg)
    return int(value)


def _sorted(
    columns: Mapping[str, Array], rows: npt.NDArray[np.intp], sort: Sort, task: str | None
) -> npt.NDArray[np.intp]:
    name, descending = sort.lstrip("-"), sort.startswith("-")
    if name == "index":
        return rows
    if name not in columns:
        raise _not_of(f"sort='{sort}'", columns, task)  # noqa: EM102 - what was asked, not a message
    keys = np.asarray(columns[name])[rows].astype(np.float64)
    ordered: npt.NDArray[np.intp] = rows[np.argsort(-keys if descending else keys, kind="stable")]
    return ordered


def _not_of(asked: str, columns: Mapping[str, Array], task: str | None) -> ConfigurationError:
    filters = ", ".join(name for name in _FILTERS if _is_filter(columns, name))
    orders = ", ".join(name for name in ("index", "confidence", "loss", "score") if name in columns)
    kept = f"filtered by {filters} and " if filters else ""
    return ConfigurationError(
        f"{asked}: examples of {task or 'this run'} don't have it; they can be {kept}sorted by {orders}."
    )
