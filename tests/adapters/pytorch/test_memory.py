"""Objects of the user's own that remember something."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.memory import Memory
from dltrainer_jupyter.recipes.supervised import Supervised
from tests.adapters.pytorch.bench import Bench, seeded
from tests.adapters.pytorch.test_state import plain

if TYPE_CHECKING:
    from pathlib import Path

    from dltrainer_jupyter.core.protocols import Batch


class Centred(nn.Module):
    """A loss with a buffer that follows the batches in training, and a parameter nobody trains."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(2))
        self.scale = nn.Parameter(torch.ones(2))

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.centre.mul_(0.9).add_(outputs.detach().mean(0), alpha=0.1)
        return nn.functional.cross_entropy((outputs - self.centre) * self.scale, targets)


class Counting:
    """A loss that grows with the number of its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return nn.functional.cross_entropy(outputs, targets) * self.calls


class Keeping(Counting):
    def state_dict(self) -> dict[str, Any]:
        return {"calls": self.calls}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.calls = state["calls"]


@pytest.mark.parametrize("loss", [Centred, Keeping])
@pytest.mark.parametrize("given", [lambda kind: kind(), lambda kind: kind], ids=["object", "class"])
def test_a_loss_that_can_keep_its_state_goes_on_with_it(loss: Any, given: Any, tmp_path: Path) -> None:
    with Bench(seeded(plain), loss=given(loss)) as undisturbed:
        undisturbed.step(3)
        before = undisturbed.digest()
        undisturbed.evaluate()
        assert undisturbed.digest() == before
        if loss is Keeping:
            # Nor has trying the model counted.
            assert undisturbed.save().meta["objects"] == {"loss": {"calls": 4}}
        path = undisturbed.write(tmp_path)
        expected = undisturbed.step(3), undisturbed.digest()
        assert undisturbed.adapter.inexact_because() is None
    with Bench(seeded(plain), loss=given(loss)) as resumed:
        resumed.read(path)
        assert (resumed.step(3), resumed.digest()) == expected


def test_a_loss_that_remembers_without_saying_how_is_named() -> None:
    loss = Counting()
    with Bench(seeded(plain), loss=loss) as bench:
        assert loss.calls == 0
        reason = bench.adapter.inexact_because()
        assert reason is not None
        assert reason.startswith("the attribute 'calls' of the loss Counting changes, and no checkpoint keeps it")


class OwnRecipe(Supervised):
    """Counts batches in an attribute, and has others that don't matter."""

    def __init__(self, *, counts: bool) -> None:
        super().__init__(Supervised.Config())
        self.batches, self.counts, self.cache = 0, counts, None

    def build(self, context: Any) -> Any:
        state = super().build(context)
        self.net = state.nets["model"]
        return state

    def train_step(self, state: Any, batch: Any, ops: Any) -> Any:
        self.batches += self.counts
        self.since_later = batch.size
        return super().train_step(state, batch, ops)


@pytest.mark.parametrize("counts", [True, False])
def test_a_recipe_that_remembers_is_noticed_after_its_first_step(*, counts: bool) -> None:
    with Bench(seeded(plain), recipe=OwnRecipe(counts=counts)) as bench:
        assert bench.adapter.inexact_because() is None
        bench.step()
        reason = bench.adapter.inexact_because()
        assert (reason is not None) == counts
        assert reason is None or reason.startswith("the attribute 'batches' of the recipe OwnRecipe changes")


class Slow(Supervised):
    """Lets a second net follow the one in training, where no checkpoint finds it or where one does."""

    def __init__(self, *, kept: bool) -> None:
        super().__init__(Supervised.Config())
        self.kept = kept

    def build(self, context: Any) -> Any:
        state = super().build(context)
        self.slow = copy.deepcopy(state.nets["model"])
        if self.kept:
            state.nets["slow"] = self.slow
        return state

    def train_step(self, state: Any, batch: Batch, ops: Any) -> Any:
        state, output = super().train_step(state, batch, ops)
        with torch.no_grad():
            for mine, followed in zip(self.slow.parameters(), state.nets["model"].parameters(), strict=True):
                mine.lerp_(followed, 0.1)
        return state, output


@pytest.mark.parametrize("kept", [True, False])
def test_a_net_that_a_recipe_keeps_to_itself_is_noticed(*, kept: bool) -> None:
    with Bench(seeded(plain), recipe=Slow(kept=kept)) as bench:
        bench.step()
        reason = bench.adapter.inexact_because()
        assert (reason is None) == kept
        assert kept or "the attribute 'slow' of the recipe Slow changes" in reason


def test_a_loss_that_keeps_its_state_is_no_memory_of_the_recipe_that_calls_it() -> None:
    with Bench(seeded(plain), recipe=OwnRecipe(counts=False), loss=Keeping()) as bench:
        bench.step()
        assert bench.adapter.inexact_because() is None


def test_a_large_array_is_neither_copied_nor_overlooked() -> None:
    recipe = OwnRecipe(counts=False)
    recipe.table = np.zeros((1000, 100))
    memory = Memory({"recipe": recipe})
    assert memory.changing() is None
    assert max(map(len, memory._seen["recipe"].values())) < 10_000
    recipe.table[3, 5] = 1
    assert memory.changing() == "the attribute 'table' of the recipe OwnRecipe"


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), nn.functional.cross_entropy])
def test_a_loss_without_memory_is_exact(loss: Any) -> None:
    with Bench(seeded(plain), loss=loss) as bench:
        bench.step(2)
        assert bench.adapter.inexact_because() is None
