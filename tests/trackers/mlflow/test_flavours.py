"""Models that can't be written the first way are written the next one; what loads otherwise is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import torch
import yaml
from flax import nnx

from dltrainer_jupyter.trackers.mlflow.flavours import save
from dltrainer_jupyter.trackers.mlflow.surroundings import surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INPUTS = np.random.default_rng(0).random((4, 6), np.float32)


class Stand:
    """A model with its outputs."""

    def __init__(self, native: Any, compute: Any) -> None:
        self.native = native
        self.outputs = compute


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with surroundings(None):
        yield


def described(path: Path) -> dict[str, Any]:
    return yaml.safe_load((path / "MLmodel").read_text())


def loaded(path: Path, inputs: Any) -> Any:
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(path)).predict(inputs)


class Undecided(torch.nn.Module):
    """One whose way depends on its inputs, so that no graph can be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = torch.nn.Linear(6, 3), torch.nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) if x.sum() > 1 else self.other(x)


def of_torch(native: torch.nn.Module, factor: float = 1.0) -> Stand:
    def outputs(inputs: Any) -> Any:
        with torch.no_grad():
            return factor * native(torch.from_numpy(inputs)).numpy()

    return Stand(native.eval(), outputs)


def test_a_torch_graph_is_written_without_pickle(tmp_path) -> None:
    model = of_torch(torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5)))
    assert save(model, INPUTS, tmp_path / "model") == ([], "pytorch")
    assert [found.name for found in (tmp_path / "model" / "data").iterdir()] == ["model.pt2"]
    assert save(model, INPUTS[:1], tmp_path / "of_one") == ([], "pytorch")
    np.testing.assert_allclose(loaded(tmp_path / "of_one", INPUTS), model.outputs(INPUTS), 1e-5)


def test_a_torch_module_that_cant_be_traced_is_pickled(tmp_path) -> None:
    model = of_torch(Undecided())
    assert save(model, INPUTS, tmp_path / "model") == ([], "pytorch")
    assert (tmp_path / "model" / "data" / "model.pth").exists()
    for inputs in (INPUTS, -INPUTS):
        np.testing.assert_allclose(loaded(tmp_path / "model", inputs), model.outputs(inputs), 1e-5)


def test_a_difference_is_named(tmp_path) -> None:
    notes, _ = save(of_torch(torch.nn.Linear(6, 3), 1.1), INPUTS, tmp_path / "model")
    assert len(notes) == 1
    assert notes[0].startswith("The model at MLflow computes in its weights' precision: its outputs differ by up to 0.")


class Doubled(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return 2 * inputs


def of_keras(*layers: keras.layers.Layer) -> Stand:
    native = keras.Sequential([keras.Input((6,)), *layers])
    return Stand(native, lambda inputs: np.asarray(native(inputs, training=False)))


def test_a_keras_model_of_keras_own_layers_is_written_whole(tmp_path) -> None:
    model = of_keras(keras.layers.Dense(3), keras.layers.Dropout(0.5))
    assert save(model, INPUTS, tmp_path / "model") == ([], "keras")
    assert (tmp_path / "model" / "data" / "model.keras").exists()
    np.testing.assert_allclose(loaded(tmp_path / "model", INPUTS[:3]), model.outputs(INPUTS[:3]), 1e-5)


def test_a_keras_model_with_code_of_its_own_is_written_as_a_graph(tmp_path) -> None:
    model = of_keras(keras.layers.Dense(3), Doubled())
    assert save(model, INPUTS, tmp_path / "model") == ([], "keras")
    assert (tmp_path / "model" / "data" / "model" / "saved_model.pb").exists()
    np.testing.assert_allclose(loaded(tmp_path / "model", INPUTS[:3]), model.outputs(INPUTS[:3]), 1e-5)


class Counting(nnx.Module):
    """One that can't do without knowing how many samples there are."""

    def __init__(self) -> None:
        self.layer = nnx.Linear(6, 3, rngs=nnx.Rngs(0))

    def __call__(self, x: Any) -> Any:
        return self.layer(x) / float(x.shape[0]) * len(x)


@pytest.mark.parametrize("kind", ["any", "one"])
def test_a_flax_module_is_written_for_any_number_of_samples_or_for_one(tmp_path, kind) -> None:
    native = nnx.Linear(6, 3, rngs=nnx.Rngs(0)) if kind == "any" else Counting()
    model = Stand(native, lambda inputs: np.asarray(native(inputs)))
    assert save(model, INPUTS, tmp_path / "model") == ([], "jax")
    assert described(tmp_path / "model")["flavors"]["python_function"]["artifacts"].keys() == {"program"}
    np.testing.assert_allclose(loaded(tmp_path / "model", INPUTS[:3]), model.outputs(INPUTS[:3]), 1e-5)
