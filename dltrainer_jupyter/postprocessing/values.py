"""Steps for values that are predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.postprocessing.predicted import Form, StepConfig

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, int | float) and not isinstance(value, bool) else value


Numbers = Annotated[tuple[float, ...], BeforeValidator(_several), Field(min_length=1)]


class Affine:
    """Scale and shift values: back to their unit where the targets were standardized, ``value * scale + offset``.

    Parameters
    ----------
    config : Affine.Config
        Settings.

    Examples
    --------
    >>> Affine(Affine.Config(scale=10.0, offset=20.0)).apply(np.array([0.5, -1.0]), None).tolist()
    [25.0, 10.0]
    """

    description: ClassVar[str] = "Scale and shift values, such as back to the unit of targets that were standardized."
    task: ClassVar[tuple[str, ...]] = ("regression",)
    takes: ClassVar[tuple[Form, ...]] = ("values",)
    gives: ClassVar[Form | None] = None

    class Config(StepConfig):
        """Settings."""

        scale: Numbers = Field(
            default=(1.0,),
            description="What is multiplied by, such as the deviation: a number, or one for each output.",
        )
        offset: Numbers = Field(
            default=(0.0,), description="What is added then, such as the mean: one number, or one an output."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def check(self, signature: Signature) -> None:
        """See that there are as many numbers as outputs, or one.

        Raises
        ------
        ConfigurationError
            If there aren't.
        """
        for key, given in (("scale", self.config.scale), ("offset", self.config.offset)):
            if signature.outputs and len(given) not in (1, signature.outputs):
                msg = (
                    f"postprocessing.{key}: expected a number, or one for each of {signature.outputs} outputs, got "
                    f"{len(given)}."
                )
                raise ConfigurationError(msg)

    def apply(self, predictions: Array, signature: Signature) -> Array:  # noqa: ARG002 - some steps look at it
        """Scale and shift, each output by its own numbers."""
        found: Array = predictions * _as_array(self.config.scale) + _as_array(self.config.offset)
        return found

    def describe(self) -> str:
        """Say by what."""
        scale, offset = (", ".join(f"{it:g}" for it in given) for given in (self.config.scale, self.config.offset))
        return f"multiply by {scale} and add {offset}"


class Clip:
    """Keep values within bounds.

    Parameters
    ----------
    config : Clip.Config
        Settings.

    Examples
    --------
    >>> Clip(Clip.Config(low=0.0)).apply(np.array([-0.5, 2.0]), None).tolist()
    [0.0, 2.0]
    """

    description: ClassVar[str] = "Keep values within bounds."
    task: ClassVar[tuple[str, ...]] = ("regression",)
    takes: ClassVar[tuple[Form, ...]] = ("values",)
    gives: ClassVar[Form | None] = None

    class Config(StepConfig):
        """Settings."""

        low: float | None = Field(default=0.0, description="Least value; none for no bound.")
        high: float | None = Field(default=None, description="Largest value; none for no bound.")

        @model_validator(mode="after")
        def _is_a_range(self) -> Self:
            if self.low is not None and self.high is not None and self.low > self.high:
                msg = f"expected low to be less than high, got {self.low:g} and {self.high:g}"
                raise ValueError(msg)
            return self

    def __init__(self, config: Config) -> None:
        self.config = config

    def apply(self, predictions: Array, signature: Signature) -> Array:  # noqa: ARG002 - some steps look at it
        """Clip."""
        low, high = self.config.low, self.config.high
        return predictions if low is None and high is None else np.clip(predictions, low, high)

    def describe(self) -> str:
        """Say within which."""
        low, high = ("-" if bound is None else f"{bound:g}" for bound in (self.config.low, self.config.high))
        return f"keep values within {low} and {high}"


class Round:
    """Round values; halves go to the even neighbour.

    Parameters
    ----------
    config : Round.Config
        Settings.

    Examples
    --------
    >>> Round(Round.Config(digits=1)).apply(np.array([0.25, 1.26]), None).tolist()
    [0.2, 1.3]
    """

    description: ClassVar[str] = "Round values."
    task: ClassVar[tuple[str, ...]] = ("regression",)
    takes: ClassVar[tuple[Form, ...]] = ("values",)
    gives: ClassVar[Form | None] = None

    class Config(StepConfig):
        """Settings."""

        digits: int = Field(default=0, ge=-12, le=12, description="Digits behind the point; below 0 tens, hundreds …")

    def __init__(self, config: Config) -> None:
        self.config = config

    def apply(self, predictions: Array, signature: Signature) -> Array:  # noqa: ARG002 - some steps look at it
        """Round."""
        found: Array = np.round(predictions, self.config.digits)
        return found

    def describe(self) -> str:
        """Say to how many digits."""
        return f"round to {self.config.digits} digits"


def _as_array(numbers: tuple[float, ...]) -> Any:
    # A number leaves the type of the values as it is.
    return numbers[0] if len(numbers) == 1 else np.array(numbers)
