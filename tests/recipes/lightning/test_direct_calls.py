"""What is done without Lightning's own calls: only what nobody would notice. Bits are compared beside the Trainer's."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from lightning.pytorch.trainer.call import _call_lightning_module_hook
from lightning.pytorch.trainer.connectors.logger_connector.result import _ResultMetric
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from dltrainer_jupyter.recipes.lightning import library as library_module
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
    with Bench(Classifier, 1, validates=False) as bench:
        bench.fit()
    assert walks == ["train_loss", "train_accuracy"]


def test_other_terms_are_refused_by_lightning() -> None:
    class Fickle(Classifier):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            loss = super().training_step(batch, batch_idx)
            self.log("train_loss", loss, prog_bar=batch_idx < 2)
            return loss

    with Bench(Fickle, 1) as bench, pytest.raises(MisconfigurationException, match="twice"):
        bench.fit()


def test_a_module_has_its_own_log_between_its_methods_and_in_copies() -> None:
    copies = []

    class Copying(Classifier):
        def on_train_epoch_end(self) -> None:
            copies.append(copy.deepcopy(self))

    with Bench(Copying, 1) as bench:
        bench.fit()
        assert "log" not in vars(bench.module)
    assert all(copied.log.__func__ is Classifier.log and copied.log.__self__ is copied for copied in copies)
    assert len(copies) == 1


def test_a_log_of_the_persons_own_stays_theirs() -> None:
    class Shouting(Classifier):
        def log(self, name: str, *arguments: Any, **terms: Any) -> None:
            super().log(name.upper(), *arguments, **terms)

    with Bench(Shouting, 1) as bench:
        bench.fit()
    assert "TRAIN_LOSS" in bench.history[0]
