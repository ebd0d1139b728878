"""What data have to say while a run trains, written down as its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dltrainer_jupyter.store.attempts import Attempt


class Notices:
    """Asks a data set, at once and whenever it is told to, and writes down what it says.

    Parameters
    ----------
    attempt : Attempt
        Where it is recorded.
    asked : callable or None
        Gives sentences that nobody has been told yet, as :class:`~dltrainer_jupyter.core.protocols.Dataset` has it.
    """

    def __init__(self, attempt: Attempt, asked: Callable[[], Sequence[str]] | None) -> None:
        self._attempt = attempt
        self._asked = asked
        self.tell(None)

    def tell(self, step: int | None) -> None:
        """Ask, and write each sentence as an event of the run."""
        for sentence in () if self._asked is None else self._asked():
            self._attempt.event("notice", sentence, step)
