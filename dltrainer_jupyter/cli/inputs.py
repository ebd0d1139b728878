"""Reading what is to be predicted from a file. No pickle is ever loaded."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_INPUTS = "x"
"""The array of an archive that is taken where there are several."""


def read_input(path: str) -> npt.NDArray[Any]:
    """Read an array.

    Parameters
    ----------
    path : str
        A ``.npy`` file, a ``.npz`` file with one array or one called ``x``, or a ``.csv`` file of numbers, a sample a
        row, with or without a header.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    ConfigurationError
        If it can't be read; the message says where and why.
    """
    kind = Path(path).suffix.lower()
    if kind not in _READERS:
        msg = f"{path}: expected a file that ends in {', '.join(_READERS)}."
        raise ConfigurationError(msg)
    try:
        return _READERS[kind](path)
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error


def _read_numpy(path: str) -> npt.NDArray[Any]:
    import zipfile

    import numpy as np

    names, found = [_INPUTS], None
    try:
        with Path(path).open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                found = loaded
            else:
                names = loaded.files
                wanted = names[0] if len(names) == 1 else _INPUTS
                found = loaded[wanted] if wanted in names else None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        msg = f"{path}: expected numbers as numpy.save or numpy.savez writes them ({error})."
        raise ConfigurationError(msg) from error
    if found is None:
        msg = f"{path}: expected one array, or one called '{_INPUTS}', got {', '.join(names) or 'none'}."
        raise ConfigurationError(msg)
    if found.dtype.kind not in "biuf":
        msg = f"{path}: expected numbers, got an array of {found.dtype}."
        raise ConfigurationError(msg)
    return found


def _read_csv(path: str) -> npt.NDArray[np.float64]:
    import numpy as np

    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: expected a CSV file in UTF-8 ({error})."
        raise ConfigurationError(msg) from error
    if lines and not any(_is_number(cell) for cell in lines[0][1]):
        del lines[0]
    if not lines:
        msg = f"{path}: expected rows of numbers, found none."
        raise ConfigurationError(msg)
    width = len(lines[0][1])
    return np.array([_row(path, line, row, width) for line, row in lines])


def _row(path: str, line: int, row: list[str], width: int) -> list[float]:
    if len(row) != width:
        msg = f"{path}, line {line}: expected {width} values as in the first row, got {len(row)}."
        raise ConfigurationError(msg)
    for column, cell in enumerate(row, start=1):
        if not _is_number(cell):
            msg = f"{path}, line {line}, column {column}: expected a number, got '{cell}'."
            raise ConfigurationError(msg)
    return [float(cell) for cell in row]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_READERS = {".npy": _read_numpy, ".npz": _read_numpy, ".csv": _read_csv}
