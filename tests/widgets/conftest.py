"""Runs without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.tal.run import Run
from tests.stand_in import STEPS, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/store/runs.db")
    yield opened
    opened.close()


@pytest.fixture
def new_run(store: Store, tmp_path: Path) -> Callable[..., Run]:
    """Give a function that adds a run nobody trains yet."""
    made: list[str] = []

    def add(name: str = "digits-cnn", **spec: Any) -> Run:
        run_id = f"{len(made):012x}"
        made.append(run_id)
        settings = {"model": "cnn", "data": "digits", "monitor": "val_accuracy", "epochs": 20, **spec}
        store.create_run(run_id, RunSpec(name=name, **settings), folder=str(tmp_path / run_id), environment={})
        return Run(run_id, store)

    return add


@pytest.fixture
def train(new_run: Callable[..., Run], store: Store) -> Callable[..., Trainer]:
    """Give a function that starts a stand-in for a trainer."""

    def start(name: str = "digits-cnn", **spec: Any) -> Trainer:
        return Trainer(store, new_run(name, **spec).id)

    return start


@pytest.fixture
def trainer(train: Callable[..., Trainer]) -> Trainer:
    """Give a trainer that has made two epochs."""
    started = train()
    for number in (1, 2):
        started.steps(STEPS)
        started.epoch(number)
    return started
