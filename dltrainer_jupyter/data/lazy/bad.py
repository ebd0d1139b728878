"""Samples that can't be read: refused by name, or counted and left out up to a limit."""

from __future__ import annotations

import math
import threading

from dltrainer_jupyter.core.errors import BadSampleError

_NAMED = 3
"""How many are named."""


class BadSamples:
    """Keeps count; threads that read report to it.

    Parameters
    ----------
    total : int
        Samples of the data set.
    share : float or None
        Largest share that may be left out, rounded up to whole samples; None to refuse the first.

    Examples
    --------
    >>> bad = BadSamples(200, share=0.01)
    >>> bad.report("a.png", BadSampleError("a.png: the image is damaged."))
    >>> bad.notices()
    ["1 of 200 samples can't be used and is left out: a.png: the image is damaged."]
    """

    def __init__(self, total: int, share: float | None) -> None:
        self._total = total
        self._share = share
        self._allowed = 0 if share is None else math.ceil(share * total)
        self._found: dict[str, str] = {}
        self._told = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count those that were reported."""
        return len(self._found)

    def report(self, name: str, error: BadSampleError) -> None:
        """Take note of a sample that is left out; one that was reported before counts once.

        Parameters
        ----------
        name : str
            Whose it is.
        error : BadSampleError
            What is wrong with it.

        Raises
        ------
        BadSampleError
            If samples are refused, or so many can't be left out.
        """
        if self._share is None:
            msg = f"data: {str(error).rstrip('.')}; mend or remove it, or leave such samples out: on_bad_sample: skip."
            raise BadSampleError(msg) from error
        with self._lock:
            self._found.setdefault(name, str(error).rstrip("."))
            count = len(self._found)
        if count > self._allowed:
            msg = (
                f"data: more samples can't be used than may be left out, which is {self._allowed:,} of {self._total:,} "
                f"(max_bad: {self._share:g}): {self._some()}."
            )
            raise BadSampleError(msg) from error

    def notices(self) -> list[str]:
        """Say how many there are, whenever they have become twice as many; nothing in between."""
        count = len(self._found)
        if count < max(1, 2 * self._told):
            return []
        self._told = count
        verb = "is" if count == 1 else "are"
        return [f"{count:,} of {self._total:,} samples can't be used and {verb} left out: {self._some()}."]

    def _some(self) -> str:
        with self._lock:
            found = list(self._found.values())
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        return "; ".join(found[:_NAMED]) + more
