"""A trainer's adapter at work on a few samples, without loop and store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from dltrainer_jupyter.adapters.jax.adapter import JaxAdapter
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.checkpoints.format import Request, write
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.core.protocols import FullState, StepOutput, Stretch
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.recipes.supervised import Supervised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dltrainer_jupyter.core.protocols import Recipe

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)


class Net(nnx.Module):
    """Everything a net can remember: weights, statistics, random keys and counts, an array of its own."""

    def __init__(self, rngs: nnx.Rngs, inputs: int = 6) -> None:
        self.entry = nnx.Linear(inputs, 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.dropout = nnx.Dropout(0.3, rngs=rngs)
        self.seen = nnx.Variable(jax.numpy.zeros((), jax.numpy.int32))
        self.head = nnx.Linear(8, 2, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        self.seen[...] += len(x)
        return self.head(self.dropout(nnx.relu(self.norm(self.entry(x)))))


def net(seed: int = 7) -> Net:
    """Make the same model each time."""
    return Net(nnx.Rngs(params=seed, dropout=seed + 1))


def sometimes(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Not a number for batches in which the first class comes first."""
    loss = optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()
    return jnp.where(targets[0] == 0, jnp.nan, loss)


class Bench:
    """Builds, trains, saves and loads.

    Own objects may be given for ``model``, ``optimizer`` and ``loss``; everything else goes into the specification.
    """

    def __init__(
        self, model: Any, data: tuple[Any, Any] = (X, Y), *, recipe: Recipe | None = None, **settings: Any
    ) -> None:
        self.objects: dict[str, Any] = {"data": data}
        settings = {
            "framework": "jax",
            "model": model,
            "data": Part.user_object("arrays"),
            "batch_size": 8,
            "device": "cpu",
        } | settings
        for key in ("model", "optimizer", "loss"):
            if key in settings and not isinstance(settings[key], str | dict):
                self.objects[key], settings[key] = settings[key], Part.user_object("own")
        if recipe is not None:
            settings["recipe"] = Part.user_object("own")
        self.spec = RunSpec(**settings)
        self.dataset = Arrays(Arrays.Config()).load(self.spec, self.objects)
        self.signature = self.dataset.signature
        self.recipe = recipe or Supervised(Supervised.Config())
        self.adapter = JaxAdapter(self.spec, owns_process=False)
        self.environment = self.adapter.open()
        self.steps = 0
        try:
            self.state = self.adapter.build(self.recipe, self.objects, self.signature)
            self._placed = self.adapter.place(self.dataset.train)
            self.width = self.adapter.check(self.recipe, self.state, self.batch(0))
        except BaseException:
            self.adapter.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.adapter.close()

    @property
    def net(self) -> Any:
        """A module with the weights as they are."""
        return self.state.nets["model"].module()

    def batch(self, step: int) -> Any:
        """Cut the batch of a step."""
        count, size = len(self.dataset.train), self.spec.batch_size
        epoch, index = divmod(step, batches(count, size))
        order = self.adapter.order(self._placed, epoch_order(self.spec.seed, epoch + 1, count))
        return self.adapter.batch(self._placed, order, *bounds(index, count, size))

    def step(self, count: int = 1) -> list[float]:
        """Make some steps; give their losses."""
        losses = []
        for _ in range(count):
            self.state, output = self.adapter.train_step(self.recipe, self.state, self.batch(self.steps))
            losses.append(output.loss)
            self.steps += 1
        return self.adapter.losses(losses).tolist()

    def stretch(self, count: int, rates: Sequence[float] | None = None) -> StepOutput:
        """Make some steps in one call, all of full batches of an epoch; give what they give."""
        full, size = len(self.dataset.train), self.spec.batch_size
        epoch, index = divmod(self.steps, batches(full, size))
        order = self.adapter.order(self._placed, epoch_order(self.spec.seed, epoch + 1, full))
        stretch = Stretch(self._placed, order, index * size, size, count)
        given = None if rates is None else np.array(rates)
        self.state, output = self.adapter.train_steps(self.recipe, self.state, stretch, given)
        self.steps += count
        return output

    def evaluate(self) -> float:
        """Measure the first batch."""
        with self.adapter.evaluation(self.state) as measured:
            output = self.adapter.eval_step(self.recipe, measured, self.batch(0))
            return float(self.adapter.losses([output.loss])[0])

    def save(self) -> FullState:
        """Copy the state."""
        return self.adapter.save(self.state)

    def digest(self) -> str:
        """Give the digest of the state."""
        saved = self.save()
        return digest(saved.weights, saved.optimizer)

    def write(self, folder: Path) -> Path:
        """Write a checkpoint's real files."""
        request = Request(self.save(), self.steps, 1, frozenset({"last"}), {}, self.signature, {})
        return write(folder, request).path

    def load(self, saved: FullState) -> None:
        """Go on from a state."""
        self.state = self.adapter.load(self.state, saved)

    def read(self, path: Path) -> Self:
        """Go on from a checkpoint's files."""
        saved, manifest = load(path)
        self.load(saved)
        self.steps = manifest.step
        return self
