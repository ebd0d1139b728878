"""What a framework brings so that several losses and regularizations become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from dltrainer_jupyter.adapters.shared.layer_names import Point
from dltrainer_jupyter.core.terms import NamedTerm


class Tools(Protocol):
    """What a framework brings."""

    keeps: bool
    """Whether the net stays the same object from step to step, so that what was found of it may be kept."""

    def named(self, term: NamedTerm) -> Any:
        """Make a regularization that is registered."""

    def loss(self, term: NamedTerm) -> Callable[[Any, Any], Any]:
        """Make a loss that is registered, or that the task chooses."""

    def own_loss(self, given: Any, name: str) -> Callable[[Any, Any], Any]:
        """Make a loss of the user's a function of outputs and targets, and keep what it remembers under that name."""

    def own(self, given: Any, name: str) -> Any:
        """Bring a regularization of the user's to the device, and keep what it remembers under that name."""

    def plain(self, net: Any) -> Any:
        """Give the model as the user knows it."""

    def layers(self, net: Any) -> Mapping[str, Any]:
        """Give the layers inside a net by name."""

    def parameters(self, net: Any) -> Mapping[str, Any]:
        """Give what a net learns by name."""

    def listening(self, points: Iterable[Point]) -> AbstractContextManager[Mapping[str, Sequence[Any]]]:
        """Note what is given at each point meanwhile, by its name, call by call."""

    def unless(self, off: Any, value: Any) -> Any:
        """Give a value, or zero where it is off."""

    def number(self, value: Any, where: str) -> Any:
        """Give a term's value in 32 bits at least; raise a ConfigurationError if it is no single number."""
