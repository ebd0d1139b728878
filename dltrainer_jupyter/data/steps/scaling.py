"""Steps that change how large values are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.steps.base import Fixed, StepConfig, repeated, written
from dltrainer_jupyter.data.steps.moments import Moments

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

Deviation = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Scale(Fixed):
    """Divide by a number, such as 255 for images.

    Parameters
    ----------
    divisor : float
        What is divided by.

    Examples
    --------
    >>> Scale(4.0).apply(np.array([[1.0, 2.0]], dtype=np.float32))
    array([[0.25, 0.5 ]], dtype=float32)
    """

    type: ClassVar[str] = "scale"

    divisor: float

    class Config(StepConfig):
        """Settings."""

        divisor: float = Field(default=255.0, gt=0, description="What values are divided by, such as 255 for images.")

    @classmethod
    def from_config(cls, config: Config) -> Scale:
        """Make it as it was asked for."""
        return cls(config.divisor)

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

    class Config(StepConfig):
        """Nothing to set."""

    @classmethod
    def from_config(cls, config: Config) -> Standardize:  # noqa: ARG003 - every named step is made of its settings
        """Make it, not yet fitted."""
        return cls()

    def fit(self, inputs: Array) -> Standardize:
        """Measure the training inputs."""
        axes = 0 if inputs.ndim == 2 else None  # noqa: PLR2004 - samples and features
        return self._of(inputs.mean(axis=axes, dtype=np.float64), inputs.std(axis=axes, dtype=np.float64))

    def fit_in_pieces(self, pieces: Iterable[Array]) -> Standardize:
        """Measure training inputs that don't lie in memory together: see :class:`Moments`."""
        moments = Moments()
        for piece in pieces:
            moments.add(piece if piece.ndim == 2 else piece.reshape(-1))  # noqa: PLR2004 - as above
        return self._of(moments.mean, moments.deviation)

    @staticmethod
    def _of(mean: Any, deviation: Any) -> Standardize:
        mean, deviation = np.atleast_1d(mean), np.atleast_1d(deviation)
        # Below float32's resolution a spread is rounding noise, which dividing by it would blow up.
        varies = deviation > np.finfo(np.float32).eps * np.abs(mean)
        return Standardize(tuple(mean.tolist()), tuple(np.where(varies, deviation, 1.0).tolist()))

    def apply(self, inputs: Array) -> Array:
        """Centre and scale."""
        centred = inputs.astype(np.float32, copy=False) - np.array(self.mean, dtype=np.float32)
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


@dataclass(frozen=True)
class Normalize:
    """Subtract a mean and divide by a standard deviation that are known beforehand.

    Parameters
    ----------
    mean, deviation : tuple of float
        One for each channel of an image or feature of a table, along the first axis of a sample, or one for all.

    Examples
    --------
    >>> Normalize((1.0, 2.0), (1.0, 4.0)).apply(np.array([[2.0, 4.0]]))
    array([[1. , 0.5]], dtype=float32)
    """

    type: ClassVar[str] = "normalize"

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    class Config(StepConfig):
        """Settings."""

        mean: Annotated[tuple[float, ...], repeated(1)] = Field(
            min_length=1, description="What is subtracted: a number, or one for each channel.", examples=[[0.5]]
        )
        std: Annotated[tuple[Deviation, ...], repeated(1)] = Field(
            min_length=1, description="What is divided by: a number, or one for each channel.", examples=[[0.25]]
        )

        @model_validator(mode="after")
        def _are_alike(self) -> Self:
            if len(self.mean) != len(self.std) and min(len(self.mean), len(self.std)) > 1:
                msg = f"expected a mean and a std for each channel, got {list(self.mean)} and {list(self.std)}"
                raise ValueError(msg)
            return self

    @classmethod
    def from_config(cls, config: Config) -> Normalize:
        """Make it as it was asked for."""
        return cls(config.mean, config.std)

    def fit(self, inputs: Array) -> Normalize:
        """Check that there are as many values as channels.

        Raises
        ------
        ConfigurationError
            If there aren't.
        """
        given = max(len(self.mean), len(self.deviation))
        if given not in (1, inputs.shape[1]):
            msg = (
                f"preprocessing: normalize has {given} values, but samples of shape {written(inputs.shape[1:])} have "
                f"{inputs.shape[1]} along their first axis; give one for each, or one for all."
            )
            raise ConfigurationError(msg)
        return self

    def apply(self, inputs: Array) -> Array:
        """Subtract and divide."""
        shape = (-1, *[1] * (inputs.ndim - 2))
        mean, deviation = (np.array(value, dtype=np.float32).reshape(shape) for value in (self.mean, self.deviation))
        normalized: npt.NDArray[np.float32] = np.divide(np.subtract(inputs, mean, dtype=np.float32), deviation)
        return normalized

    def describe(self) -> str:
        """Say by what."""
        mean, deviation = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.deviation))
        return f"subtract {mean} and divide by {deviation}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Normalize:
        """Make it again."""
        return cls(tuple(values["mean"]), tuple(values["deviation"]))
