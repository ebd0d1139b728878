"""Comma-separated values, as raw samples of a run: by the names of its columns, or in their order."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.inputs.columns import read_columns
from dltrainer_jupyter.tal.inputs.form import Form

if TYPE_CHECKING:
    import numpy.typing as npt

DELIMITERS = ",;\t"
"""What may stand between values."""
_NAMED = 5
"""Names of columns that a message holds."""


def read_rows(text: str, name: str, form: Form) -> tuple[npt.NDArray[np.float64 | np.object_], list[str]]:
    """Read rows of numbers, or of numbers and text where the run's data had both, a sample each.

    Parameters
    ----------
    text : str
        Values with commas, semicolons or tabs between them, with or without a line of names.
    name : str
        For messages.
    form : Form
        What raw samples look like.

    Returns
    -------
    numpy.ndarray of float64, shape (n, *sample), or of object, shape (n, columns)
        The raw samples.
    list of str
        What was done, in sentences.

    Raises
    ------
    ConfigurationError
        If a value is no number (its line and column are named), or there are too many or too few.
    """
    lines = _lines(text, name)
    notes: list[str] = []
    chosen: list[int] | None = None
    header = lines[0][1] if lines and _is_header(lines[0][1], form) else None
    if header is not None:
        del lines[0]
        chosen = _chosen(header, name, form, notes)
    if not lines:
        msg = f"{name}: expected rows of numbers, found none."
        raise ConfigurationError(msg)
    width = len(header) if header is not None else len(lines[0][1])
    for line, row in lines:
        if len(row) != width:
            which = "header" if header is not None else "first row"
            msg = f"{name}, line {line}: expected {width} values as in the {which}, got {len(row)}."
            raise ConfigurationError(msg)
    used = range(width) if chosen is None else chosen
    shape = form.flat(len(used))
    if shape is None:
        raise _misfit(len(used), name, form)
    cells = [[row[column] for column in used] for _, row in lines]
    if form.table is not None and len(used) == len(form.table.names):
        return read_columns(cells, form.table, [line for line, _ in lines], name), notes
    values = _numbers(cells)
    if values is None:
        raise _no_number(lines, used, name, header)
    return values.reshape(len(values), *shape), notes


def _lines(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Give the rows that hold something, each with the number of its line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [
            (reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        msg = f"{name}: expected comma-separated values ({error})."
        raise ConfigurationError(msg) from None


def _is_header(row: Sequence[str], form: Form) -> bool:
    """Tell whether a row holds names: no number among them, or all names of the training."""
    features = form.features
    if form.table is not None and len(form.table.texts) == len(form.table.names):
        # Rows of text alone hold no number either.
        return bool({_plain(name) for name in form.table.names} & {_plain(cell) for cell in row})
    if not any(_is_number(cell) for cell in row):
        return True
    return features is not None and {_plain(name) for name in features} <= {_plain(cell) for cell in row}


def _chosen(header: Sequence[str], name: str, form: Form, notes: list[str]) -> list[int] | None:
    """Find the column of each feature; None where columns are taken in their order."""
    if form.features is None:
        return None
    where = {_plain(cell): at for at, cell in enumerate(header)}
    missing = [feature for feature in form.features if _plain(feature) not in where]
    if len(missing) == len(form.features):
        if len(header) == len(missing):
            notes.append("the header has other names than in training, so the columns are taken in their order")
        return None
    if missing:
        msg = (
            f"{name}: expected the columns of the training, and {_some(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing; the header has {_some(header)}."
        )
        raise ConfigurationError(msg)
    wanted = {_plain(feature) for feature in form.features}
    if twice := [cell for at, cell in enumerate(header) if _plain(cell) in wanted and where[_plain(cell)] != at]:
        msg = f"{name}: the header has the column {_some(twice)} twice; leave one out."
        raise ConfigurationError(msg)
    if others := [cell for cell in header if _plain(cell) not in wanted]:
        notes.append(f"left out {_left_out(others)}, which the model doesn't take")
    chosen = [where[_plain(feature)] for feature in form.features]
    if chosen != sorted(chosen):
        notes.append("columns put in the order of the training, by their names")
    return chosen


def _numbers(cells: list[list[str]]) -> npt.NDArray[np.float64] | None:
    """Read all cells at once; None if one of them is no finite number."""
    try:
        values = np.array(cells, dtype=np.str_).astype(np.float64)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _no_number(
    lines: list[tuple[int, list[str]]], used: Sequence[int], name: str, header: Sequence[str] | None
) -> ConfigurationError:
    """Name the first cell that is no number."""
    line, column, cell = next(
        (line, column, row[column]) for line, row in lines for column in used if not _is_number(row[column])
    )
    called = "" if header is None else f" ({header[column]})"
    return ConfigurationError(f"{name}, line {line}, column {column + 1}{called}: expected a number, got '{cell}'.")


def _misfit(found: int, name: str, form: Form) -> ConfigurationError:
    named = "" if form.features is None else f" ({_some(form.features)})"
    if form.table is not None:
        return ConfigurationError(f"{name}: expected {len(form.table.names):,} columns{named}, got {found:,}.")
    wanted = sorted({math.prod(shape) for shape in form.shapes})
    return ConfigurationError(
        f"{name}: expected {' or '.join(f'{count:,}' for count in wanted)} numbers a row{named}, got {found:,}."
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _left_out(names: Sequence[str]) -> str:
    """Name columns, and count those that have no name, such as the index that a table was saved with."""
    named = [name for name in names if name]
    nameless = len(names) - len(named)
    counted = f"{nameless} column{'' if nameless == 1 else 's'} without a name"
    return " and ".join([*([_some(named)] if named else []), *([counted] if nameless else [])])


def _plain(name: str) -> str:
    return name.strip().casefold()


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
