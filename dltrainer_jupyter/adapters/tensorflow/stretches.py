"""Several steps in one call, to learn or to measure: a loop, as a graph, around the graph of a single step.

What a step does isn't traced again: the loop calls the graph that single steps have, with the number of samples left
open as there, so that a step has the same bits wherever it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.steps import Extra, Step
from dltrainer_jupyter.core.protocols import Batch

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MOST_STEPS = 1024
_MOST_BYTES = 32 * 2**20
"""Bounds of what one call is given and gives; where batches are larger, the time of a step isn't spent on the call."""


class Stretches:
    """Makes several steps that follow each other.

    Parameters
    ----------
    step : Step
        A single one: of a batch and what a recipe keeps it gives a loss, outputs, targets, and what is kept then.
    apart : callable
        Gives a context in which Python code runs while it is traced.
    set_rate : callable, optional
        Sets the learning rate to a tensor, in a graph; needed by steps that have one.
    """

    def __init__(
        self,
        step: Step,
        apart: Callable[[], AbstractContextManager[Any]],
        set_rate: Callable[[Any], None] = lambda _rate: None,
    ) -> None:
        self._step = step
        self._apart = apart
        self._set_rate = set_rate
        self._form: Any = None
        self._compiled: dict[int, Any] = {}

    def most(self, batch_size: int) -> int:
        """Say how many steps a call can hold, once the step is traced; 1 for a step that can't be put into a loop.

        Parameters
        ----------
        batch_size : int
            Samples in a batch.
        """
        if self._step.graph is None or not self._can_be_looped():
            return 1
        inputs, targets, *_ = self._step.form
        held = [value for value in _leaves((inputs, targets, self._step.results[1:-1])) if value is not None]
        bytes_a_sample: int = sum((part.shape[1:].num_elements() or 1) * part.dtype.size for part in held)
        return max(1, min(_MOST_STEPS, _MOST_BYTES // (batch_size * bytes_a_sample)))

    def _can_be_looped(self) -> bool:
        """Tell whether all steps show the same, in tensors that can be joined, and keep tensors of the same kinds."""
        (loss, outputs, targets, terms, noted, kept), (*_, extra) = self._step.results, self._step.form
        return (
            all(value is None or value.shape.rank == 0 for value in _leaves((loss, terms)))
            and all(
                value is None or (isinstance(value, tf.Tensor) and value.shape.rank)
                for value in _leaves((outputs, targets, noted))
            )
            and all(kept[key].dtype == spec.dtype and kept[key].shape == spec.shape for key, spec in extra.items())
        )

    def __call__(
        self, batches: Batch, steps: int, extra: Extra, rates: npt.NDArray[np.float64] | None = None
    ) -> tuple[Any, ...]:
        """Make steps.

        Parameters
        ----------
        batches : Batch
            All of them, as one.
        steps : int
            How many of them there are, each as large as the others.
        extra : dict of str to tensorflow.Tensor
            What the recipe keeps.
        rates : numpy.ndarray of float64, shape (steps,), optional
            The learning rate of each step; left as it is without.

        Returns
        -------
        loss : tensorflow.Tensor of shape (steps,), or None
        outputs, targets : structure of tensorflow.Tensor of shape (samples, ...), or None
        terms, noted : mapping of such, or None
            Numbers as the loss is, and values as outputs are.
        extra : dict of str to tensorflow.Tensor
            What is kept after the last step.
        """
        if self._form != self._step.form:
            self._form, self._compiled = self._step.form, {}
        set_rates = [] if rates is None else [tf.constant(rates, tf.float64)]
        if len(set_rates) not in self._compiled:
            self._compiled[len(set_rates)] = self._trace(len(set_rates))
        counts = tf.constant(steps), tf.constant(batches.size // steps)
        compiled = self._compiled[len(set_rates)]
        given: tuple[Any, ...] = compiled((batches.inputs, batches.targets), extra, counts, set_rates)
        return given

    def _trace(self, set_rates: int) -> Any:
        inputs, targets, _, extra = self._form
        number, numbers = tf.TensorSpec((), tf.int32), tf.TensorSpec((None,), tf.float64)
        signature = (inputs, targets), extra, (number, number), set_rates * [numbers]
        with self._apart():
            return tf.function(self._loop, autograph=False).get_concrete_function(*signature)

    def _loop(
        self, batches: tuple[Any, Any], extra: Extra, counts: tuple[tf.Tensor, tf.Tensor], set_rates: list[tf.Tensor]
    ) -> tuple[Any, ...]:
        """Make the steps, in a graph; of rates there is one row or none."""
        steps, size = counts
        results = self._step.results[:-1]
        shown = _leaves(results)
        begun = {
            position: tf.TensorArray(value.dtype, steps, element_shape=value.shape)
            for position, value in enumerate(shown)
            if value is not None
        }

        def make(index: tf.Tensor, extra: Extra, collected: dict[int, tf.TensorArray]) -> tuple[Any, ...]:
            inputs, targets = tf.nest.map_structure(lambda part: part[index * size : (index + 1) * size], batches)
            for rates in set_rates:
                self._set_rate(rates[index])
            *values, extra = self._step(Batch(inputs, targets, size), extra)
            leaves = _leaves(values)
            collected = {position: array.write(index, leaves[position]) for position, array in collected.items()}
            return index + 1, extra, collected

        _, extra, collected = tf.while_loop(
            lambda index, *_: index < steps, make, (tf.constant(0), extra, begun), parallel_iterations=1
        )
        joined = {at: array.concat() if shown[at].shape.rank else array.stack() for at, array in collected.items()}
        packed = tf.nest.pack_sequence_as(results, [joined.get(position) for position in range(len(shown))])
        return *packed, extra


def _leaves(structure: Any) -> list[Any]:
    """Give the tensors of a structure, and None where there is none."""
    return list(tf.nest.flatten(structure))
