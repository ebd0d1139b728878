"""A table whose rows are read from the disk when they are due, while its targets lie in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.conversion import ABOUT, KEPT, ROWS, column_file
from dltrainer_jupyter.data.files.plan import Plan
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.stored.assembly import StoredRaw
from dltrainer_jupyter.data.stored.coded import CodedTable
from dltrainer_jupyter.data.stored.rows import Mapped
from dltrainer_jupyter.data.stored.survey import Survey
from dltrainer_jupyter.data.targets import Targets, encode

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


class Labels:
    """Text of a column, a word each, of which only numbers lie in memory.

    Parameters
    ----------
    codes : numpy.ndarray of int32, shape (n,)
        Numbers of words; none is missing.
    words : sequence of str
        By their numbers.

    Examples
    --------
    >>> Labels(np.array([1, 0, 1], np.int32), ["cat", "dog"])[[0, 2]].tolist()
    ['dog', 'dog']
    """

    def __init__(self, codes: npt.NDArray[np.int32], words: Sequence[str]) -> None:
        self.codes, self.words = codes, np.array(words, np.str_)
        self.shape, self.size, self.ndim = codes.shape, codes.size, 1
        self.dtype = self.words.dtype

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Array:
        """Give the words of some rows."""
        found: Array = self.words[self.codes[rows]]
        return found


class TableOnDisk:
    """What :func:`~dltrainer_jupyter.data.files.conversion.convert` has written.

    Parameters
    ----------
    folder : pathlib.Path
        Where.
    plan : Plan
        What its columns are for.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        self._plan, self._words = plan, about["words"]
        self.texts: tuple[str, ...] = tuple(about["texts"])
        self.total: int = about["total"]
        self.count: int = about["count"]
        words = {name: self._words[name] for name in self.texts}
        # Mapped now: the folder may be removed by those who need room, another table of the same run among them.
        self._columns = {name: _mapped(folder / column_file(at)) for at, name in enumerate(plan.beside_features)}
        self._kept = _mapped(folder / KEPT) if (folder / KEPT).exists() else None
        self._rows = CodedTable(Mapped.npy(folder / ROWS), plan.features, words)
        self._survey = Survey.from_dict(about["survey"])

    @property
    def kept(self) -> Array:
        """Which rows of the file these are, shape (total,), bool."""
        return np.ones(self.total, bool) if self._kept is None else np.array(self._kept)

    def column(self, name: str) -> Any:
        """Give a column that isn't only learnt from: an array, or :class:`Labels`."""
        values = np.array(self._columns[name])
        return Labels(values, self._words[name]) if name in self._words else values

    def raw(self) -> StoredRaw:
        """Give inputs and targets as they came."""
        names = self._plan.targets
        found = [self.column(name) for name in names]
        if len(found) == 1:
            values = found[0] if isinstance(found[0], Labels) else to_host(found[0], "targets")
        else:
            import pandas as pd

            columns = {name: it[:] if isinstance(it, Labels) else it for name, it in zip(names, found, strict=True)}
            values = to_host(pd.DataFrame(columns).to_numpy(), "targets")
        return StoredRaw(self._rows, values, self._survey)


def _mapped(path: Path) -> Array:
    return np.asarray(np.load(path, mmap_mode="r"))


class ColumnsOnDisk(Mapping[str, Any]):
    """Columns by name; those that say how rows are divided are read when they are asked for."""

    def __init__(self, table: TableOnDisk, plan: Plan) -> None:
        self._table, self._plan = table, plan

    def __len__(self) -> int:
        """Count them."""
        return len(self._plan.all)

    def __iter__(self) -> Iterator[str]:
        """Give their names."""
        return iter(self._plan.all)

    def __getitem__(self, name: str) -> Array:
        """Give one of those beside the features, shape (n,)."""
        if name not in self._plan.beside_features:
            raise KeyError(name)
        values = self._table.column(name)
        return values[:] if isinstance(values, Labels) else values


def encoded(spec: RunSpec, parts: Sequence[StoredRaw]) -> Targets | None:
    """Encode targets of text by their words, without writing them all out; None where they are no text.

    Parameters
    ----------
    spec : RunSpec
        Its loss decides.
    parts : sequence of StoredRaw
        Training and validation.
    """
    found = [part.targets for part in parts]
    if not all(isinstance(it, Labels) for it in found):
        return None
    words = list(dict.fromkeys(word for it in found for word in it.words.tolist()))
    number = {word: at for at, word in enumerate(words)}
    loss = None if spec.first_loss is None or spec.first_loss.is_user_object else spec.first_loss.type
    meaning = encode(np.array(words, np.str_), loss)
    codes = [np.array([number[word] for word in it.words.tolist()], np.int64)[it.codes] for it in found]
    return Targets(
        meaning.values[np.concatenate(codes)], meaning.task, meaning.outputs, meaning.labels, meaning.encoded
    )
