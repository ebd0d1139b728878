"""Every error of ours. A message says what was expected, what came, and how to mend it.

Faces show the message of a :class:`DLTrainerError` in one line and never a traceback of ours.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what was given."""

    path: tuple[str, ...]
    """The keys that lead to it; empty where it belongs to none."""
    message: str
    """The sentence."""


class DLTrainerError(Exception):
    """Base of all errors this package raises on purpose.

    Attributes
    ----------
    problems : tuple of Problem
        Everything that is wrong, where more is known than the message says; empty otherwise.
    """

    problems: tuple[Problem, ...] = ()

    def _render_traceback_(self) -> list[str]:
        """Draw the error for IPython, which asks an exception itself: one line, wherever in a cell it was raised."""
        return [f"Error: {' '.join(str(self).split())}"]


class ConfigurationError(DLTrainerError, ValueError):
    """A setting, name or value that can't be used."""


class BadSampleError(ConfigurationError):
    """A sample of a data set can't be read, or has no target; the message names its file."""


class UnknownNameError(ConfigurationError):
    """A name nobody registered; the message suggests the nearest one.

    Parameters
    ----------
    kind : str
        What was looked for, in the singular: ``"model"``, ``"optimizer"``, ``"option"``.
    name : str
        What was given.
    known : iterable of str
        What would have been understood.
    more : str, default ""
        What follows the sentences.
    hint : str, optional
        A sentence that helps more than the nearest known name, which is suggested without one.

    Examples
    --------
    >>> str(UnknownNameError("model", "cn", ["cnn", "mlp"]))
    "Unknown model 'cn'. Did you mean 'cnn'? Known: cnn, mlp."
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], more: str = "", *, hint: str | None = None) -> None:
        names = sorted(known)
        listed = ", ".join(names) or "none"
        help_ = did_you_mean(name, names) if hint is None else f" {hint}"
        super().__init__(f"Unknown {kind} '{legible(name)}'.{help_} Known: {listed}.{more}")


class MissingPackageError(DLTrainerError, ImportError):
    """An optional package is needed and isn't there; the message holds the ``pip install`` that mends it."""


class StoreError(DLTrainerError):
    """The store can't be reached, or holds what this version can't read."""


class RunNotFoundError(DLTrainerError, LookupError):
    """No run answers to this id, prefix or name."""


class IllegalTransitionError(DLTrainerError):
    """A run can't go from its state to the one asked for."""


class IllegalControlError(DLTrainerError):
    """A verb that makes no sense in the run's state."""


class StaleAttemptError(DLTrainerError):
    """A trainer wrote to a run that another trainer has claimed since; it must stop at once."""


class CheckpointError(DLTrainerError):
    """A checkpoint is missing, damaged, or does not fit."""


class PredictionError(DLTrainerError):
    """A model raised an error of its own when it predicted, or can't be made here."""


class WorkerError(DLTrainerError):
    """A process that works for this one gave no answer."""


class WorkerBusyError(WorkerError):
    """So many wait for it already that one more would wait too long."""


class WorkerTimeoutError(WorkerError):
    """It took longer than it may."""


class WorkerDiedError(WorkerError):
    """It ended before it answered, or couldn't be started."""


class StaleRelayError(DLTrainerError):
    """Somebody else sends a run to this tracker by now; who did so far must stop at once."""


class TrackerError(DLTrainerError):
    """A tracker can't be reached, or doesn't take what it is sent."""


class NonFiniteLossError(DLTrainerError):
    """The loss became NaN or infinite.

    Attributes
    ----------
    step : int
        At which step.
    """

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


class TrainingFailed(DLTrainerError):  # noqa: N818 - the public name in the interface
    """The trainer of a run failed; raised in the process that waits for the run.

    Attributes
    ----------
    traceback_text : str
        The user's own frames of the trainer's traceback, or ``""``.
    """

    def __init__(self, message: str, traceback_text: str = "") -> None:
        super().__init__(message)
        self.traceback_text = traceback_text

    def _render_traceback_(self) -> list[str]:
        """Draw the error with the user's own frames behind it."""
        return [*super()._render_traceback_(), *(["", self.traceback_text.rstrip()] if self.traceback_text else [])]


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


def first_line(error: Exception, text: str | None = None) -> str:
    """Give what an error says first, without its full stop, to go on with; its class where it says nothing.

    Parameters
    ----------
    error : Exception
        Anything.
    text : str, optional
        What it says, where that is only a part of its message.

    Examples
    --------
    >>> first_line(ValueError("Shapes differ."))
    'Shapes differ'
    >>> first_line(ValueError())
    'ValueError'
    """
    lines = (str(error) if text is None else text).strip().splitlines()
    return (lines or [type(error).__name__])[0].rstrip(".")


def brief(value: object) -> str:
    """Write a value into a message: one line, and not too long.

    Examples
    --------
    >>> brief(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, ...]'
    """
    try:
        return " ".join(_SHORT.repr(value).split())
    except ValueError:
        # Python refuses to write out a whole number of more than 4,300 digits.
        return "a huge number"


_LONGEST_NAME = 60


def legible(name: str) -> str:
    r"""Write a name that somebody gave into a message: on one line, all of it visible, and not too long.

    Examples
    --------
    >>> legible("epochs"), legible("a\nb")
    ('epochs', 'a\\nb')
    """
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}…"
    return name if name.isprintable() else repr(name)[1:-1]


class MissingKeysError(ConfigurationError):
    """Settings that have no default were not given.

    Parameters
    ----------
    keys : sequence of str
        Which.
    more : str, default ""
        What follows the sentence.
    """

    def __init__(self, keys: Sequence[str], more: str = "") -> None:
        named = " and ".join(f"'{key}'" for key in keys)
        super().__init__(f"{f'Key {named} is' if len(keys) == 1 else f'Keys {named} are'} missing.{more}")
        self.keys = tuple(keys)


def nearest(name: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """Give the known name that is most like a misspelt one.

    Parameters
    ----------
    name : str
        As it was written.
    known : iterable of str
        What there is.
    likeness : float, default 0.5
        From 0, anything, to 1, the same.

    Examples
    --------
    >>> nearest("adm", ["adam", "sgd"])
    'adam'
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)
    return near[0] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name.

    Returns
    -------
    str
        `` Did you mean 'x'?`` with a leading space, or ``""`` if nothing is near.

    Examples
    --------
    >>> did_you_mean("adm", ["adam", "sgd"])
    " Did you mean 'adam'?"
    """
    near = nearest(name, known)
    return f" Did you mean '{near}'?" if near else ""
