"""Losses by name: what each is and what can be set, the same on every framework. Computing is the adapter's."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import Part


def default_loss(signature: Signature) -> Part:
    """Give the loss for a task: cross-entropy for classes, its binary form for a 0/1 column, else squared error.

    Raises
    ------
    ConfigurationError
        If boxes are to be found, which takes a recipe.
    """
    if signature.task == "detection":
        msg = (
            "loss: boxes are learnt by the recipe 'detection', on pytorch; set recipe: detection and model: detector, "
            "or pass a loss of your own."
        )
        raise ConfigurationError(msg)
    if signature.task == "regression":
        return Part(type="mse")
    return Part(type="bce" if signature.outputs == 1 else "cross_entropy")


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CrossEntropy:
    """Between logits (n, classes, ...) and class indices (n, ...): of samples, or of each pixel.

    Parameters
    ----------
    config : CrossEntropy.Config
        Settings.
    """

    description: ClassVar[str] = "Softmax cross-entropy between logits (n, classes) and class indices (n,)."
    same_shape: ClassVar[bool] = False
    """Whether outputs and targets must have the same shape; else outputs have a class axis more."""

    class Config(_Config):
        """Settings."""

        label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="Share spread over all classes.")

    def __init__(self, config: Config) -> None:
        self.config = config


class BCE:
    """Between logits and 0/1 targets.

    Parameters
    ----------
    config : BCE.Config
        There is nothing to set.
    """

    description: ClassVar[str] = "Binary cross-entropy between logits and 0/1 targets, both (n, outputs)."
    same_shape: ClassVar[bool] = True

    class Config(_Config):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


class MSE:
    """Squared error.

    Parameters
    ----------
    config : MSE.Config
        There is nothing to set.
    """

    description: ClassVar[str] = "Mean squared error."
    same_shape: ClassVar[bool] = True

    class Config(_Config):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


class Huber:
    """Squared error for small ones, absolute for large ones.

    Parameters
    ----------
    config : Huber.Config
        Settings.
    """

    description: ClassVar[str] = "Squared near zero, linear beyond ``delta`` (Huber, 1964)."
    same_shape: ClassVar[bool] = True

    class Config(_Config):
        """Settings."""

        delta: float = Field(default=1.0, gt=0, description="Error at which it becomes linear.")

    def __init__(self, config: Config) -> None:
        self.config = config


class Dice:
    """Overlap of what is predicted and what is there, class by class (Milletari et al., 2016), beside cross-entropy.

    Parameters
    ----------
    config : Dice.Config
        Settings.
    """

    description: ClassVar[str] = "Soft Dice loss of each pixel's class, beside cross-entropy (Milletari et al., 2016)."
    same_shape: ClassVar[bool] = False

    class Config(_Config):
        """Settings."""

        cross_entropy: float = Field(default=1.0, ge=0, description="Weight of cross-entropy beside it.")
        smooth: float = Field(default=1.0, gt=0, description="Pixels that are added, so that a rare class is no jump.")

    def __init__(self, config: Config) -> None:
        self.config = config
