"""A training on TensorFlow without loop and store: wine, in batches of 32, with objects of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_wine

from dltrainer_jupyter.adapters.tensorflow.adapter import TensorFlowAdapter
from dltrainer_jupyter.core.protocols import Batch, FullState, Samples, Signature, StepOutput, Stretch
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.loop.parts import make_recipe

_X, _Y = load_wine(return_X_y=True)
WINE = Samples(((_X - _X.mean(0)) / _X.std(0)).astype(np.float32), _Y.astype(np.int64))
SIGNATURE = Signature(task="classification", input_shape=(13,), outputs=3)
BATCH = 32
BATCHES = -(-len(WINE) // BATCH)


class Slowing(keras.Sequential):
    """Makes its learning rate smaller in each step."""

    def train_step(self, data: Any) -> Any:
        logs = super().train_step(data)
        self.optimizer.learning_rate.assign(0.9 * self.optimizer.learning_rate)
        return logs


class Bench:
    """Builds and tries a batch when it is made; ``objects`` are the user's own, the rest is the specification's."""

    def __init__(
        self,
        objects: dict[str, Any] | None = None,
        *,
        owns_process: bool = False,
        tries: bool = True,
        samples: Samples = WINE,
        signature: Signature = SIGNATURE,
        **settings: Any,
    ) -> None:
        objects = objects or {}
        own = {key: Part.user_object(key) for key in objects}
        # Small, so that its graphs are made quickly.
        usual = {"model": {"type": "mlp", "hidden": [8]}, "optimizer": "sgd"}
        self.spec = RunSpec(**{"framework": "tensorflow", "data": "wine"} | usual | own | settings)
        self.adapter = TensorFlowAdapter(self.spec, owns_process=owns_process)
        self.environment = self.adapter.open()
        self.objects = objects
        self.recipe = objects.get("recipe") or make_recipe(self.spec, {})
        self.state = self.adapter.build(self.recipe, objects, signature)
        self.placed = self.adapter.place(samples)
        self.steps = 0
        if tries:
            self.adapter.check(self.recipe, self.state, self.batch(0))

    def batch(self, index: int) -> Batch:
        order = self.adapter.order(self.placed, np.arange(len(WINE)))
        start = BATCH * (index % BATCHES)
        return self.adapter.batch(self.placed, order, start, min(start + BATCH, len(WINE)))

    def learn(self, steps: int, first: int = 0) -> list[float]:
        """Make steps; give their losses."""
        losses = []
        for index in range(first, first + steps):
            self.state, output = self.adapter.train_step(self.recipe, self.state, self.batch(index))
            losses.append(output.loss)
        return self.adapter.losses(losses).tolist()

    def stretch(self, count: int, rates: Sequence[float] | None = None) -> StepOutput:
        """Make the next steps in one call, all of full batches; give what they give."""
        order = self.adapter.order(self.placed, np.arange(len(WINE)))
        stretch = Stretch(self.placed, order, BATCH * (self.steps % BATCHES), BATCH, count)
        given = None if rates is None else np.array(rates, np.float64)
        self.state, output = self.adapter.train_steps(self.recipe, self.state, stretch, given)
        self.steps += count
        return output

    def outputs(self) -> np.ndarray:
        """Give the outputs of the first batch in evaluation."""
        with self.adapter.evaluation(self.state) as measured:
            return self.adapter.arrays([self.adapter.eval_step(self.recipe, measured, self.batch(0)).outputs])

    def save(self) -> FullState:
        return self.adapter.save(self.state)

    def load(self, saved: FullState) -> None:
        self.state = self.adapter.load(self.state, saved)


def numbers(saved: FullState) -> dict[str, bytes]:
    """Give every array of a state as bytes."""
    return {name: bytes(array.data) for name, array in (saved.weights | saved.optimizer).items()}
