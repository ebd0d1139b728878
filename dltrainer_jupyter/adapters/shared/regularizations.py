"""Regularizations by name: what each is and what can be set, the same on every framework. Computing is the adapter's.

A class says by ``takes`` what its ``build()`` gives a function of: ``"parameters"``, a mapping of arrays by name;
``"value"``, what a layer or the model gives; ``"outputs"``, outputs and targets. ``weight`` is how much it counts where
nobody says.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter.core.schema import setting

Takes = Literal["parameters", "value", "outputs"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OfParameters(_Config):
    match: str = setting("*", description="Which parameters, by a pattern for their names, such as encoder.*.")


class _Regularization:
    takes: ClassVar[Takes]
    weight: ClassVar[float]

    def __init__(self, config: Any) -> None:
        self.config = config


class L1(_Regularization):
    """Absolute values of parameters, added up; many of them become zero.

    Parameters
    ----------
    config : L1.Config
        Settings.

    Examples
    --------
    >>> tal.train(model="mlp", data="wine", regularization={"type": "l1", "weight": 1e-5})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Sum of the absolute values of parameters (Tibshirani, 1996)."
    takes: ClassVar[Takes] = "parameters"
    weight: ClassVar[float] = 1e-5

    class Config(_OfParameters):
        """Settings."""


class L2(_Regularization):
    """Squares of parameters, added up; all of them become smaller.

    Parameters
    ----------
    config : L2.Config
        Settings.

    Examples
    --------
    >>> tal.train(model="mlp", data="wine", regularization={"type": "l2", "match": "*.weight"})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Sum of the squares of parameters (Hoerl and Kennard, 1970)."
    takes: ClassVar[Takes] = "parameters"
    weight: ClassVar[float] = 1e-4

    class Config(_OfParameters):
        """Settings."""


class Orthogonal(_Regularization):
    """How far the rows or columns of weight matrices are from being orthonormal, whichever are fewer.

    Of a convolution the kernels of each output channel are a row.

    Parameters
    ----------
    config : Orthogonal.Config
        Settings.

    Examples
    --------
    >>> tal.train(model="cnn", data="digits", regularization="orthogonal")  # doctest: +SKIP
    """

    description: ClassVar[str] = "Squared distance of weight matrices from orthonormal ones (Brock et al., 2017)."
    takes: ClassVar[Takes] = "parameters"
    weight: ClassVar[float] = 1e-4

    class Config(_OfParameters):
        """Settings."""


class ActivityL1(_Regularization):
    """Absolute values of what a layer gives, added up and averaged over the samples.

    Parameters
    ----------
    config : ActivityL1.Config
        There is nothing to set.

    Examples
    --------
    >>> tal.train(model=net, data=(x, y), regularization={"type": "activity_l1", "on": "encoder.*"})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Sum of the absolute values that a layer gives, averaged over samples."
    takes: ClassVar[Takes] = "value"
    weight: ClassVar[float] = 1e-4

    class Config(_Config):
        """Settings."""


class ActivityL2(_Regularization):
    """Squares of what a layer gives, added up and averaged over the samples.

    Parameters
    ----------
    config : ActivityL2.Config
        There is nothing to set.

    Examples
    --------
    >>> tal.train(model=net, data=(x, y), regularization={"type": "activity_l2", "on": "encoder"})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Sum of the squares that a layer gives, averaged over samples."
    takes: ClassVar[Takes] = "value"
    weight: ClassVar[float] = 1e-4

    class Config(_Config):
        """Settings."""


class ConfidencePenalty(_Regularization):
    """Negative entropy of what a classifier says; one that is sure of everything is punished.

    Parameters
    ----------
    config : ConfidencePenalty.Config
        There is nothing to set.

    Examples
    --------
    >>> tal.train(  # doctest: +SKIP
    ...     model="cnn", data="digits", regularization={"type": "confidence_penalty", "weight": 0.1, "off_below": 0.05}
    ... )
    """

    description: ClassVar[str] = "Negative entropy of the classes' probabilities, by logits (Pereyra et al., 2017)."
    takes: ClassVar[Takes] = "value"
    weight: ClassVar[float] = 0.1

    class Config(_Config):
        """Settings."""
