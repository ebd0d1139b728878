"""What a step is, and what steps have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

from pydantic import BaseModel, BeforeValidator, ConfigDict

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

Shape = tuple[int, ...]


def repeated(times: int) -> BeforeValidator:
    """Let a single number stand for so many of it."""

    def spell_out(value: Any) -> Any:
        return (value,) * times if isinstance(value, int | float) and not isinstance(value, bool) else value

    return BeforeValidator(spell_out)


class StepConfig(BaseModel):
    """Settings of a step that has a name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Step(Protocol):
    """One step of a chain."""

    type: ClassVar[str]
    """Its name in a dictionary."""

    def fit(self, inputs: Array) -> Step:
        """Give the step as fitted to the training inputs, shape (n, ...); itself if there is nothing to fit."""

    def apply(self, inputs: Array) -> Array:
        """Transform inputs of shape (n, ...)."""

    def describe(self) -> str:
        """Say in one line what it does."""

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Step:
        """Make it again from what :meth:`to_dict` gave."""


@runtime_checkable
class FitsInPieces(Protocol):
    """A step that learns from inputs of which only some lie in memory at a time."""

    def fit_in_pieces(self, pieces: Iterable[Array]) -> Step:
        """Give the step as fitted to all pieces, shape (n, ...) each: what ``fit`` gives for them together."""


class Fixed:
    """A step with nothing to fit."""

    def fit(self, inputs: Array) -> Self:  # noqa: ARG002 - a step that is fitted looks at them
        """Give itself."""
        return self


def written(shape: Sequence[int | str]) -> str:
    """Write a shape as Python does, with a letter for what is free."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
