"""A model that was logged is found under its run, and whoever loads it gets the same outputs, without our code."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.adapters.pytorch.adapter import PyTorchAdapter
from dltrainer_jupyter.core.tracking import Mark, TrackedModel
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.data.steps.raw_input import RawInput
from dltrainer_jupyter.testing.adapter_samples import Trainer
from dltrainer_jupyter.testing.tracker_samples import tracked_run, update
from dltrainer_jupyter.trackers.mlflow import MLflow
from dltrainer_jupyter.trackers.mlflow.surroundings import surroundings
from tests.recipes.lightning.bench import SIGNATURE, Bench
from tests.recipes.lightning.modules import Classifier
from tests.trackers.mlflow import places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FRAMEWORKS = ["pytorch", "lightning", "tensorflow", "jax"]
SHAPES = {"lightning": (64,)}
"""Of a sample; of the digits' where it isn't named."""
LOAD = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow.pyfunc, numpy as np
model, folder = sys.argv[1:]
found = mlflow.pyfunc.load_model(model).predict(np.load(f"{folder}/inputs.npy"))
np.save(f"{folder}/found.npy", np.asarray(found))
ours = [name for name in sys.modules if name.startswith(("dltrainer_jupyter", "tests"))]
assert not ours, ours
"""


def samples(framework: str, count: int) -> Any:
    return np.random.default_rng(count).random((count, *SHAPES.get(framework, (1, 8, 8))), np.float32)


def predictor(framework: str) -> Any:
    if framework == "lightning":
        with Bench(Classifier) as bench:
            bench.fit(3)
            objects = {"model": Classifier()}
            return PyTorchAdapter.predictor(bench.spec, objects, SIGNATURE, bench.adapter.save(bench.state).weights)
    with Trainer(framework=framework, model="mlp", data="digits", threads=1) as trainer:
        trainer.step(3)
        return type(trainer.adapter).predictor(trainer.spec, {}, trainer.signature, trainer.save().weights)


@pytest.fixture
def logged(uri: str, tmp_path: Path) -> Callable[..., tuple[str, list[str]]]:
    """Give a function that logs a model; it gives MLflow's run and the notes."""

    def log(
        model: Any, framework: str, steps: Sequence[int] = (300,), preparation: tuple[Any, ...] = ()
    ) -> tuple[str, list[str]]:
        tracker = MLflow(MLflow.Config(uri=uri))
        opened = tracker.open(tracked_run(tmp_path / "run"), None, Mark())
        tracker.send(update(1, 100))
        notes: list[str] = []
        for step in steps:
            notes += tracker.log_model(TrackedModel(model, step, samples(framework, 4), preparation))
        tracker.close()
        return opened.key, notes

    return log


def predicted_elsewhere(uri: str, key: str, inputs: Any, folder: Path) -> Any:
    """Load a model in a process that knows nothing of ours."""
    np.save(folder / "inputs.npy", inputs)
    environment = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, f"runs:/{key}/model", str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return np.load(folder / "found.npy")


@pytest.mark.parametrize("framework", [*FRAMEWORKS[:-1], pytest.param("jax", marks=pytest.mark.slow)])
def test_a_model_that_is_loaded_back_predicts_the_same(framework, uri, logged, monkeypatch) -> None:
    model = predictor(framework)
    key, notes = logged(model, framework)
    assert notes == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with surroundings(None):
        import mlflow.pyfunc

        found = mlflow.pyfunc.load_model(f"runs:/{key}/model")
    more = samples(framework, 9)
    np.testing.assert_allclose(found.predict(more), model.outputs(more), 1e-4, 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_model_predicts_the_same_where_none_of_our_code_is(framework, uri, logged, tmp_path) -> None:
    model = predictor(framework)
    key, notes = logged(model, framework)
    assert notes == []
    more = samples(framework, 9)
    np.testing.assert_allclose(predicted_elsewhere(uri, key, more, tmp_path), model.outputs(more), 1e-4, 1e-5)


def test_a_model_belongs_to_its_run_once_a_step(uri, logged) -> None:
    model = predictor("pytorch")
    before = [parameter.clone() for parameter in model.native.parameters()]
    assert not model.native.training
    key, notes = logged(model, "pytorch", steps=(300, 300, 400))
    assert notes == []
    with surroundings(None):
        import mlflow

        reader = places.client(uri)
        run = reader.get_run(key)
        ids = [output.model_id for output in run.outputs.model_outputs]
        models = [reader.get_logged_model(one) for one in ids]
        assert sorted(one.tags["dltrainer.step"] for one in models) == ["300", "400"]
        assert {one.source_run_id for one in models} == {key}
        assert {str(one.status) for one in models} == {"READY"}
        assert mlflow.get_tracking_uri() != uri
        assert mlflow.active_run() is None
    assert len(reader.search_logged_models([run.info.experiment_id])) == 2
    assert all((one == other).all() for one, other in zip(before, model.native.parameters(), strict=True))


def test_its_signature_and_requirements_are_named(uri, logged, tmp_path) -> None:
    key, _ = logged(predictor("pytorch"), "pytorch")
    with surroundings(None):
        from mlflow.models import Model

        reader = places.client(uri)
        found = reader.get_logged_model(reader.get_run(key).outputs.model_outputs[0].model_id)
        described = Model.load(found.artifact_location)
    assert described.signature.inputs.inputs[0].shape == (-1, 1, 8, 8)
    assert described.signature.outputs.inputs[0].shape == (-1, 10)
    assert described.run_id == key
    assert described.saved_input_example_info is not None
    requirements = (tmp_path / "mlflow-artifacts").rglob("requirements.txt")
    assert "torch==" in next(requirements).read_text()


def test_what_was_left_half_done_is_replaced(uri, logged, tmp_path) -> None:
    tracker = MLflow(MLflow.Config(uri=uri))
    opened = tracker.open(tracked_run(tmp_path / "run"), None, Mark())
    tracker.close()
    reader = places.client(uri)
    run = reader.get_run(opened.key)
    reader.create_logged_model(
        run.info.experiment_id, "model", source_run_id=opened.key, tags={"dltrainer.step": "300"}
    )
    key, _ = logged(predictor("pytorch"), "pytorch")
    assert key == opened.key
    models = reader.search_logged_models([run.info.experiment_id])
    assert [str(one.status) for one in models] == ["READY"]


def test_what_no_flavour_takes_is_named(logged) -> None:
    class Odd:
        native = SimpleNamespace()

        def outputs(self, inputs: Any) -> Any:
            return inputs

    _, notes = logged(Odd(), "pytorch")
    assert notes == ["MLflow keeps no model of the kind SimpleNamespace: expected one of PyTorch's, Keras' or Flax'."]


def test_what_prepares_inputs_comes_with_the_model(uri, logged, monkeypatch) -> None:
    raw = np.random.default_rng(5).random((9, 1, 8, 8), np.float32) * 16
    chain = (RawInput(((1, 8, 8),), "float32").to_dict(), {"type": "scale", "divisor": 16.0})
    model = predictor("pytorch")
    key, notes = logged(model, "pytorch", preparation=chain)
    assert "apply_chain" in " ".join(notes)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with surroundings(None):
        import mlflow.pyfunc

        found = mlflow.pyfunc.load_model(f"runs:/{key}/model")
    prepared = apply_chain(found.metadata.metadata["preprocessing"], raw)
    np.testing.assert_allclose(found.predict(prepared), model.outputs(raw / 16), 1e-4, 1e-5)
