from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from dltrainer_jupyter.core.protocols import Batch, Recipe, Signature, StepOutput, TrainState
from dltrainer_jupyter.recipes.supervised import Supervised


class Context:
    """Numbers instead of nets: a recipe must not care."""

    signature = Signature("regression", (1,), 1)

    def model(self) -> Any:
        return lambda x: 3 * x

    def optimizer(self, net: Any) -> Any:
        return SimpleNamespace(of=net)

    def loss(self) -> Any:
        return lambda outputs, targets: outputs - targets


class Ops:
    """Trains another net than the state holds, as a framework without mutable nets does."""

    def update(self, state: TrainState, loss_fn: Any, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        assert (wrt, using) == ("model", "optimizer")
        return (state, *loss_fn({"model": lambda x: 5 * x}))


@pytest.fixture
def recipe() -> Supervised:
    return Supervised(Supervised.Config())


def test_it_is_a_recipe(recipe: Supervised) -> None:
    assert isinstance(recipe, Recipe)


def test_it_builds_one_net_and_its_optimizer(recipe: Supervised) -> None:
    state = recipe.build(Context())
    assert state.optimizers["optimizer"].of is state.nets["model"]
    assert (list(state.nets), list(state.optimizers), state.extra) == (["model"], ["optimizer"], {})


def test_a_step_uses_the_nets_it_receives(recipe: Supervised) -> None:
    state, output = recipe.train_step(recipe.build(Context()), Batch(10, 1, 4), Ops())
    assert output == StepOutput(49, 50, 1, 4)
    assert isinstance(state, TrainState)


def test_measuring_uses_the_state(recipe: Supervised) -> None:
    assert recipe.eval_step(recipe.build(Context()), Batch(10, 1, 4), Ops()) == StepOutput(29, 30, 1, 4)


def test_there_is_nothing_to_set(recipe: Supervised) -> None:
    with pytest.raises(ValidationError):
        Supervised.Config(depth=3)
