"""Runs that nobody trained: their rows are written directly."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.store import Store
from tests.stand_in import STEPS, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dltrainer_jupyter.store.attempts import Attempt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/runs.db")
    yield opened
    opened.close()


@pytest.fixture
def begin(store: Store) -> Callable[..., Attempt]:
    """Make a run and claim it."""

    def begin(run_id: str = "run-1", **settings: Any) -> Attempt:
        spec = RunSpec(**{"model": "mlp", "data": "digits", "name": run_id} | settings)
        store.create_run(run_id, spec, folder=f"/runs/{run_id}", environment={"git": None})
        return store.claim(run_id, executor="thread", environment={"device": "cpu"})

    return begin


@pytest.fixture
def train(store: Store, tmp_path: Path) -> Callable[..., Trainer]:
    """Give a function that starts a stand-in for a trainer."""

    def start(name: str = "digits-cnn", **settings: Any) -> Trainer:
        run_id = secrets.token_hex(6)
        spec = RunSpec(**{"name": name, "model": "cnn", "data": "digits", "epochs": 20} | settings)
        store.create_run(run_id, spec, folder=str(tmp_path / run_id), environment={})
        return Trainer(store, run_id)

    return start


@pytest.fixture
def trainer(train: Callable[..., Trainer]) -> Trainer:
    """Give a trainer that has made two epochs."""
    started = train()
    for number in (1, 2):
        started.steps(STEPS)
        started.epoch(number)
    return started
