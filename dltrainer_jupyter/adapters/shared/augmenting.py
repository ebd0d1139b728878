"""A chain of augmentations: checked at the start, drawn for each batch from the run's seed, epoch and batch number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.adapters.shared.parts import part_by_name
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Signature
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import Part

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn

KEYED_BY = "seed, epoch, batch"
"""What the randomness of augmentation is a function of; every attempt of a run records it."""

_PAIR = 2
_OF_PLACES = {"segmentation": "masks", "detection": "boxes"}
"""Tasks whose targets say where things are, and what these targets are."""


class AugmentationChain(ABC):
    """Augmentations of one run, in order.

    Parameters
    ----------
    parts : sequence of Part
        As the specification names them.
    seed : int
        The run's.
    signature : Signature
        Shape of a sample, and the model's outputs, as far as they are known.

    Attributes
    ----------
    outputs : int
        The model's outputs, of which the shares of classes that mixing makes have as many; 0 while only the model
        knows.

    Raises
    ------
    ConfigurationError
        If samples of this shape can't be changed in this way.
    """

    framework: ClassVar[str]

    def __init__(self, parts: Sequence[Part], seed: int, signature: Signature) -> None:
        self.steps: list[Any] = [part_by_name("augmentations", part, "augmentation", self.framework) for part in parts]
        moving = [step.name for step in self.steps if not step.in_place]
        if moving and signature.task in _OF_PLACES:
            msg = (
                f"augmentation: {moving[0]} changes images but not the {_OF_PLACES[signature.task]} that belong to "
                "them; use color_jitter, grayscale or blur, or augment in a loader of your own."
            )
            raise ConfigurationError(msg)
        self.outputs = signature.outputs
        self._seed = seed
        if signature.input_shape:
            self._check_shape(signature.input_shape)

    @cached_property
    def pixels(self) -> ModuleType:
        """The framework's module that changes batches; imported where there is something to change."""
        return import_module(f"dltrainer_jupyter.adapters.{self.framework}.pixels")

    @property
    def mixes(self) -> bool:
        """Whether targets of several samples are mixed: classes then become shares of each, shape (n, outputs)."""
        return any(step.mixes for step in self.steps)

    def check(self, batch: Batch) -> None:
        """Look at a batch before the first step.

        Raises
        ------
        ConfigurationError
            If its inputs are no single tensor of floats, have another shape than is needed, or have values outside of
            the range that changes of colour assume.
        """
        inputs = batch.inputs
        if not hasattr(inputs, "shape") or not hasattr(inputs, "dtype"):
            msg = f"augmentation: expected inputs that are one tensor, but the data gives a {type(inputs).__name__}."
            raise ConfigurationError(msg)
        if batch.whole is not None and not (isinstance(batch.whole, tuple | list) and len(batch.whole) == _PAIR):
            msg = (
                "augmentation: expected batches that are pairs of inputs and targets, but the loader gives a "
                f"{type(batch.whole).__name__}; augment in the loader instead."
            )
            raise ConfigurationError(msg)
        self._check_shape(tuple(inputs.shape[1:]))
        if "float" not in _dtype(inputs):
            msg = (
                f"augmentation: {self.steps[0].name} needs inputs that are floats, but they are {_dtype(inputs)}; "
                "convert the data (data: {type: arrays, inputs: float32})."
            )
            raise ConfigurationError(msg)
        if named := [step.name for step in self.steps if step.within_one]:
            least, largest = self._range(inputs)
            if least < 0 or largest > 1:
                msg = (
                    f"augmentation: {named[0]} needs values from 0 to 1, but a batch goes from {least:g} to "
                    f"{largest:g}; scale the data (preprocessing: [{{type: scale, divisor: 255}}]), and leave out what "
                    "moves it away from there again."
                )
                raise ConfigurationError(msg)

    def check_mixed(self, evaluate: Callable[[Batch], Any], batch: Batch, width: Any) -> None:
        """See whether the loss takes the targets that mixing makes.

        Parameters
        ----------
        evaluate : callable
            Computes outputs and loss of a batch.
        batch : Batch
            A training batch that isn't augmented.
        width : int, structure of int, or None
            The model's outputs, where they are known now; those of several aren't mixed.

        Raises
        ------
        ConfigurationError
            If it doesn't; the cause is the framework's own error.
        """
        self.outputs = width if isinstance(width, int) and width else self.outputs
        if not self.mixes or batch.targets is None:
            return
        mixed = self(batch, 1, 0)
        try:
            evaluate(mixed)
        except self._errors() as error:
            name = next(step.name for step in self.steps if step.mixes)
            msg = (
                f"loss: it doesn't take the targets that {name} makes, {tuple(mixed.targets.shape)} "
                f"{_dtype(mixed.targets)} instead of {tuple(batch.targets.shape)} {_dtype(batch.targets)} (shares of "
                f"classes, not class numbers); use cross_entropy, or leave {name} out."
            )
            raise ConfigurationError(msg) from error

    def draw(self, inputs: Any, epoch: int, index: int) -> list[Drawn]:
        """Draw what every step does to a batch.

        Parameters
        ----------
        inputs : tensor, shape (n, ...)
            Of the batch.
        epoch : int
            Counted from 1.
        index : int
            Number of the batch in the epoch, counted from 0.
        """
        size, *shape = (int(length) for length in inputs.shape)
        return [
            step.draw(np.random.default_rng(derive(self._seed, "augment", position, epoch, index)), size, tuple(shape))
            for position, step in enumerate(self.steps)
        ]

    @abstractmethod
    def __call__(self, batch: Batch, epoch: int, index: int) -> Batch:
        """Change a training batch.

        Parameters
        ----------
        batch : Batch
            Inputs of shape (n, ...), float.
        epoch : int
            Counted from 1.
        index : int
            Number of the batch in the epoch, counted from 0.

        Returns
        -------
        Batch
            The same shapes and dtypes, except that mixing makes classes, (n,), to float32 (n, outputs).
        """

    @abstractmethod
    def _range(self, inputs: Any) -> tuple[float, float]:
        """Give the least and the largest value."""

    def _errors(self) -> tuple[type[Exception], ...]:
        """Name what the framework raises where shapes or dtypes don't fit."""
        return IndexError, RuntimeError, TypeError, ValueError

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        for step in self.steps:
            step.check(shape)


def _dtype(tensor: Any) -> str:
    """Name a dtype as NumPy does, whatever the framework."""
    return str(getattr(tensor.dtype, "name", tensor.dtype)).removeprefix("torch.")


def changed(batch: Batch, inputs: Any, targets: Any) -> Batch:
    """Give a batch with other inputs and targets, in the structure its loader gave it, too."""
    whole = None if batch.whole is None else type(batch.whole)((inputs, targets))
    return batch._replace(inputs=inputs, targets=targets, whole=whole)


def check_classes(name: str, axes: int, outputs: int) -> None:
    """Check that whole-number targets can become shares of classes.

    Parameters
    ----------
    name : str
        Of the augmentation that mixes.
    axes : int
        Axes of the targets.
    outputs : int
        The model's outputs.

    Raises
    ------
    ConfigurationError
        If there isn't one class a sample, or the number of classes isn't known.
    """
    if axes != 1:
        msg = (
            f"augmentation: {name} mixes one class or some values a sample, but targets have {axes} axes; leave it out."
        )
        raise ConfigurationError(msg)
    if not outputs:
        msg = f"augmentation: {name} needs the number of classes, which this data and model don't tell; leave it out."
        raise ConfigurationError(msg)
