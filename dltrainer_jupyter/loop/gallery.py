"""Pictures of the validation examples that are kept, written once beside the run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.private import make_file, make_folder
from dltrainer_jupyter.core.protocols import Samples, Signature
from dltrainer_jupyter.core.structures import leaves
from dltrainer_jupyter.data.foreign.structure import to_numpy
from dltrainer_jupyter.loop.thumbnails import Form, drawn, finite_range, form_of, size_of, to_pixels, true_places
from dltrainer_jupyter.metrics.examining.kept import Kept, chosen, priorities

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

FOLDER = "validation_examples"
"""In a run's folder."""
ABOUT = "about.json"
AsTheyCame = Callable[["npt.NDArray[np.int64]"], "Array | None"]
"""Reads rows of a table by their places in a pass, as a person has them; gives None where there is no table."""
_ROWS = 2
"""Dimensions of a table."""
_MOST_BYTES = 2**26
"""Of pixels or rows."""
_MOST_COLLECTED = 2**24
"""Values that are held while a stream is gone through."""
_TOGETHER = 2**22
"""Values that are turned into pixels together."""


class Gallery:
    """Pictures of the examples that an examiner keeps, or of so many of them as fit.

    Samples in memory are cut when it is written. Of a stream's batches the chosen rows are set aside as they go by, at
    most 2**24 values, so its pictures may be smaller. Rows of a table are shown as they came where they were kept, see
    :class:`~dltrainer_jupyter.core.protocols.Samples`, or can be read again; everything else as the model takes it,
    pictures brightened to the range of all of them.

    Parameters
    ----------
    folder : Path
        The run's.
    signature : Signature
        Its task says what targets are, its ``raw`` what columns are called.
    seed, most : int
        What the choice of examples depends on.
    """

    def __init__(self, folder: Path, signature: Signature, *, seed: int, most: int) -> None:
        self._place = folder / FOLDER
        self._signature = signature
        self._seed = seed
        self._most = most
        self._form: Form | None = None
        self._kept: Kept | None = None
        self._batches: int | None = None
        self._shape: tuple[int, ...] = ()
        self._wanted = most > 0 and not (self._place / ABOUT).exists()

    @property
    def wanted(self) -> bool:
        """Whether there is none yet, and one is to be."""
        return self._wanted

    def begin(self, batches: int | None = None) -> None:
        """Prepare for a pass over a stream of so many batches, if it tells."""
        self._form, self._kept, self._batches = None, None, batches

    def see(self, inputs: Any, targets: Any) -> None:
        """Set aside the chosen rows of a batch, as its loader gave it; what are no arrays has no picture."""
        if not self._wanted:
            return
        if not hasattr(inputs, "shape") or len(inputs.shape) < 2:  # noqa: PLR2004 - samples, and an axis of each
            self.give_up()
            return
        if self._kept is None:
            expected = self._most if self._batches is None else min(self._most, self._batches * len(inputs))
            self._shape = tuple(map(int, inputs.shape[1:]))
            self._form = form_of(self._shape, expected, _MOST_COLLECTED)
            if self._form is None:
                self.give_up()
                return
            self._kept = Kept(self._seed, self._form.most if self._form.most < expected else self._most)
        assert self._form is not None  # noqa: S101 - made with what is kept
        rows = self._kept.choose(len(inputs))
        if not len(rows):
            return
        columns: dict[str, Any] = {"inputs": drawn(_rows(inputs, rows), self._form)}
        if self._signature.task in ("segmentation", "detection") and hasattr(targets, "shape"):
            columns["targets"] = _rows(targets, rows)
        self._kept.add(**columns)

    def give_up(self) -> None:
        """Want none any more."""
        self._wanted = False
        self.begin()

    @property
    def truths(self) -> int | None:
        """What the targets of the examples are recognised by, as it was written; None if there is none."""
        try:
            known = json.loads((self._place / ABOUT).read_text(encoding="utf-8")).get("truths")
        except (OSError, ValueError):
            return None
        return known if isinstance(known, int) else None

    def write(self, samples: Samples | None, truths: int | None, as_they_came: AsTheyCame | None = None) -> None:
        """Write it, whole or not at all; nothing where samples are no pictures and no rows.

        Parameters
        ----------
        samples : Samples or None
            The validation set; None if it was a stream that went by.
        truths : int or None
            What its targets are recognised by.
        as_they_came : callable, optional
            Reads rows of a stream's table for people, by their places in the pass; gives None where it is no table.

        Raises
        ------
        OSError
            If there is no room.
        """
        found = self._of_stream(as_they_came) if samples is None else self._of_samples(samples)
        self.give_up()
        if found is None:
            return
        indices, form, arrays, chunks = found
        temporary = self._place.with_name(f".{FOLDER}-{os.getpid()}")
        shutil.rmtree(temporary, ignore_errors=True)
        make_folder(temporary)
        try:
            _save(temporary / "index.npy", indices)
            for name, array in arrays.items():
                _save(temporary / f"{name}.npy", array)
            _save_inputs(temporary / "inputs.npy", form, chunks)
            about = {
                "kind": form.kind,
                "count": len(indices),
                "features": self._features(form),
                "size": size_of(self._shape, form),
                "truths": truths,
            }
            make_file(temporary / ABOUT)
            (temporary / ABOUT).write_text(json.dumps(about), encoding="utf-8")
            temporary.rename(self._place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _of_samples(self, samples: Samples) -> _Found | None:
        # Of several inputs the first one that is a picture, else the first.
        shown = (
            max(leaves(samples.inputs), key=lambda array: array.ndim > _ROWS) if samples.raw is None else samples.raw
        )
        indices = chosen(self._seed, self._most, len(samples))
        self._shape = shown.shape[1:]
        form = form_of(self._shape, len(indices), _MOST_BYTES)
        if form is None or shown.dtype.kind not in "biuf":
            return None
        if form.kind == "rows":
            form = form._replace(most=min(form.most, _MOST_BYTES // (4 * shown.shape[1])))
        if form.most < len(indices):
            order = np.argsort(priorities(self._seed, 0, len(samples))[indices])
            indices = np.sort(indices[order[: form.most]])
        each = max(_TOGETHER // max(int(np.prod(self._shape)), 1), 1)

        def chunks() -> Iterator[Array]:
            for start in range(0, len(indices), each):
                yield drawn(shown[indices[start : start + each]], form)

        return indices, form, true_places(self._signature.task, samples.targets[indices], form), chunks

    def _of_stream(self, as_they_came: AsTheyCame | None) -> _Found | None:
        form, columns = self._form, {} if self._kept is None else self._kept.columns()
        if form is None or "inputs" not in columns:
            return None
        rows = as_they_came(columns["index"]) if as_they_came is not None and form.kind == "rows" else None
        if rows is not None:
            columns["inputs"], self._shape = rows, rows.shape[1:]
        places = true_places(self._signature.task, columns.get("targets"), form)
        return columns["index"], form, places, lambda: iter([columns["inputs"]])

    def _features(self, form: Form) -> list[str] | None:
        named = (self._signature.raw or {}).get("features") if form.kind == "rows" else None
        return list(named) if named and len(named) == self._shape[0] else None


_Found = tuple["npt.NDArray[np.int64]", Form, dict[str, Any], Callable[[], "Iterator[Array]"]]


def _rows(batch: Any, rows: npt.NDArray[np.intp]) -> Array:
    """Cut rows of an array or a tensor, on the host."""
    return np.asarray(to_numpy(batch)[rows])


def _save(path: Path, array: Array) -> None:
    make_file(path)
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _save_inputs(path: Path, form: Form, chunks: Callable[[], Iterator[Array]]) -> None:
    """Write pixels or rows, a chunk after the other; pictures are scaled by the range of all of them together."""
    ranges, count, shape = [], 0, ()
    for chunk in chunks():
        ranges.append(finite_range(chunk))
        count, shape = count + len(chunk), chunk.shape[1:]
    low, high = min(least for least, _ in ranges), max(greatest for _, greatest in ranges)
    kind = np.dtype(np.uint8 if form.kind == "image" else np.float32)
    make_file(path)
    with path.open("wb") as file:
        head = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (count, *shape)}
        np.lib.format.write_array_header_1_0(file, head)
        for chunk in chunks():
            written = to_pixels(chunk, low, high) if form.kind == "image" else chunk
            file.write(np.ascontiguousarray(written).data)
