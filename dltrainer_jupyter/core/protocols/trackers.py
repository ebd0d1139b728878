"""The port to a tracker: a program of somebody else's that keeps the history of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dltrainer_jupyter.core.finding import Finding
    from dltrainer_jupyter.core.tracking import Artifact, Ending, Mark, Opened, TrackedModel, TrackedRun, Update


class Tracker(Protocol):
    """One run's copy at a tracker; made as ``Class(Class.Config(...))``, used by one thread of the relay's process.

    Importing the class and making an object must import no client: that is for ``open``. Any method may raise whatever
    the client raises; the relay then waits, makes a new object and opens it again with the same mark. A tracker never
    waits long by itself, and never tries the network where it was told to stay offline.

    Attributes
    ----------
    config : TrackerSettings
        What is sent, and where to.
    """

    config: Any

    def open(self, run: TrackedRun, key: str | None, sent: Mark) -> Opened:
        """Begin, or go on with, the run's copy.

        Parameters
        ----------
        run : TrackedRun
            What is followed.
        key : str or None
            What ``Opened.key`` was the first time; None if the run has no copy yet.
        sent : Mark
            How far it has been sent. What the copy holds past it comes again, and mustn't be there twice then.

        Raises
        ------
        TrackerError
            If this can't be; the message says what was expected and how to mend it.
        """

    def send(self, update: Update) -> Sequence[str]:
        """Add what has come; it has arrived when this returns.

        Returns
        -------
        sequence of str
            What can't be kept as it is, a sentence each: nothing is dropped silently.
        """

    def attach(self, artifact: Artifact) -> Sequence[str]:
        """Add a file, or a newer version of it; returns as ``send`` does."""

    def end(self, ending: Ending) -> Sequence[str]:
        """Say how the run ended; it may go on later all the same. Returns as ``send`` does."""

    def close(self) -> None:
        """Let go of the copy, which stays as it is, and of everything this object holds."""


@runtime_checkable
class Reachable(Protocol):
    """What a tracker has besides if it sends to a server."""

    def reached(self) -> Iterable[Finding]:
        """Say whether what it would send to, by its settings and the environment, answers; nothing is sent."""


@runtime_checkable
class TakesModel(Protocol):
    """What a tracker has besides if it keeps models that others can load from it."""

    def log_model(self, model: TrackedModel) -> Sequence[str]:
        """Add a model in a form the tracker's users load; returns as ``send`` does."""
