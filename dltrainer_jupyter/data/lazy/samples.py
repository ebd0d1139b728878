"""A part of what is listed, as samples that are read when they are due and come out as the model takes them."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dltrainer_jupyter.core.errors import BadSampleError
from dltrainer_jupyter.data.lazy.bad import BadSamples
from dltrainer_jupyter.data.lazy.reader import Reader, read_good
from dltrainer_jupyter.data.measured import AsTrained
from dltrainer_jupyter.data.steps import Step

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


class LazySamples:
    """Samples of a reader, preprocessed as they are read.

    Parameters
    ----------
    reader : Reader
        Reads them.
    rows : numpy.ndarray of int64, shape (n,)
        Which of its samples these are.
    known : numpy.ndarray or None
        Encoded targets of all the reader's samples, where they are known without reading.
    bad : BadSamples
        Told of what can't be read.
    chain : sequence of Step
        Fitted.
    replaces : bool
        Whether the next sample that can be read takes the place of one that can't, so that batches keep their size;
        else there are fewer.
    """

    def __init__(
        self,
        reader: Reader,
        rows: npt.NDArray[np.int64],
        known: Array | None,
        bad: BadSamples,
        *,
        chain: Sequence[Step] = (),
        replaces: bool,
    ) -> None:
        self._reader = reader
        self._rows = rows
        self._known = known
        self._bad = bad
        self._chain = chain
        self._replaces = replaces
        self._left_out: set[int] = set()

    def __len__(self) -> int:
        """Count the samples."""
        return len(self._rows)

    @cached_property
    def fingerprint(self) -> int:
        """Which samples these are, by the names of all there are."""
        found = zlib.crc32(self._rows.tobytes())
        for index in range(len(self._reader)):
            found = zlib.crc32(self._reader.name(index).encode("utf-8", "surrogatepass"), found)
        return found

    def read(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read, preprocess and encode.

        Raises
        ------
        BadSampleError
            If samples can't be read and aren't to be left out, or none is left.
        """
        inputs, targets = self.raw(indices)
        for step in self._chain:
            inputs = step.apply(inputs)
        return inputs, targets

    def raw(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read, with inputs as they came."""
        found = [one for index in indices.tolist() if (one := self._one(index)) is not None]
        if not found:
            # Of another sample, so that shapes and types are there.
            inputs, targets = self.raw(self._any_other(indices))
            return inputs[:0], targets[:0]
        return np.stack([one[0] for one in found]), np.stack([one[1] for one in found])

    def _one(self, index: int) -> tuple[Array, Any] | None:
        count = len(self._rows)
        for position in range(index, index + count if self._replaces else index + 1):
            row = int(self._rows[position % count])
            if row in self._left_out:
                continue
            if (found := read_good(self._reader, row, self._bad)) is not None:
                return found[0], (found[1] if self._known is None else self._known[row])
            self._left_out.add(row)
        return None

    def _any_other(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give one that isn't known to be bad."""
        for index in range(len(self._rows)):
            if int(self._rows[index]) not in self._left_out and index not in indices:
                return np.array([index], np.int64)
        msg = "data: none of the samples can be used."
        raise BadSampleError(msg)


class RawSamples(Protocol):
    """A part of what a model is measured on."""

    def __len__(self) -> int:
        """Count the samples."""

    def raw(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read inputs and targets as they came; fewer where some can't be read."""


class MeasuredSamples:
    """Samples to measure a trained model on, brought into the form of its training.

    Parameters
    ----------
    parts : sequence of RawSamples
        Whose raw samples, one part after the other.
    ready : AsTrained
        Brings them into that form, and leaves out what the model can't know.
    names : tuple of str
        What class numbers mean, where targets are some.
    """

    def __init__(self, parts: Sequence[RawSamples], ready: AsTrained, names: tuple[str, ...]) -> None:
        self._parts = parts
        self._ready = ready
        self._names = np.array(names, np.str_) if names else None
        self._ends = np.cumsum([len(part) for part in parts])
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count the samples."""
        return int(self._ends[-1])

    def read(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read, preprocess and encode as in training."""
        found, numbers = [], []
        for part, end in zip(self._parts, self._ends, strict=True):
            start = int(end) - len(part)
            mine = indices[(indices >= start) & (indices < end)]
            if len(mine):
                found.append(part.raw(mine - start))
                numbers.append(mine)
        inputs = np.concatenate([one[0] for one in found])
        targets = np.concatenate([one[1] for one in found])
        if self._names is not None:
            targets = self._names[targets]
        asked = np.concatenate(numbers)
        # It counts what it leaves out; the first batch is read once more to see how much it takes.
        with self._lock:
            samples = self._ready.samples(inputs, targets, asked if len(asked) == len(inputs) else None)
        return samples.inputs, samples.targets
