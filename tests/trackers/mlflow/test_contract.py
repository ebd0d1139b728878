"""MLflow keeps the contract of trackers: over a database, and over its own server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
import torch

from dltrainer_jupyter.core.tracking import Mark, TrackedModel
from dltrainer_jupyter.testing.tracker_contract import TrackerContract
from dltrainer_jupyter.testing.tracker_samples import tracked_run
from dltrainer_jupyter.trackers.mlflow import MLflow
from dltrainer_jupyter.trackers.mlflow.surroundings import surroundings
from tests.trackers.mlflow import places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dltrainer_jupyter.core.protocols import Tracker
    from dltrainer_jupyter.core.tracking import Opened
    from dltrainer_jupyter.testing.tracker_contract import Held


class TestOverADatabase(TrackerContract):
    client: ClassVar[str] = "mlflow"
    keeps_infinities: ClassVar[bool] = False

    @pytest.fixture
    def make(self, uri: str) -> Callable[[], Tracker]:
        return lambda: MLflow(MLflow.Config(uri=uri))

    @pytest.fixture
    def held(self, uri: str) -> Callable[[Opened], Held]:
        return lambda opened: places.held(uri, opened)


@pytest.mark.slow
class TestOverAServer(TrackerContract):
    client: ClassVar[str] = "mlflow"
    keeps_infinities: ClassVar[bool] = False

    @pytest.fixture
    def make(self, server: str, request: pytest.FixtureRequest) -> Callable[[], Tracker]:
        # Runs of all tests have the same id, and one server serves them: each has an experiment of its own.
        return lambda: MLflow(MLflow.Config(uri=server, experiment=request.node.name))

    @pytest.fixture
    def held(self, server: str) -> Callable[[Opened], Held]:
        return lambda opened: places.held(server, opened)

    def test_a_model_arrives(self, make, server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        native = torch.nn.Linear(6, 3).eval()
        inputs = np.random.default_rng(0).random((4, 6), np.float32)
        wanted = native(torch.from_numpy(inputs)).detach().numpy()
        tracker = make()
        opened = tracker.open(tracked_run(folder), None, Mark())
        model = SimpleNamespace(native=native, outputs=lambda _: wanted)
        given = TrackedModel(model, 100, inputs)
        assert [tracker.log_model(given), tracker.log_model(given)] == [[], []]
        tracker.close()
        assert len(places.client(server).get_run(opened.key).outputs.model_outputs) == 1
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
        with surroundings(None):
            import mlflow.pyfunc

            found = mlflow.pyfunc.load_model(f"runs:/{opened.key}/model").predict(inputs)
        np.testing.assert_allclose(found, wanted, 1e-5)


@pytest.mark.slow
class TestOverFiles(TrackerContract):
    """MLflow's files, which it keeps for those who ask for it, take a row twice."""

    client: ClassVar[str] = "mlflow"

    @pytest.fixture
    def make(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Tracker]:
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        return lambda: MLflow(MLflow.Config(uri=f"file://{tmp_path}/mlruns"))

    @pytest.fixture
    def held(self, tmp_path: Path) -> Callable[[Opened], Held]:
        return lambda opened: places.held(f"file://{tmp_path}/mlruns", opened)
