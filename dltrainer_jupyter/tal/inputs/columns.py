"""Rows of a table whose columns hold text or may lack a value, as the run read its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.data.steps.columns import Columns


def read_columns(
    cells: Sequence[Sequence[str]], table: Columns, lines: Sequence[int], name: str
) -> npt.NDArray[np.object_]:
    """Read cells as text or numbers, each column as in training.

    Parameters
    ----------
    cells : sequence of sequence of str, shape (n, columns)
        In the order of ``table.names``.
    table : Columns
        The fitted step that takes such rows.
    lines : sequence of int, shape (n,)
        Where rows stand in the file, for messages.
    name : str
        That of the file, for messages.

    Returns
    -------
    numpy.ndarray of object, shape (n, columns)
        NaN stands for what is missing.

    Raises
    ------
    ConfigurationError
        If a value is no number, or is missing where training had no means for it; its line and column are named.

    Examples
    --------
    >>> from dltrainer_jupyter.data.steps.columns import Columns
    >>> table = Columns(("town", "size"), ("town",), fills=True)
    >>> read_columns([["Bern", "3"], ["Chur", "NA"]], table, [2, 3], "houses.csv")
    array([['Bern', 3.0],
           ['Chur', nan]], dtype=object)
    """
    import pandas as pd

    # Read by what read the training's file, so that the same words mean a missing value.
    written = io.StringIO(newline="")
    csv.writer(written).writerows(cells)
    written.seek(0)
    texts = {at: np.str_ for at, column in enumerate(table.names) if column in table.texts}
    names = range(len(table.names))
    frame = pd.read_csv(written, header=None, names=list(names), dtype=texts, skip_blank_lines=False)
    rows = np.empty(frame.shape, object)
    for at, column in enumerate(table.names):
        if at in texts:
            rows[:, at] = frame[at].to_numpy(object)
            continue
        values = pd.to_numeric(frame[at], errors="coerce").to_numpy(np.float64)
        may_lack = frame[at].isna().to_numpy() & table.fills
        if (bad := ~np.isfinite(values) & ~may_lack).any():
            row = int(bad.argmax())
            msg = f"{name}, line {lines[row]}, column '{column}': expected a number, got '{cells[row][at]}'."
            raise ConfigurationError(msg)
        rows[:, at] = values
    return rows
