"""A trainer's adapter at work on a few samples, without loop and store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from dltrainer_jupyter.adapters.pytorch.adapter import PyTorchAdapter
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.checkpoints.format import Request, write
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.core.protocols import FullState
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.recipes.supervised import Supervised

if TYPE_CHECKING:
    from pathlib import Path

    from dltrainer_jupyter.core.protocols import Recipe

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
IMAGES = RNG.normal(size=(24, 3, 8, 8)).astype(np.float32)
LABELS = np.arange(24) % 4


def seeded(make: Any, seed: int = 7) -> Any:
    """Make the same thing each time, and leave the global generator as it is."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


class Bench:
    """Builds, trains, saves and loads.

    Own objects may be given for ``model``, ``optimizer`` and ``loss``; everything else goes into the specification.
    """

    def __init__(
        self,
        model: Any,
        data: tuple[Any, Any] = (X, Y),
        *,
        recipe: Recipe | None = None,
        owns_process: bool = False,
        **settings: Any,
    ) -> None:
        self.objects: dict[str, Any] = {"data": data}
        settings = {"model": model, "data": Part.user_object("arrays"), "batch_size": 8, "threads": 1} | settings
        for key in ("model", "optimizer", "loss"):
            if key in settings and not isinstance(settings[key], str | dict):
                self.objects[key], settings[key] = settings[key], Part.user_object("own")
        if recipe is not None:
            settings["recipe"] = Part.user_object("own")
        self.spec = RunSpec(**settings)
        self.dataset = Arrays(Arrays.Config()).load(self.spec, self.objects)
        self.signature = self.dataset.signature
        self.recipe = recipe or Supervised(Supervised.Config())
        self.adapter = PyTorchAdapter(self.spec, owns_process=owns_process)
        self.environment = self.adapter.open()
        self.state = self.adapter.build(self.recipe, self.objects, self.signature)
        self._placed = self.adapter.place(self.dataset.train)
        self._ordered: tuple[int, Any] = 0, None
        self.adapter.check(self.recipe, self.state, self._batch(0))
        self.steps = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.adapter.close()

    @property
    def net(self) -> torch.nn.Module:
        return self.state.nets["model"]

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        return self.state.optimizers["optimizer"]

    def _batch(self, step: int) -> Any:
        count, size = len(self.dataset.train), self.spec.batch_size
        epoch, index = divmod(step, batches(count, size))
        if self._ordered[0] != epoch + 1:
            order = self.adapter.order(self._placed, epoch_order(self.spec.seed, epoch + 1, count))
            self._ordered = epoch + 1, order
        return self.adapter.batch(self._placed, self._ordered[1], *bounds(index, count, size))

    def step(self, count: int = 1) -> list[float]:
        """Make some steps; give their losses."""
        losses = []
        for _ in range(count):
            self.state, output = self.adapter.train_step(self.recipe, self.state, self._batch(self.steps))
            losses.append(output.loss)
            self.steps += 1
        return self.adapter.losses(losses).tolist()

    def evaluate(self) -> float:
        with self.adapter.evaluation(self.state):
            output = self.adapter.eval_step(self.recipe, self.state, self._batch(0))
            return float(self.adapter.losses([output.loss])[0])

    def save(self) -> FullState:
        return self.adapter.save(self.state)

    def digest(self) -> str:
        saved = self.save()
        return digest(saved.weights, saved.optimizer)

    def write(self, folder: Path) -> Path:
        """Write a checkpoint's real files."""
        request = Request(self.save(), self.steps, 1, frozenset({"last"}), {}, self.signature, {})
        return write(folder, request).path

    def read(self, path: Path) -> Self:
        """Go on from a checkpoint's files."""
        saved, manifest = load(path)
        self.state = self.adapter.load(self.state, saved)
        self.steps = manifest.step
        return self


BEFORE, AFTER = 7, 6  # into the second epoch


def check_exact(folder: Path, build: Any, data: Any = (X, Y), **settings: Any) -> None:
    """Train, write real files, and train on: undisturbed, and in a trainer of its own made from the files."""
    with Bench(seeded(build), data, **settings) as undisturbed:
        undisturbed.step(BEFORE)
        path = undisturbed.write(folder)
        saved = undisturbed.digest()
        losses, digest = undisturbed.step(AFTER), undisturbed.digest()
    with Bench(seeded(build, seed=8), data, **settings) as resumed:
        resumed.step(2)
        resumed.read(path)
        assert resumed.digest() == saved
        assert (resumed.step(AFTER), resumed.digest()) == (losses, digest)
