"""Losses by name: what each is and what can be set, the same on every framework. Computing is the adapter's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.schema import setting
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


def build_loss(named: Any, signature: Signature) -> Any:
    """Build a loss by name, with the weights of the classes where there are any.

    Raises
    ------
    ConfigurationError
        If it knows no classes that could be weighed.
    """
    if not signature.class_weights:
        return named.build()
    if not getattr(named, "weighs_classes", False):
        msg = (
            f"class_weights: the loss '{type(named).__name__.lower()}' weighs no classes; leave them out, or take "
            "cross_entropy, bce or focal."
        )
        raise ConfigurationError(msg)
    return named.build(class_weights=signature.class_weights)


TWO = 2
LEAST_DOUBT = 1e-12
"""What 1 minus a probability is taken for at least: a power below 1 of zero has an infinite slope."""


def of_two(class_weights: Sequence[float]) -> tuple[float, float]:
    """Take the weights of targets of 0 and 1.

    Raises
    ------
    ConfigurationError
        If there are more classes.
    """
    if len(class_weights) != TWO:
        msg = (
            f"class_weights: one output tells two classes apart, got {len(class_weights)} weights; take cross_entropy."
        )
        raise ConfigurationError(msg)
    return class_weights[0], class_weights[1]


class LossConfig(BaseModel):
    """What settings of losses have in common: they can't be changed, and take no others beside them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CrossEntropy:
    """Between logits (n, classes, ...) and class indices (n, ...): of samples, or of each pixel.

    Parameters
    ----------
    config : CrossEntropy.Config
        Settings.

    Examples
    --------
    >>> CrossEntropy(CrossEntropy.Config(label_smoothing=0.1)).config.label_smoothing
    0.1
    """

    description: ClassVar[str] = "Softmax cross-entropy between logits (n, classes) and class indices (n,)."
    same_shape: ClassVar[bool] = False
    """Whether outputs and targets must have the same shape; else outputs have a class axis more."""
    weighs_classes: ClassVar[bool] = True
    """Whether ``build`` takes ``class_weights``, a number for each class."""

    class Config(LossConfig):
        """Settings."""

        label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="Share spread over all classes.")

    def __init__(self, config: Config) -> None:
        self.config = config


class BCE:
    """Between logits and 0/1 targets.

    Parameters
    ----------
    config : BCE.Config
        Settings.

    Examples
    --------
    >>> BCE(BCE.Config(pos_weight=2.0)).config.pos_weight
    2.0
    """

    description: ClassVar[str] = "Binary cross-entropy between logits and 0/1 targets, both (n, outputs)."
    same_shape: ClassVar[bool] = True
    weighs_classes: ClassVar[bool] = True

    class Config(LossConfig):
        """Settings."""

        pos_weight: float = setting(
            1.0, gt=0, step=0.5, description="How many times as much targets of 1 count as targets of 0."
        )

    def __init__(self, config: Config) -> None:
        self.config = config


class MSE:
    """Squared error.

    Parameters
    ----------
    config : MSE.Config
        There is nothing to set.

    Examples
    --------
    >>> MSE(MSE.Config()).same_shape
    True
    """

    description: ClassVar[str] = "Mean squared error."
    same_shape: ClassVar[bool] = True

    class Config(LossConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


class Huber:
    """Squared error for small ones, absolute for large ones.

    Parameters
    ----------
    config : Huber.Config
        Settings.

    Examples
    --------
    >>> Huber(Huber.Config(delta=2.0)).config.delta
    2.0
    """

    description: ClassVar[str] = "Squared near zero, linear beyond ``delta`` (Huber, 1964)."
    same_shape: ClassVar[bool] = True

    class Config(LossConfig):
        """Settings."""

        delta: float = Field(default=1.0, gt=0, description="Error at which it becomes linear.")

    def __init__(self, config: Config) -> None:
        self.config = config


class NLL:
    """Negative log-likelihood, for a model that ends in a log-softmax of its own.

    Parameters
    ----------
    config : NLL.Config
        There is nothing to set.

    Examples
    --------
    >>> NLL(NLL.Config()).weighs_classes
    True
    """

    description: ClassVar[str] = "Negative log-likelihood of log-probabilities (n, classes) and class indices (n,)."
    same_shape: ClassVar[bool] = False
    weighs_classes: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("classification", "segmentation")

    class Config(LossConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


class Hinge:
    """How far the right class is from leading every other by a margin; of one output, its sign by a margin.

    Parameters
    ----------
    config : Hinge.Config
        Settings.

    Notes
    -----
    Of several classes it is ``torch.nn.MultiMarginLoss``; of one output (n, 1) and targets of 0 and 1 it is
    ``max(0, margin - (2 target - 1) output)``.

    Examples
    --------
    >>> Hinge(Hinge.Config(margin=0.5)).config.margin
    0.5
    """

    description: ClassVar[str] = "By how much the right class misses its lead over the others, as an SVM has it."
    same_shape: ClassVar[bool] = False
    task: ClassVar[tuple[str, ...]] = ("classification",)

    class Config(LossConfig):
        """Settings."""

        margin: float = setting(1.0, gt=0, step=0.1, description="Lead that is enough.")

    def __init__(self, config: Config) -> None:
        self.config = config


class Focal:
    """Cross-entropy in which what is already right counts little, for classes of very different size.

    Of several outputs (n, classes, ...) it is computed on their softmax and class indices or shares, of one output
    (n, 1) on its sigmoid and targets of 0 and 1.

    Parameters
    ----------
    config : Focal.Config
        Settings.

    Examples
    --------
    >>> Focal(Focal.Config(gamma=1.5)).config.alpha is None
    True
    """

    description: ClassVar[str] = "Cross-entropy that counts easy samples little (Lin et al., 2017)."
    same_shape: ClassVar[bool] = False
    weighs_classes: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("classification", "segmentation")

    class Config(LossConfig):
        """Settings."""

        gamma: float = setting(2.0, ge=0, step=0.5, description="How little: 0 is cross-entropy.")
        alpha: float | None = setting(
            None, ge=0, le=1, step=0.05, description="Of one output: weight of targets of 1, those of 0 have the rest."
        )

    def __init__(self, config: Config) -> None:
        self.config = config


class Dice:
    """Overlap of what is predicted and what is there, class by class (Milletari et al., 2016), beside cross-entropy.

    Parameters
    ----------
    config : Dice.Config
        Settings.

    Examples
    --------
    >>> Dice(Dice.Config(cross_entropy=0.5)).config.smooth
    1.0
    """

    description: ClassVar[str] = "Soft Dice loss of each pixel's class, beside cross-entropy (Milletari et al., 2016)."
    same_shape: ClassVar[bool] = False
    weighs_classes: ClassVar[bool] = True

    class Config(LossConfig):
        """Settings."""

        cross_entropy: float = Field(default=1.0, ge=0, description="Weight of cross-entropy beside it.")
        smooth: float = Field(default=1.0, gt=0, description="Pixels that are added, so that a rare class is no jump.")

    def __init__(self, config: Config) -> None:
        self.config = config
