"""The first step of every chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.host import refuse_non_finite, whole_numbers
from dltrainer_jupyter.data.steps.base import Fixed, Shape, written

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


@dataclass(frozen=True)
class RawInput(Fixed):
    """Take a raw sample in: check its shape and make it float32 or int64.

    Parameters
    ----------
    shapes : tuple of tuple of int
        Shapes a raw sample may have.
    dtype : {"float32", "int64"}
        What inputs become.

    Examples
    --------
    >>> RawInput(shapes=((2,),), dtype="float32").apply(np.array([1, 2])).shape
    (1, 2)
    """

    type: ClassVar[str] = "input"

    shapes: tuple[Shape, ...]
    dtype: Literal["float32", "int64"]

    def apply(self, inputs: Array) -> Array:
        """Check and cast; a single sample gets a leading axis.

        Raises
        ------
        ConfigurationError
            If the shape is another, or the values are no finite numbers.
        """
        if inputs.shape[1:] not in self.shapes:
            if inputs.shape not in self.shapes:
                raise ConfigurationError(self._misfit(inputs.shape))
            inputs = inputs[None]
        if inputs.dtype.kind not in "biuf":
            msg = f"inputs: expected numbers, got {inputs.dtype}."
            raise ConfigurationError(msg)
        if self.dtype == "int64" and inputs.dtype.kind == "f":
            refuse_non_finite(inputs, "inputs")
            if not (inputs == np.floor(inputs)).all():
                msg = "inputs: expected whole numbers, as in training, got fractions."
                raise ConfigurationError(msg)
        with np.errstate(over="ignore"):
            is_whole = self.dtype == "int64"
            taken = whole_numbers(inputs, "inputs") if is_whole else inputs.astype(np.float32, copy=False)
        refuse_non_finite(taken, "inputs")
        # Frameworks wrap an array without copying and warn about, or trip over, one that can't be written to.
        return taken if taken.flags.writeable else taken.copy()

    def describe(self) -> str:
        """Say what it takes."""
        return f"take {_choice(self.shapes)} as {self.dtype}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "shapes": [list(shape) for shape in self.shapes], "dtype": self.dtype}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RawInput:
        """Make it again."""
        return cls(tuple(tuple(shape) for shape in values["shapes"]), values["dtype"])

    def _misfit(self, found: Shape) -> str:
        many = _choice(tuple(("n", *shape) for shape in self.shapes))
        return f"inputs: expected shape {many}, or one sample of shape {_choice(self.shapes)}; got {written(found)}."


def _choice(shapes: Sequence[Sequence[int | str]]) -> str:
    return " or ".join(written(shape) for shape in shapes)
