"""Functions that give iterators, objects that can be iterated again, and generators that can't."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.data.foreign import globals as global_generators
from dltrainer_jupyter.data.foreign.replaying import Replaying


class Readings(Replaying):
    """Passes that are fresh iterators: of a function called anew, or of an object iterated again.

    Parameters
    ----------
    again : callable
        Gives the batches of a pass.
    seed : int
        The run's seed.
    alone : bool
        Whether nobody else draws in this process, so that the code behind it gets global generators of its own.
    batches : int, optional
        Batches of a pass.
    subject : Any, optional
        What may know its classes.
    """

    def __init__(
        self,
        again: Callable[[], Iterable[Any]],
        seed: int,
        *,
        alone: bool,
        batches: int | None = None,
        subject: Any = None,
    ) -> None:
        super().__init__(batches, subject)
        self._again = again
        self._seed = seed
        self._alone = alone

    def read(self, number: int) -> Generator[Any, None, None]:
        """Read a pass from its first batch on."""
        return global_generators.apart(self._iterate, seeds.derive(self._seed, "pass", number), alone=self._alone)

    def _iterate(self) -> Iterator[Any]:
        batches = self._again()
        if not isinstance(batches, Iterable):
            msg = f"data: expected the function to give an iterator of batches, got {type(batches).__name__}."
            raise ConfigurationError(msg)
        yield from batches


class Once:
    """One pass over a generator that exists already; what it gave is gone.

    Parameters
    ----------
    batches : iterator
        Of batches.
    """

    resume: ResumeKind = "epoch"
    batches: int | None = None
    subject: Any = None

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> Iterator[Any]:  # noqa: ARG002
        """Go on with what is left.

        Raises
        ------
        ConfigurationError
            If nothing is left.
        """
        if number > 1:
            msg = (
                "data: the generator has run dry; pass the function that makes it, which can be called for every "
                "epoch, or fewer epochs."
            )
            raise ConfigurationError(msg)
        # A chain has no way to close the generator, which belongs to somebody else.
        return chain(self._batches)

    def mark(self, given: int) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        """Give nothing: no batch of it comes again."""
        return {}

    def inexact_because(self) -> str:
        """Say so from the beginning."""
        return "a generator gives its batches only once"

    def close(self) -> None:
        """Leave the generator to its owner."""


def length(data: Any) -> int | None:
    """Count the batches of a pass, if somebody can."""
    try:
        return len(data)
    except (TypeError, NotImplementedError):
        return None
