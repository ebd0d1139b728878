"""An examiner at work in a run: beside the metrics, never in their way."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import first_line
from dltrainer_jupyter.core.protocols import Examiner, Samples
from dltrainer_jupyter.loop.gallery import AsTheyCame, Gallery

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_MOVED = (
    "The set came in another order than when its pictures were taken: an example's number is its place in this pass, "
    "and its picture may be another's."
)


class Examination:
    """Has all outputs of a validation examined, and pictures of its examples taken once.

    Whatever an examiner stumbles over, or the disk refuses, the run goes on: it is given up for this trainer, and an
    event says so.

    Parameters
    ----------
    examiner : Examiner
        Who examines.
    gallery : Gallery
        Who takes pictures.
    tell : callable
        Told a sentence for the run's events.
    """

    def __init__(self, examiner: Examiner, gallery: Gallery, tell: Callable[[str], None]) -> None:
        self._examiner: Examiner | None = examiner
        self._gallery = gallery
        self._tell = tell
        self._truths: int | None = None

    def reset(self) -> None:
        """Forget everything of the last pass."""
        if self._examiner is not None:
            self._examiner.reset()

    def begin(self, batches: int | None) -> None:
        """Prepare for a pass over a stream, of so many batches if it tells."""
        self._gallery.begin(batches)

    def see(self, batch: Any) -> None:
        """Look at a batch of a stream, as its loader gave it."""
        if self._gallery.wanted:
            pair = isinstance(batch, tuple | list) and len(batch) == 2  # noqa: PLR2004 - inputs and targets
            try:
                self._gallery.see(*(batch if pair else (batch, None)))
            except Exception as error:  # noqa: BLE001 - somebody else's arrays may raise anything
                self._give_up_pictures(error)

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Have several batches examined."""
        if self._examiner is None:
            return
        try:
            self._examiner.update(outputs, targets, sizes)
        except Exception as error:  # noqa: BLE001 - outputs of anybody's model may be anything
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """Examine no more, let go of what was kept, and want no pictures, which would be of nothing."""
        self._examiner = None
        self._gallery.give_up()
        self._tell(f"What the validation says of its examples is not examined: {first_line(error)}.")

    def finding(
        self, samples: Samples | None, as_they_came: AsTheyCame | None = None
    ) -> tuple[dict[str, Any] | None, Mapping[str, Array] | None]:
        """Give what a whole pass has found, and let go of its memory.

        Parameters
        ----------
        samples : Samples or None
            The validation set; None if it was a stream.
        as_they_came : callable, optional
            Reads rows of a stream for people.

        Returns
        -------
        (dict or None, mapping of str to numpy.ndarray or None)
            The summary, and columns of single examples; None where nothing was found.
        """
        if self._examiner is None:
            return None, None
        try:
            summary, examples = self._examiner.summary(), dict(self._examiner.examples())
            self._examiner.reset()
        except Exception as error:  # noqa: BLE001 - as above
            self.give_up(error)
            return None, None
        if not summary["count"] and not summary["notes"]:
            return None, None
        if self._has_moved(examples):
            summary["notes"] = [*summary["notes"], _MOVED]
        if self._gallery.wanted:
            self._take_pictures(samples, as_they_came)
        return summary, examples or None

    def _take_pictures(self, samples: Samples | None, as_they_came: AsTheyCame | None) -> None:
        try:
            self._gallery.write(samples, self._truths, as_they_came)
        except Exception as error:  # noqa: BLE001 - a disk, or somebody else's arrays
            self._give_up_pictures(error)

    def _give_up_pictures(self, error: Exception) -> None:
        self._gallery.give_up()
        self._tell(f"Pictures of validation examples could not be taken: {first_line(error)}.")

    def _has_moved(self, examples: Mapping[str, Array]) -> bool:
        """Tell whether other targets stand at the places of the examples than in the pass whose pictures there are."""
        if "truth" not in examples:
            return False
        truths = zlib.crc32(np.ascontiguousarray(examples["truth"]).tobytes())
        if self._truths is None:
            known = self._gallery.truths
            self._truths = truths if known is None else known
        return truths != self._truths
