"""What is done without Lightning's own calls: only what nobody would notice. Bits are compared beside the Trainer's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from lightning.pytorch.trainer.call import _call_lightning_module_hook
from lightning.pytorch.trainer.connectors.logger_connector.result import _ResultCollection, _ResultMetric
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from dltrainer_jupyter.recipes.lightning import library as library_module
from dltrainer_jupyter.recipes.lightning.results import direct
from tests.recipes.lightning.bench import Bench
from tests.recipes.lightning.modules import Classifier


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the methods that Lightning's own code was asked to call."""
    called: list[str] = []

    def hook(trainer: Any, name: str, *arguments: Any, **named: Any) -> Any:
        called.append(name)
        return _call_lightning_module_hook(trainer, name, *arguments, **named)

    class Library(library_module.Library):
        def __init__(self, root: str) -> None:
            super().__init__(root)
            self.hook = hook

    monkeypatch.setattr(library_module, "Library", Library)
    return called


@pytest.mark.parametrize("wanted", [True, False])
def test_lightning_is_asked_only_where_direct_calls_are_not_wanted(calls: list[str], wanted: bool) -> None:
    with Bench(Classifier, 1, fast={"direct_calls": wanted}) as bench:
        bench.fit()
    assert ("on_before_zero_grad" in calls) == (not wanted)


def test_a_method_that_comes_later_is_called() -> None:
    seen: list[int] = []

    class Late(Classifier):
        def on_train_epoch_end(self) -> None:
            self.on_train_batch_start = lambda _batch, index: seen.append(index)  # type: ignore[method-assign]

    with Bench(Late, 2) as bench:
        bench.fit()
    assert seen == [0, 1, 2, 3]


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the quantities that Lightning has walked through to bring them to a device."""
    walked: list[str] = []
    to = _ResultMetric.to

    def counted(metric: Any, *arguments: Any) -> Any:
        walked.append(metric.meta.name)
        return to(metric, *arguments)

    monkeypatch.setattr(_ResultMetric, "to", counted)
    return walked


def test_the_terms_of_a_quantity_are_looked_at_once(walks: list[str]) -> None:
    results = direct(_ResultCollection)(training=True)
    for value in (1.0, 3.0, 8.0):
        results.log("training_step", "loss", torch.tensor(value), on_epoch=True, batch_size=1)
    assert walks == ["loss"]
    assert float(results["training_step.loss"].compute()) == 4


def test_other_terms_are_refused_by_lightning() -> None:
    results = direct(_ResultCollection)(training=True)
    results.log("training_step", "loss", torch.tensor(1.0), on_epoch=True, batch_size=1)
    with pytest.raises(MisconfigurationException, match="twice"):
        results.log("training_step", "loss", torch.tensor(1.0), on_epoch=False, on_step=True, batch_size=1)


def test_a_quantity_that_was_put_in_place_of_another_is_looked_at_again(walks: list[str]) -> None:
    results = direct(_ResultCollection)(training=True)
    for _ in range(2):
        results.log("training_step", "loss", torch.tensor(2.0), on_epoch=True, batch_size=1)
        results.clear()
    assert walks == ["loss", "loss"]
