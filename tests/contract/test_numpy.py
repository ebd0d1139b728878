"""A fourth framework, from another package: found by its entry points, trained without a change to the core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.testing.adapter_contract import AdapterContract

pytestmark = pytest.mark.usefixtures("numpy_framework")


class TestNumPy(AdapterContract):
    framework = "numpy"

    @pytest.fixture
    def model(self) -> Any:
        return {"type": "perceptron", "hidden": 32, "dropout": 0.2}

    @pytest.fixture
    def optimizer(self) -> Any:
        return {"type": "sgd", "momentum": 0.9}


def test_the_package_itself_knows_nothing_of_it() -> None:
    package = Path(tal.__file__).parents[1]
    assert not [path for path in package.rglob("*.py") if "numpy_trainer" in path.read_text()]
    assert "numpy" in registry.names("adapters")


def test_it_trains_by_name_on_a_table() -> None:
    run = tal.train(
        framework="numpy",
        model="perceptron",
        data="wine",
        optimizer={"type": "sgd", "momentum": 0.9},
        metrics=["accuracy"],
        epochs=20,
        learning_rate=0.05,
        batch_size=16,
        verbose=False,
    ).wait(60)
    assert run.exact
    assert run.metrics()["val_accuracy"].max() > 0.9
    assert run.best.predict([[13.2, 1.8, 2.6, 11.2, 100.0, 2.7, 2.8, 0.3, 2.3, 4.4, 1.1, 3.4, 1050.0]]).tolist() == [0]
