"""Bring a table that goes by piece by piece into rows on the disk and columns that fit into memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from dltrainer_jupyter.core import private
from dltrainer_jupyter.data.files.bounds import refuse_too_many_rows
from dltrainer_jupyter.data.files.columns import plain
from dltrainer_jupyter.data.files.plan import Missing, Plan
from dltrainer_jupyter.data.files.words import Words
from dltrainer_jupyter.data.stored.survey import Survey
from dltrainer_jupyter.data.stored.writing import RowsWriter

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.core.protocols import Array

    Chunks = Callable[[Collection[str]], Iterable[pd.DataFrame]]

ABOUT, ROWS, KEPT = "about.json", "rows.npy", "kept.npy"
_NOTHING, _WHOLE, _NUMBER, _TRUTH, _TEXT = "nothing", "whole number", "number", "true or false", "text"


@dataclass(frozen=True)
class Wanted:
    """What is to be read of a table; whatever changes the outcome is in it."""

    plan: Plan
    texts: tuple[str, ...] | None
    """Features that hold text, as a training has found; None to find them here."""
    missing: Missing
    text: Literal["one_hot", "refuse"]
    most_categories: int

    def identity(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return asdict(self)


def convert(chunks: Chunks, wanted: Wanted, folder: Path, file: str) -> None:
    """Write rows that can be read by number, and columns beside them.

    Each piece's types are found by themselves. A column that turns out to be text after it looked like numbers is read
    as text from the beginning, which takes a second pass.

    Parameters
    ----------
    chunks : callable
        Gives the table's pieces, data frames of ``wanted.plan.all`` in this order; is told which columns to read as
        text.
    wanted : Wanted
        What is read.
    folder : pathlib.Path
        An empty folder.
    file : str
        Name of the file, for messages.

    Raises
    ------
    ConfigurationError
        If the table can't be learnt from: in the words that are used where it is read at once.
    """
    texts = set(wanted.texts or ())
    while True:
        with _Pass(wanted, folder, file, texts) as going:
            for frame in chunks(texts):
                going.add(frame)
            going.refuse_lacking()
            if not going.changed:
                going.finish()
                return
            texts |= going.changed


class _Pass:
    """Goes through a table once."""

    def __init__(self, wanted: Wanted, folder: Path, file: str, texts: Collection[str]) -> None:
        self._wanted, self._folder, self._file = wanted, folder, file
        plan = wanted.plan
        self._beside = plan.beside_features
        self._kinds = dict.fromkeys(texts, _TEXT)
        self._given = frozenset(texts)
        # What a training has found to be categories stays one: words beyond them are told apart from these.
        are_categories = wanted.texts is None
        self._words = {name: Words(name, bounded=are_categories and name not in self._beside) for name in plan.all}
        self._lacking = dict.fromkeys(plan.all, (0, 0))
        self._columns: dict[str, list[Array]] = {name: [] for name in self._beside}
        self._kept: list[Array] = []
        self._total = self._count = 0
        self._survey = Survey(may_lack=wanted.missing == "mean")
        self._writer: RowsWriter | None = None
        self.changed: set[str] = set()
        """Columns that turned out to be text too late."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.__exit__(kind, error, trace)

    def add(self, frame: pd.DataFrame) -> None:
        """Take in the next rows."""
        import pandas as pd

        begin, self._total = self._total, self._total + len(frame)
        frame = frame.set_axis(pd.RangeIndex(begin, self._total))
        lacking = frame.isna()
        for name in frame.columns:
            self._tell_kind(name, frame[name], is_first=not begin)
        if self._wanted.missing == "drop":
            kept = np.asarray(~lacking.to_numpy().any(axis=1))
            self._kept.append(kept)
            frame = frame[kept]
        else:
            for name in frame.columns:
                if count := int(lacking[name].sum()):
                    before, first = self._lacking[name]
                    at = first if before else begin + int(np.argmax(lacking[name].to_numpy()))
                    self._lacking[name] = before + count, at
        self._count += len(frame)
        if not self.changed and len(frame):
            self._write(plain(frame))

    def _tell_kind(self, name: str, column: pd.Series[Any], *, is_first: bool) -> None:
        if name in self._given:
            return
        known, found = self._kinds.get(name, _NOTHING), _kind(column)
        kind = _joined(known, found)
        # Rows before held no text, or what isn't written as one any more.
        if kind == _TEXT and not is_first and (known != _TEXT or found not in (_TEXT, _NOTHING)):
            self.changed.add(name)
        self._kinds[name] = kind

    def _is_text(self, name: str) -> bool:
        return self._kinds[name] == _TEXT

    @property
    def _texts(self) -> list[str]:
        return [name for name in self._wanted.plan.features if self._is_text(name)]

    def _write(self, frame: pd.DataFrame) -> None:
        features = self._wanted.plan.features
        codes = {name: self._words[name].add(frame[name]) for name in frame.columns if self._is_text(name)}
        if self._writer is None:
            # As in memory: of numbers what the model takes, beside text what Python has.
            dtype = np.dtype(np.float64 if self._texts else np.float32)
            self._writer = RowsWriter(self._folder / ROWS, dtype, (len(features),))
            self._dtype = dtype
        rows = np.empty((len(frame), len(features)), self._dtype)
        with np.errstate(over="ignore"):
            for at, name in enumerate(features):
                rows[:, at] = codes[name] if name in codes else frame[name].to_numpy()
        numbers = [at for at, name in enumerate(features) if name not in codes]
        with np.errstate(over="ignore"):
            self._survey.add((rows[:, numbers] if codes else rows).astype(np.float32, copy=False))
        self._writer.add(rows)
        for name, pieces in self._columns.items():
            pieces.append(codes[name] if name in codes else frame[name].to_numpy())
        size = self._count * sum(pieces[-1].itemsize for pieces in self._columns.values())
        refuse_too_many_rows(self._count, size, f"data: what is learnt of {self._count:,} rows of {self._file}")

    def refuse_lacking(self) -> None:
        """Raise if there is no row, or values are missing."""
        plan = self._wanted.plan
        plan.refuse_none(self._total, self._count, self._file)
        lacking = ((name, *found) for name, found in self._lacking.items())
        plan.refuse_lacking(lacking, self._total, self._file, self._wanted.missing)

    def finish(self) -> None:
        """Refuse what can't be learnt from, and write down what was found."""
        wanted, words = self._wanted, self._words
        for name in self._texts:
            if wanted.texts is None:
                words[name].refuse_as_categories(wanted.text, wanted.most_categories)
            elif name not in wanted.texts:
                words[name].refuse_text(self._file)
        for name in wanted.plan.targets:
            if self._is_text(name):
                words[name].refuse_numbers_with_commas()
        for at, (_, pieces) in enumerate(self._columns.items()):
            _save(self._folder / column_file(at), _together(pieces))
        if self._kept:
            _save(self._folder / KEPT, np.concatenate(self._kept))
        about = {
            "total": self._total,
            "count": self._count,
            "texts": self._texts,
            "words": {name: words[name].known for name in wanted.plan.all if self._is_text(name)},
            "survey": self._survey.to_dict(),
        }
        private.write(self._folder / ABOUT, json.dumps(about).encode())


def column_file(at: int) -> str:
    """Name the file of a column beside the features."""
    return f"column-{at}.npy"


def _together(pieces: Sequence[Array]) -> Array:
    """Give a column of its pieces, with the type that it would have been read with at once."""
    unsigned = [it for it in pieces if it.dtype == np.uint64]
    if unsigned and all(it.dtype.kind in "iu" and (it.size == 0 or it.min() >= 0) for it in pieces):
        return np.concatenate([it.astype(np.uint64) for it in pieces])
    return np.concatenate(pieces)


def _save(path: Path, array: Array) -> None:
    private.make_file(path)
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _kind(column: pd.Series[Any]) -> str:
    import pandas as pd

    types = pd.api.types
    if not column.notna().any():
        return _NOTHING
    if types.is_bool_dtype(column) or (column.dtype == object and types.infer_dtype(column, skipna=True) == "boolean"):
        return _TRUTH
    if types.is_numeric_dtype(column):
        return _WHOLE if types.is_integer_dtype(column) else _NUMBER
    return _TEXT


def _joined(one: str, other: str) -> str:
    """Give the kind of a column with values of two kinds, as it would have been read at once."""
    if _NOTHING in (one, other) or one == other:
        return other if one == _NOTHING else one
    return _NUMBER if {one, other} == {_WHOLE, _NUMBER} else _TEXT
