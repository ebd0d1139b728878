"""Handwritten digits: small enough for seconds, real enough to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Raw, assemble
from dltrainer_jupyter.data.steps import RawInput, Reshape, Scale


class Digits:
    """1,797 handwritten digits of 8x8 pixels, in ten classes.

    A raw sample has 64 values, shape (64,) or (8, 8), from 0 to 16; the model sees shape (1, 8, 8), from 0 to 1.

    Parameters
    ----------
    config : Digits.Config
        Nothing to set.

    Notes
    -----
    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998); the
    copy that scikit-learn brings along.

    Examples
    --------
    >>> Digits(Digits.Config()).load(RunSpec(model="cnn", data="digits"), {}).signature.input_shape
    (1, 8, 8)
    """

    description: ClassVar[str] = "1,797 handwritten digits of 8x8 pixels, in ten classes."
    task: ClassVar[tuple[Task, ...]] = ("classification",)

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - comes with the package
        """Load, split and preprocess.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            Not used.

        Returns
        -------
        Dataset
        """
        from sklearn.datasets import load_digits

        inputs, targets = load_digits(return_X_y=True)
        steps = (RawInput(((64,), (8, 8), (1, 8, 8)), "float32"), Scale(16.0), Reshape((1, 8, 8)))
        return assemble(spec, Raw(inputs, targets), steps)
