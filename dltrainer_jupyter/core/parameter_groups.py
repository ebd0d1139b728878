"""Settings of parameters by the patterns their names match."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from dltrainer_jupyter.core.frozen import Frozen
from dltrainer_jupyter.core.validation import AlsoCalled


class ParameterGroup(Frozen):
    """Parameters whose names match a pattern, and how they learn.

    Examples
    --------
    >>> ParameterGroup(match="encoder.*", lr_multiplier=0.1).freeze
    False
    """

    match: str = Field(min_length=1, max_length=500, description="Pattern of parameters' names, such as encoder.*.")
    freeze: bool = Field(
        default=False,
        description="Leave them as they are, statistics of batches in layers that are frozen whole among them.",
    )
    lr_multiplier: Annotated[float, AlsoCalled("learning_rate"), AlsoCalled("lr")] = Field(
        default=1.0, ge=0, description="Their learning rate, as a factor of everybody else's."
    )
    weight_decay: float | None = Field(
        default=None, ge=0, description="Their weight decay; the optimizer's if left out."
    )

    @model_validator(mode="after")
    def _what_is_frozen_learns_nothing(self) -> Self:
        if self.freeze and (self.lr_multiplier != 1 or self.weight_decay is not None):
            msg = f"what is frozen ({self.match}) learns nothing; leave out lr_multiplier and weight_decay"
            raise ValueError(msg)
        return self
