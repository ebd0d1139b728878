"""What a trainer on TensorFlow shows of the inside of its model: weights, layers, gradients, the graph, times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from dltrainer_jupyter.adapters.shared.abilities import refuse_own_loss
from dltrainer_jupyter.adapters.tensorflow.state import weights_of

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.tensorflow.gradients import Gradients
    from dltrainer_jupyter.adapters.tensorflow.inspection import Inspection
    from dltrainer_jupyter.adapters.tensorflow.training import Training
    from dltrainer_jupyter.core.protocols import Batch, Inspected, Recipe, TrainState
    from dltrainer_jupyter.core.tracking import GraphNode


class LooksInside(ABC):
    """Looks at a model by graphs of its own, each of which is made once for a training, when it is first asked for.

    A subclass says by the three methods that follow with which training, and in which surroundings.
    """

    def __init__(self) -> None:
        self._inspection: tuple[Training, Inspection] | None = None
        self._gradients: tuple[Training, Gradients] | None = None

    @abstractmethod
    def evaluation(self, state: TrainState) -> AbstractContextManager[TrainState]:
        """Let nothing that happens leave a trace."""

    @abstractmethod
    def _training_of(self, recipe: Recipe, state: TrainState) -> Training:
        """Give the steps of a recipe."""

    @abstractmethod
    def _apart(self, use: str) -> AbstractContextManager[None]:
        """Run Python code of a model's or a recipe's."""

    def forget(self) -> None:
        """Let go of what was made."""
        self._inspection = self._gradients = None

    def inspect_weights(self, state: TrainState, bins: int, most: int) -> Inspected:
        """See how weights lie, trainable ones and others."""
        from dltrainer_jupyter.adapters.tensorflow import inspection

        return inspection.inspect_weights(weights_of(state.nets), bins, most)

    def inspect_layers(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how what layers give for a batch lies."""
        with self.evaluation(state):
            training = self._training_of(recipe, state)
            return self._inspection_of(training).layers(batch, training.extra, bins, most)

    def graph(self, recipe: Recipe, state: TrainState, batch: Batch) -> tuple[GraphNode, ...]:
        """Say which layers are called on whose outputs."""
        with self.evaluation(state):
            training = self._training_of(recipe, state)
            return self._inspection_of(training).graph(batch, training.extra)

    def inspect_gradients(self, recipe: Recipe, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how the gradients of a batch's loss lie."""
        from dltrainer_jupyter.adapters.tensorflow.gradients import Gradients

        refuse_own_loss(recipe)
        with self.evaluation(state):
            training = self._training_of(recipe, state)
            if self._gradients is None or self._gradients[0] is not training:
                apart, eager = partial(self._apart, "steps"), training.measure.eager
                learned = weights_of(state.nets, learned=True)
                self._gradients = training, Gradients(learned, training.loss, apart, eager=eager)
            return self._gradients[1].inspect(batch, training.extra, bins, most)

    def time_layers(self, recipe: Recipe, state: TrainState, batch: Batch, seconds: float) -> dict[str, float]:
        """Time each layer."""
        with self.evaluation(state):
            training = self._training_of(recipe, state)
            return self._inspection_of(training).times(batch, training.extra, seconds)

    def _inspection_of(self, training: Training) -> Inspection:
        from dltrainer_jupyter.adapters.tensorflow.inspection import Inspection

        if self._inspection is None or self._inspection[0] is not training:
            nets, apart = training.state.nets, partial(self._apart, "steps")
            self._inspection = training, Inspection(nets, training.look, apart, eager=training.measure.eager)
        return self._inspection[1]
