"""A module in our hands and in those of Lightning's own Trainer, on the same batches of handwritten digits."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

from dltrainer_jupyter.adapters.pytorch.adapter import PyTorchAdapter
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.checkpoints.encoding import dumps, loads
from dltrainer_jupyter.core.protocols import Batch, Course, FullState, Signature
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.recipes.lightning.recipe import Lightning

if TYPE_CHECKING:
    from collections.abc import Callable

    import lightning

_DIGITS = load_digits()
X = torch.tensor(_DIGITS.data[:100] / 16, dtype=torch.float32)
Y = torch.tensor(_DIGITS.target[:100])
SIZE = 16
TRAIN = [(X[at : at + SIZE], Y[at : at + SIZE]) for at in range(0, 64, SIZE)]
"""Four batches; the order is the same in every epoch, so that the Trainer's loader is a list."""
VALIDATION = [(X[64:80], Y[64:80]), (X[80:90], Y[80:90])]
SIGNATURE = Signature("classification", (64,), 10)


def seeded(make: Callable[[], Any]) -> Any:
    """Make the same thing each time, and leave the global generator as it is."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return make()


def trainer(epochs: int = 3, **settings: Any) -> lightning.Trainer:
    """Give Lightning's own, without anything beside the training."""
    import lightning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lightning.Trainer(
            accelerator="cpu",
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            **settings,
        )


def by_trainer(make: Callable[[], Any], epochs: int = 3, *, validates: bool = True, **settings: Any) -> Any:
    """Let Lightning train a module; give it back, with ``module.measured``: its metrics of the last epoch."""
    module, its = seeded(make), trainer(epochs, **settings)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # their number changes bits
    batches, held_back = (DataLoader([list(batch) for batch in part], batch_size=None) for part in (TRAIN, VALIDATION))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        its.fit(module, batches, held_back if validates else None)
    torch.set_num_threads(threads)
    module.measured = {name: float(value) for name, value in its.callback_metrics.items()}
    module.made = its.optimizers
    return module


class Bench:
    """Builds, trains, saves and loads a module with our adapter and recipe, as the loop does."""

    def __init__(self, make: Callable[[], Any], epochs: int = 3, *, validates: bool = True, **settings: Any) -> None:
        values = {"model": Part.user_object("own"), "data": "digits", "recipe": "lightning", "threads": 1}
        self.spec = RunSpec(**values | {"epochs": epochs} | settings)
        self.adapter = PyTorchAdapter(self.spec, owns_process=False)
        self.adapter.open()
        self.recipe = Lightning(Lightning.Config())
        self.validates = validates
        self.epoch, self.consumed, self.taken = 1, 0, 0
        objects = {"model": seeded(make)}
        Lightning.check_model(objects["model"], self.spec)
        self.recipe.prepare(self.spec, self.course, objects)
        self.state = self.adapter.build(self.recipe, objects, SIGNATURE)
        self.first = _batch(TRAIN[0])
        self.adapter.check(self.recipe, self.state, self.first)
        self.history: list[dict[str, float]] = []
        self.begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.adapter.close()

    @property
    def module(self) -> Any:
        return self.state.nets["model"]

    @property
    def course(self) -> Course:
        return Course(self.epoch, self.spec.epochs, self.taken, self.consumed, len(TRAIN), self.validates)

    def fit(self, steps: int | None = None) -> Self:
        """Train to the end, or for some steps: then it stops in front of the next, even at an epoch's end."""
        recipe = self.recipe
        if not self.begun:
            recipe.begin(self.state, self.course)
            self.begun = True
        while self.epoch <= self.spec.epochs:
            if self.consumed == 0 and steps != 0:
                recipe.begin_epoch(self.state, self.course)
            for pair in TRAIN[self.consumed :]:
                if steps == 0:
                    return self
                steps = None if steps is None else steps - 1
                self.state, _ = self.adapter.train_step(recipe, self.state, _batch(pair))
                self.consumed, self.taken = self.consumed + 1, self.taken + 1
            if steps == 0:
                return self
            self.close_epoch()
        recipe.end(self.state, self.course)
        return self

    def close_epoch(self) -> None:
        values: dict[str, float] = {}
        if self.validates:
            with self.adapter.evaluation(self.state) as measured:
                self.recipe.begin_validation(measured, self.course)
                for pair in VALIDATION:
                    self.adapter.eval_step(self.recipe, measured, _batch(pair))
                values |= self.recipe.end_validation(measured, self.course)
        values |= self.recipe.end_epoch(self.state, self.course)
        self.history.append(values)
        self.epoch, self.consumed = self.epoch + 1, 0

    def save(self) -> tuple[FullState, bytes]:
        """Copy everything; the recipe's own as the text of a checkpoint."""
        return self.adapter.save(self.state), dumps(
            [self.recipe.state(), self.epoch, self.consumed, self.taken, self.history]
        )

    def load(self, saved: tuple[FullState, bytes]) -> Self:
        self.state = self.adapter.load(self.state, saved[0])
        own, self.epoch, self.consumed, self.taken, self.history = loads(saved[1])
        self.recipe.load_state(own)
        return self

    def digest(self) -> str:
        saved = self.adapter.save(self.state)
        return digest(saved.weights, saved.optimizer)


def _batch(pair: tuple[torch.Tensor, torch.Tensor]) -> Batch:
    return Batch(pair[0], pair[1], len(pair[0]), whole=list(pair))


def weights(module: Any) -> dict[str, Any]:
    """Give every weight and buffer."""
    return {name: value.detach().numpy().copy() for name, value in module.state_dict().items()}


def assert_same_weights(ours: Any, theirs: Any) -> None:
    mine, others = weights(ours), weights(theirs)
    assert mine.keys() == others.keys()
    assert [name for name in mine if mine[name].tobytes() != others[name].tobytes()] == []


def check_resumes(make: Callable[[], Any], stops: tuple[int, ...] = (1, 4, 6), **settings: Any) -> None:
    """Stop after some steps, an epoch's end among them, and go on in a trainer of its own: nothing shows it."""
    with Bench(make, **settings) as undisturbed:
        undisturbed.fit()
        history, digest_, last = undisturbed.history, undisturbed.digest(), undisturbed.save()[1]
    for steps in stops:
        with Bench(make, **settings) as stopped:
            saved = stopped.fit(steps).save()
        with Bench(make, **settings) as resumed:
            resumed.load(saved).fit()
            assert resumed.history == history
            assert resumed.digest() == digest_
            assert resumed.save()[1] == last
