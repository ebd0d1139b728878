"""What every kind of foreign loader offers: passes over its data, begun at any batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from dltrainer_jupyter.core.protocols import ResumeKind


class Loader(Protocol):
    """Somebody's batches, pass by pass.

    Attributes
    ----------
    resume : {"exact", "replay", "epoch"}
        How a pass is taken up in its middle.
    batches : int or None
        Batches of a pass; None where only its end tells.
    subject : Any
        The data set behind it, which may know its classes; None where there is none.
    """

    resume: ResumeKind
    batches: int | None
    subject: Any

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> Iterator[Any]:
        """Begin a pass.

        Parameters
        ----------
        number : int
            Which pass, counted from 1.
        skip : int
            Batches of it that are left out.
        mark : mapping or None
            What :meth:`mark` gave after as many batches of this pass, in this process or another.
        """

    def mark(self, given: int) -> dict[str, Any]:
        """Describe the batches of the running pass that were given so far: NumPy arrays and JSON types."""

    def inexact_because(self) -> str | None:
        """Say why batches may be other ones after a resume, or None."""

    def close(self) -> None:
        """End worker processes and threads."""
