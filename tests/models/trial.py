"""A ready-made model in the hands of an adapter, on either framework: built, trained, saved and loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.core.protocols import FullState, Samples, Signature
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.loop.parts import make_adapter, make_recipe

BATCH = 16


def few_digits(count: int = 48) -> tuple[Samples, Signature]:
    """Give some digits, (1, 8, 8), and what is known of them."""
    data = Digits(Digits.Config()).load(RunSpec(model="cnn", data="digits"), {})
    return Samples(data.train.inputs[:count], data.train.targets[:count]), data.signature


def few_tokens(count: int = 48, steps: int = 6) -> tuple[Samples, Signature]:
    """Give sentences of tokens; the class is whether there is a 7 among them. Zeros fill up what is short."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(1, 12, (count, steps))
    tokens[np.arange(steps) >= rng.integers(2, steps + 1, count)[:, None]] = 0
    # The highest, so that all are known.
    tokens[0, 0] = 11
    return of_arrays(tokens, (tokens == 7).any(1).astype(np.int64))


def of_arrays(inputs: Any, targets: Any) -> tuple[Samples, Signature]:
    """Give arrays as a run reads them."""
    spec = RunSpec(model="mlp", data=Part.user_object("arrays"), validation=False)
    data = Arrays(Arrays.Config()).load(spec, {"data": (inputs, targets)})
    return data.train, data.signature


class Trial:
    """One trainer's hold on a model."""

    def __init__(self, framework: str, model: dict[str, Any], data: tuple[Samples, Signature], **settings: Any) -> None:
        self.samples, self.signature = data
        usual = {"batch_size": BATCH, "threads": 1, "learning_rate": 1e-3, "optimizer": "adam"}
        self.spec = RunSpec(framework=framework, model=model, data="arrays", **usual | settings)
        self.adapter: Any = make_adapter(self.spec, owns_process=False)
        self.adapter.open()
        self.recipe = make_recipe(self.spec, {})
        self.state = self.adapter.build(self.recipe, {}, self.signature)
        self.placed = self.adapter.place(self.samples)
        self.order = self.adapter.order(self.placed, np.arange(len(self.samples)))
        self.adapter.check(self.recipe, self.state, self.batch(0))
        self.steps = 0

    @property
    def net(self) -> Any:
        return self.state.nets["model"]

    def batch(self, step: int) -> Any:
        start = BATCH * step % len(self.samples)
        return self.adapter.batch(self.placed, self.order, start, min(start + BATCH, len(self.samples)))

    def step(self, count: int) -> list[float]:
        """Make steps; give their losses."""
        losses = []
        for _ in range(count):
            self.state, output = self.adapter.train_step(self.recipe, self.state, self.batch(self.steps))
            losses.append(output.loss)
            self.steps += 1
        found: list[float] = self.adapter.losses(losses).tolist()
        return found

    def save(self) -> FullState:
        saved: FullState = self.adapter.save(self.state)
        return saved

    def digest(self) -> str:
        saved = self.save()
        return digest(saved.weights, saved.optimizer)

    def outputs(self) -> np.ndarray:
        """Give the outputs of a predictor with these weights."""
        predictor = type(self.adapter).predictor(self.spec, {}, self.signature, self.save().weights)
        found: np.ndarray = predictor.outputs(self.samples.inputs[:BATCH])
        return found


@contextmanager
def trial(framework: str, model: dict[str, Any], data: tuple[Samples, Signature], **settings: Any) -> Iterator[Trial]:
    made = Trial(framework, model, data, **settings)
    try:
        yield made
    finally:
        made.adapter.close()
