"""What the columns of a table hold: numbers, true and false, text, or what can't be learnt from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.data.host import missing_values

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.core.protocols import Array

MOSTLY = 0.5
"""Share of numbers from which on a column of text is taken for one of numbers with something else among them."""
LONGEST_TEXT = 10_000
"""Characters of what may be a category."""
WITH_COMMAS = re.compile(r"\s*[+-]?(\d+,\d+|\d{1,3}([ .']\d{3})+,\d+|\d{1,3}(,\d{3})+(\.\d+)?)\s*")
"""A number whose decimals, or whose thousands, are set off by commas."""


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns NumPy's types: of whole numbers and of true and false as such, unless some are missing.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its columns may have pandas' types for what may be missing.

    Examples
    --------
    >>> import pandas as pd
    >>> found = plain(pd.DataFrame({"a": pd.array([1, 2], "Int64"), "b": pd.array([1, None], "Int64")}))
    >>> [str(found[name].dtype) for name in found]
    ['int64', 'float64']
    """
    import pandas as pd

    made = {}
    for name in frame.columns:
        column = frame[name]
        held = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else ""
        if held == "boolean":
            column = column.astype("boolean")
        elif held == "integer":
            # What no type of whole numbers holds names something, as the numbers of parts and of people do.
            column = column.astype(str)
        elif held == "empty":
            column = column.astype(np.float64)
        is_number = pd.api.types.is_numeric_dtype(column)  # true and false are some
        if isinstance(column.dtype, np.dtype):
            made[name] = column
        elif is_number and column.isna().any():
            made[name] = pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index)
        elif is_number:
            made[name] = pd.Series(column.to_numpy(getattr(column.dtype, "numpy_dtype", None)), column.index)
        else:
            made[name] = pd.Series(column.to_numpy(object, na_value=np.nan), column.index)
    return pd.DataFrame(made, frame.index)


def texts_among(
    frame: pd.DataFrame, names: Sequence[str], text: Literal["one_hot", "refuse"], most: int
) -> tuple[str, ...]:
    """Find the columns of text among those that are learnt from.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    names : sequence of str
        Columns that are learnt from.
    text : {"one_hot", "refuse"}
        Whether text may be learnt from.
    most : int
        Most categories of a column.

    Raises
    ------
    ConfigurationError
        If text is refused, there are too many categories, or a column is neither text nor numbers.
    """
    found = [name for name in names if not is_numbers(frame[name])]
    for name in found:
        values = frame[name].dropna()
        if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in values.unique()):
            raise too_long(name)
        if not all(isinstance(value, str) for value in values.unique()):
            kind = type(next(iter(values.unique()))).__name__
            msg = f"data: the column '{name}' holds {kind}; expected numbers or text. Leave it out (drop)."
            raise ConfigurationError(msg)
        refuse_mostly_numbers(frame[name], name)
        if text == "refuse":
            raise not_wanted(name, values.iloc[0])
        count = int(values.nunique())
        if count > most:
            raise too_many(name, f"{count:,}", most)
    return tuple(found)


def refuse_mostly_numbers(column: pd.Series[Any], name: str) -> None:
    """Raise if a column of text is one of numbers, some of which are written in another way.

    Raises
    ------
    ConfigurationError
        Names the first that isn't a number.
    """
    import pandas as pd

    values = column.dropna()
    if not len(values):
        return
    numbers = pd.to_numeric(values, errors="coerce")
    wrong = values[numbers.isna()]
    if len(wrong) and float(numbers.notna().mean()) > MOSTLY:
        raise mostly_numbers(name, len(wrong), len(column), (wrong.iloc[0], int(wrong.index[0])))
    refuse_numbers_with_commas(column, name)


def refuse_numbers_with_commas(column: pd.Series[Any], name: str) -> None:
    """Raise if a column of text holds numbers in which a comma means something.

    Raises
    ------
    ConfigurationError
        Says how to say what it means.
    """
    if is_numbers(column):
        return
    values = column.dropna()
    commas = values[values.astype(str).str.fullmatch(WITH_COMMAS)]
    if len(commas) > MOSTLY * len(values):
        raise with_commas(name, (commas.iloc[0], int(commas.index[0])))


def rows_of(frame: pd.DataFrame, names: Sequence[str], texts: Sequence[str], file: str) -> Array:
    """Give rows as a person has them: float32, or where there is text, Python's objects.

    Raises
    ------
    ConfigurationError
        If a column that was one of numbers in training holds something else.
    """
    import pandas as pd

    for name in names:
        if name not in texts and not is_numbers(frame[name]):
            wrong = frame[name][pd.to_numeric(frame[name], errors="coerce").isna()]
            raise no_numbers(name, file, (wrong.iloc[0], int(wrong.index[0])))
    chosen = frame[list(names)]
    # Numbers are kept as the model takes them: a large table lies in memory only once.
    return chosen.to_numpy(object) if texts else chosen.to_numpy(np.float32)


def refuse_infinite(frame: pd.DataFrame, names: Sequence[str], what: str) -> None:
    """Raise if a column of numbers holds what float32 doesn't, while rows still have the places their owner knows.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; values may be missing.
    names : sequence of str
        Columns of numbers.
    what : str
        What they are, for messages: ``"inputs"``.

    Raises
    ------
    ConfigurationError
        Says in how many rows, and which is the first.
    """
    bad = np.zeros(len(frame), bool)
    with np.errstate(over="ignore"):
        for name in names:
            bad |= np.isinf(frame[name].to_numpy().astype(np.float32))
    if bad.any():
        raise missing_values(bad, what, "NaN or infinite")


def is_numbers(column: pd.Series[Any]) -> bool:
    """Tell whether a column holds numbers, or true and false."""
    import pandas as pd

    return bool(pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column))


Place = tuple[Any, int]
"""A value, and the number of its row, counted from 0."""


def too_long(name: str) -> ConfigurationError:
    """Make the error for a column with text that is no category."""
    what = f"text of more than {LONGEST_TEXT:,} characters"
    return ConfigurationError(f"data: the column '{name}' holds {what}; leave it out (drop).")


def not_wanted(name: str, first: Any) -> ConfigurationError:
    """Make the error for a column of text where text is refused."""
    return ConfigurationError(
        f"data: the column '{name}' holds text such as {brief(first)}; leave it out (drop), or say text: one_hot."
    )


def too_many(name: str, count: str, most: int) -> ConfigurationError:
    """Make the error for a column of too many categories."""
    return ConfigurationError(
        f"data: the column '{name}' holds text with {count} different values, and most_categories is {most:,}; leave "
        "it out (drop)."
    )


def mostly_numbers(name: str, wrong: int, total: int, first: Place) -> ConfigurationError:
    """Make the error for a column of numbers with something else among them."""
    return ConfigurationError(
        f"data: the column '{name}' holds numbers, but {wrong:,} of {total:,} rows don't: the first is "
        f"{brief(first[0])}, in row {first[1] + 1:,}."
    )


def with_commas(name: str, first: Place) -> ConfigurationError:
    """Make the error for a column of numbers in which a comma means something."""
    return ConfigurationError(
        f"data: the column '{name}' holds numbers with commas, such as {brief(first[0])} in row {first[1] + 1:,}; say "
        "what a comma means in a CSV file: decimal: ',' or thousands: ','."
    )


def no_numbers(name: str, file: str, first: Place) -> ConfigurationError:
    """Make the error for a column that was one of numbers in training."""
    return ConfigurationError(
        f"data: the column '{name}' of {file} holds {brief(first[0])} in row {first[1] + 1:,}; expected numbers, as in "
        "training."
    )
