"""The steps a preprocessing chain is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.host import refuse_non_finite

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

Shape = tuple[int, ...]


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


class _Fixed:
    """A step with nothing to fit."""

    def fit(self, inputs: Array) -> Self:  # noqa: ARG002 - a step that is fitted looks at them
        """Give itself."""
        return self


@dataclass(frozen=True)
class RawInput(_Fixed):
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
            taken = inputs.astype(self.dtype, copy=False)
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
        return f"inputs: expected shape {many}, or one sample of shape {_choice(self.shapes)}; got {_written(found)}."


@dataclass(frozen=True)
class Scale(_Fixed):
    """Divide by a number, such as 255 for images.

    Examples
    --------
    >>> Scale(4.0).apply(np.array([[1.0, 2.0]], dtype=np.float32))
    array([[0.25, 0.5 ]], dtype=float32)
    """

    type: ClassVar[str] = "scale"

    divisor: float

    def apply(self, inputs: Array) -> Array:
        """Divide."""
        scaled: npt.NDArray[np.float32] = np.divide(inputs, np.float32(self.divisor), dtype=np.float32)
        return scaled

    def describe(self) -> str:
        """Say by what it divides."""
        return f"divide by {self.divisor:g}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "divisor": self.divisor}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scale:
        """Make it again."""
        return cls(float(values["divisor"]))


@dataclass(frozen=True)
class Reshape(_Fixed):
    """Give each sample another shape.

    Examples
    --------
    >>> Reshape((1, 2, 2)).apply(np.zeros((3, 4))).shape
    (3, 1, 2, 2)
    """

    type: ClassVar[str] = "reshape"

    shape: Shape

    def apply(self, inputs: Array) -> Array:
        """Reshape."""
        return inputs.reshape(len(inputs), *self.shape)

    def describe(self) -> str:
        """Say into what."""
        return f"reshape to {_written(self.shape)}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reshape:
        """Make it again."""
        return cls(tuple(values["shape"]))


@dataclass(frozen=True)
class Standardize:
    """Subtract the mean and divide by the standard deviation of the training inputs.

    Samples of one axis have a mean and a deviation for each feature; samples of more axes have one of each for all
    their values. A feature that doesn't vary is only centred.

    Parameters
    ----------
    mean, deviation : tuple of float
        Fitted values: one a feature, or one for all. Empty before :meth:`fit`.

    Examples
    --------
    >>> inputs = np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32)
    >>> Standardize().fit(inputs).apply(inputs)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """

    type: ClassVar[str] = "standardize"

    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def fit(self, inputs: Array) -> Standardize:
        """Measure the training inputs."""
        axes = 0 if inputs.ndim == 2 else None  # noqa: PLR2004 - samples and features
        mean = np.atleast_1d(inputs.mean(axis=axes, dtype=np.float64))
        deviation = np.atleast_1d(inputs.std(axis=axes, dtype=np.float64))
        # Below float32's resolution a spread is rounding noise, which dividing by it would blow up.
        varies = deviation > np.finfo(np.float32).eps * np.abs(mean)
        return Standardize(tuple(mean.tolist()), tuple(np.where(varies, deviation, 1.0).tolist()))

    def apply(self, inputs: Array) -> Array:
        """Centre and scale."""
        centred = inputs - np.array(self.mean, dtype=np.float32)
        scaled: npt.NDArray[np.float32] = np.divide(centred, np.array(self.deviation, dtype=np.float32))
        return scaled

    def describe(self) -> str:
        """Say of how many features."""
        features = f"each of {len(self.mean)} features" if len(self.mean) > 1 else "all values"
        return f"standardize {features} by the training mean and deviation"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Standardize:
        """Make it again."""
        return cls(tuple(values["mean"]), tuple(values["deviation"]))


def _choice(shapes: Sequence[Sequence[int | str]]) -> str:
    return " or ".join(_written(shape) for shape in shapes)


def _written(shape: Sequence[int | str]) -> str:
    """Write a shape as Python does, with a letter for what is free."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
