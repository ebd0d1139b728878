"""Steps that make other probabilities of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from dltrainer_jupyter.postprocessing.predicted import Form, StepConfig

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature


class Temperature:
    """Divide logits by a temperature: above 1 probabilities get less sure, below 1 surer; classes stay the same.

    Parameters
    ----------
    config : Temperature.Config
        Settings.

    Notes
    -----
    C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On Calibration of Modern Neural Networks", ICML (2017). The
    temperature is found on held-back data, as the one with the smallest cross-entropy.

    Examples
    --------
    >>> step = Temperature(Temperature.Config(value=2.0))
    >>> step.apply(np.array([[0.9, 0.1]]), None).round(2)
    array([[0.75, 0.25]])
    """

    description: ClassVar[str] = "Calibrate probabilities: divide logits by a temperature (Guo et al., 2017)."
    task: ClassVar[tuple[str, ...]] = ("classification", "segmentation")
    takes: ClassVar[tuple[Form, ...]] = ("probabilities",)
    gives: ClassVar[Form | None] = None

    class Config(StepConfig):
        """Settings."""

        value: float = Field(
            default=1.5, gt=0, description="The temperature: above 1 makes probabilities less sure, below 1 surer."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def apply(self, predictions: Array, signature: Signature) -> Array:  # noqa: ARG002 - some steps look at it
        """Sharpen or soften, along the second axis."""
        with np.errstate(divide="ignore"):
            logits = np.log(predictions, dtype=np.float64) / self.config.value
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: Array = (powers / powers.sum(axis=1, keepdims=True)).astype(predictions.dtype)
        return found

    def describe(self) -> str:
        """Say by how much."""
        return f"calibrate probabilities by the temperature {self.config.value:g}"
