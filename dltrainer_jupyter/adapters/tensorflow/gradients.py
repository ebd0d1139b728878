"""How a batch's gradients lie, by a graph of their own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.distributions import inspected, largest
from dltrainer_jupyter.adapters.tensorflow.arrays import on_host
from dltrainer_jupyter.adapters.tensorflow.state import Variables
from dltrainer_jupyter.adapters.tensorflow.steps import Step
from dltrainer_jupyter.core.protocols import Batch, Inspected


class Gradients:
    """Computes gradients of a training's loss, by one graph for as long as the run lasts.

    Parameters
    ----------
    learned : mapping of str to tensorflow.Variable
        What is learnt, by name.
    loss : callable
        Computes the loss of a batch, not training.
    apart : callable
        Gives a context in which Python code of the model runs.
    eager : bool
        Whether the model asks not to be compiled.
    """

    def __init__(
        self,
        learned: Variables,
        loss: Callable[[Batch, dict[str, Any]], Any],
        apart: Callable[[], AbstractContextManager[Any]],
        *,
        eager: bool,
    ) -> None:
        self._learned = learned
        self._loss = loss
        self._step = Step(self._computed, apart, eager=eager)

    def inspect(self, batch: Batch, extra: dict[str, Any], bins: int, most: int) -> Inspected:
        """See how the gradients of a batch lie."""
        (found,) = self._step(batch, extra)
        chosen = largest(found, most, lambda gradient: int(np.prod(gradient.shape)))
        missed = dict.fromkeys(self._learned.keys() - found.keys(), "the loss doesn't depend on it")
        return inspected(((name, on_host(gradient)) for name, gradient in chosen.items()), bins, missed)

    def _computed(self, batch: Batch, extra: dict[str, Any]) -> tuple[dict[str, Any]]:
        with tf.GradientTape() as tape:
            loss = self._loss(batch, extra)
        found = tape.gradient(loss, dict(self._learned))
        return ({name: tf.convert_to_tensor(it) for name, it in found.items() if it is not None},)
