"""Predicting over REST: the server's own process stays out of it, and always has an answer."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal.apart.workers import workers
from tests import several
from tests.server.test_anything import VALUES
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

X: list[list[float]] = load_digits().data.tolist()


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a home for runs that several tests look at; its workers end with the module."""
    yield tmp_path_factory.mktemp("predicting") / "home"
    workers.close()


@pytest.fixture
def own_home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_HOME", str(shared_home))


@pytest.fixture(scope="module")
def trained(shared_home: Path) -> tal.Run:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLTRAINER_HOME", str(shared_home))
        return tal.train(model="mlp", data="digits", name="digits", epochs=2, executor="inline", verbose=False)


@pytest.fixture
def run(trained: tal.Run, own_home: None) -> tal.Run:
    return trained


@pytest.fixture
def owned(own_home: None) -> Callable[..., tal.Run]:
    """Train a model that does what a function does when another process than this one predicts with it."""
    here = os.getpid()

    def train(doing: Callable[[], object]) -> tal.Run:
        class Own(nn.Linear):
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                if os.getpid() != here:
                    doing()
                return super().forward(x)

        data = (np.zeros((8, 3), "float32"), np.arange(8) % 2)
        return tal.train(model=Own(3, 2), data=data, epochs=1, validation=False, executor="inline", verbose=False)

    return train


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def picture(index: int, name: str) -> dict[str, str]:
    """Give a digit as somebody's file, larger than the model takes it."""
    levels = (np.array(X[index]).reshape(8, 8) / 16 * 255).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(levels).resize((80, 80), Image.Resampling.NEAREST).save(written, "PNG")
    return {"name": name, "data": encoded(written.getvalue())}


def predict(server: Any, run: tal.Run, inputs: Any, **more: Any) -> Any:
    return server.post(f"/runs/{run.id}/predict", {"inputs": inputs} | more)


OWN: dict[str, Any] = {"inputs": [[0.0, 0.0, 0.0]], "checkpoint": "last"}

# --- what comes out ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_predictions_are_those_of_the_handle(server, run) -> None:
    answer = predict(server, run, X[:20], probabilities=True).json
    assert answer["predictions"] == run.best.predict(X[:20]).tolist()
    assert np.allclose(answer["probabilities"], run.best.predict_proba(X[:20]), atol=1e-6)
    assert answer["labels"] == [str(digit) for digit in range(10)]
    assert answer["checkpoint"] == {"step": run.best.record.step, "epoch": run.best.record.epoch}
    assert answer["latency_ms"] > 0
    assert answer["task"] == "classification"
    assert predict(server, run, X[0]).json["predictions"] == answer["predictions"][:1]


@pytest.mark.slow
def test_several_inputs_are_predicted_by_name(server, own_home: None) -> None:
    run = tal.train(
        several.net("pytorch"), (several.INPUTS, several.TARGETS), epochs=1, executor="inline", verbose=False
    )
    few = {name: array[:3].tolist() for name, array in several.INPUTS.items()}
    answer = predict(server, run, few, probabilities=True)
    assert answer.status == 200, answer
    expected = run.best.answer(few, probabilities=True)
    assert answer.json | {"latency_ms": 0} == expected | {"latency_ms": 0}
    assert set(answer.json["predictions"][0]) == {"digit", "odd"}
    refused = predict(server, run, {"image": few["image"]})
    assert refused.status == 422
    assert "inputs: expected 'image', 'meta', and 'meta' is missing." in str(refused.json)


def test_files_and_drawings_are_predicted_as_the_handle_does(server, run) -> None:
    files = [picture(0, "zero.png"), picture(1, "one.png"), {"name": "more.csv", "data": encoded(b"0," * 63 + b"16")}]
    body = {"files": files, "top": 3, "probabilities": True, "checkpoint": "last"}
    answer = server.post(f"/runs/{run.id}/predict", body)
    assert answer.status == 200, answer
    found = answer.json
    expected = run.last.answer(files=files, top=3, probabilities=True)
    assert found | {"latency_ms": 0} == json.loads(json.dumps(expected)) | {"latency_ms": 0}
    assert found["names"] == ["zero.png", "one.png", "more.csv"]
    assert found["digest"] == run.last.record.digest
    assert [sample[0]["label"] for sample in found["top"]] == [
        found["labels"][prediction] for prediction in found["predictions"]
    ]
    drawn = server.post(f"/runs/{run.id}/predict", {"drawing": "data:image/png;base64," + picture(7, "")["data"]}).json
    assert (len(drawn["predictions"]), len(drawn["top"][0])) == (1, 5)
    assert "white on black, as the training images were" in drawn["notes"][0]


def test_heatmaps_are_those_of_the_handle(server, own_home) -> None:
    run = tal.train(model="cnn", data="digits", epochs=1, executor="inline", verbose=False)
    answer = server.post(f"/runs/{run.id}/heatmaps", {"index": [1, 5], "checkpoint": "last"})
    assert (answer.status, answer.json) == (200, run.last.heatmaps([1, 5]))
    drawn = server.post(f"/runs/{run.id}/predict", {"files": [picture(3, "a.png")], "heatmaps": True}).json
    assert drawn["heatmaps"][0].startswith("data:image/png;base64,")
    for index, said in ((9999, "the validation examples there are, got 9,999"), (-1, "index")):
        refused = server.post(f"/runs/{run.id}/heatmaps", {"index": [index]})
        assert (refused.status, said in refused.json["message"]) == (422, True), refused


@pytest.mark.parametrize("which", ["first", "last"])
def test_any_checkpoint_predicts(server, run, which) -> None:
    step = run.checkpoints[0].step if which == "first" else "last"
    answer = predict(server, run, X[:5], checkpoint=step).json
    record = run.checkpoints[0 if which == "first" else -1]
    assert answer["checkpoint"] == {"step": record.step, "epoch": record.epoch}
    assert answer["probabilities"] is None
    assert answer["predictions"] == run.at(record.step).predict(X[:5]).tolist()


def test_examples_are_those_of_the_panel(server, run) -> None:
    answer = server.post(f"/runs/{run.id}/try", {"count": 3, "offset": 4, "checkpoint": "last"})
    assert answer.status == 200
    expected = run.last.examples(3, 4)
    assert answer.json | {"latency_ms": 0} == expected | {"latency_ms": 0}


def test_values_have_no_labels(server, own_home) -> None:
    run = tal.train(model="mlp", data="diabetes", epochs=1, executor="inline", verbose=False)
    inputs = [[0.0] * 10]
    answer = predict(server, run, inputs).json
    assert (answer["labels"], answer["predictions"]) == (None, run.best.predict(inputs).tolist())
    refused = predict(server, run, inputs, probabilities=True)
    assert refused.status == 422
    assert "predicts values, not classes" in refused.json["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"inputs": [[1, 2]]}, r"inputs: expected shape (n, 64)"),
        ({"inputs": [[1], [1, 2]]}, "inputs: "),
        ({"inputs": []}, "inputs: "),
        ({"inputs": ["a"]}, "inputs: "),
        ({"inputs": [[None] * 64]}, "inputs: "),
        ({"inputs": 3}, "inputs: expected"),
        ({}, "expected one of inputs, files, text or drawing, got none of them"),
        ({"inputs": [[0] * 64], "text": "1,2"}, "expected one of inputs, files, text or drawing, got inputs and text"),
        ({"files": []}, "files: "),
        ({"files": [{"name": "a.png", "data": "bm8gaW1hZ2U="}]}, "a.png: expected an image (PNG"),
        ({"files": [{"name": "a.png", "data": "#"}]}, "a.png: expected base64"),
        ({"paths": ["/etc/passwd"]}, "paths"),
        ({"text": "1,2"}, "text: expected 64 numbers a row, got 2."),
        ({"text": ",".join(["1"] * 63 + ["x"])}, "text, line 1, column 64: expected a number, got 'x'."),
        ({"drawing": "data:,"}, "drawing: expected data:image/png;base64"),
        ({"inputs": [[0] * 64], "checkpoint": "worst"}, "checkpoint: expected best, last or a step, got 'worst'."),
        ({"inputs": [[0] * 64], "checkpoint": 99}, "has no checkpoint at step 99; there are: "),
        ({"inputs": [[0] * 64], "checkpoint": "../../secret"}, "checkpoint: "),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(server, run, body, said) -> None:
    answer = server.post(f"/runs/{run.id}/predict", body)
    assert (answer.status, said in answer.json["message"]) == (422, True), answer.json


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(inputs=VALUES, probabilities=st.booleans())
def test_no_inputs_are_a_fault_of_the_servers(server, run, inputs, probabilities) -> None:
    answer = predict(server, run, inputs, probabilities=probabilities)
    assert answer.status in {200, 422}, (inputs, answer)


def test_inputs_may_be_large_but_not_without_end(server, run) -> None:
    assert len(predict(server, run, X).json["predictions"]) == len(X)
    answer = server.post(f"/runs/{run.id}/predict", b"[" + b"0," * 2**24 + b"0]")
    assert (answer.status, answer.json["reason"]) == (413, "BodyTooLargeError")
    assert server.post(f"/runs/{run.id}/try", b" " * 2**21).status == 413


# --- the process ------------------------------------------------------------------------------------------


def test_a_run_without_a_checkpoint_is_refused_and_no_process_is_asked(server, recorded, monkeypatch) -> None:
    monkeypatch.setattr(workers, "ask", lambda *_, **__: pytest.fail("a worker was asked"))
    answer = predict(server, recorded(), X[:1])
    assert (answer.status, answer.json["reason"]) == (422, "CheckpointError")


@pytest.mark.slow
def test_whoever_waits_too_long_is_told_and_the_next_one_is_served(server, run, owned, monkeypatch) -> None:
    stuck = owned(lambda: threading.Event().wait())
    assert predict(server, run, X[:1]).status == 200  # what follows is no matter of how long a start takes
    monkeypatch.setenv("DLTRAINER_PREDICT_TIMEOUT", "0.5")
    answer = server.post(f"/runs/{stuck.id}/predict", OWN)
    assert (answer.status, answer.json["reason"]) == (504, "WorkerTimeoutError")
    assert "no answer within 0.5 s" in answer.json["message"]
    monkeypatch.delenv("DLTRAINER_PREDICT_TIMEOUT")
    assert predict(server, run, X[:1]).status == 200


DOINGS: dict[str, tuple[Callable[[], object], int, str | None]] = {
    "exits": (lambda: os._exit(3), 503, "ended with code 3. The next request starts a new one."),
    "killed": (lambda: os.kill(os.getpid(), signal.SIGKILL), 503, "most likely because the memory ran out"),
    "leaves": (lambda: sys.exit("enough"), 422, "SystemExit: enough"),
    "raises": (lambda: 1 / 0, 422, "ZeroDivisionError: division by zero"),
    "memory": (lambda: bytearray(2**62), 422, "The memory ran out; predict fewer samples at a time."),
    "prints": (lambda: sys.stdout.write("hello\n" * 9), 200, None),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", DOINGS)
def test_whatever_a_persons_model_does_there_is_an_answer(server, run, owned, case) -> None:
    doing, status, said = DOINGS[case]
    answer = server.post(f"/runs/{owned(doing).id}/predict", OWN)
    assert answer.status == status, answer
    assert said is None or said in answer.json["message"]
    assert predict(server, run, X[:1]).status == 200


def test_a_persons_objects_are_loaded_in_the_other_process_alone(server, own_home, tmp_path) -> None:
    noted = tmp_path / "loaded by"

    class Noting(nn.Linear):
        def __setstate__(self, state: Any) -> None:
            noted.write_text(str(os.getpid()))
            super().__setstate__(state)

    data = (np.zeros((8, 3), "float32"), np.arange(8) % 2)
    run = tal.train(model=Noting(3, 2), data=data, epochs=1, validation=False, executor="inline", verbose=False)
    noted.unlink(missing_ok=True)
    assert server.post(f"/runs/{run.id}/predict", OWN).status == 200
    assert int(noted.read_text()) == workers["pytorch"].pid


def test_many_at_a_time_wait_for_each_other_and_too_many_are_sent_away(server, owned, tmp_path) -> None:
    gate = tmp_path / "open"

    def wait() -> None:
        until(gate.exists, 60)

    run = owned(wait)
    with ThreadPoolExecutor(16) as asking:
        answers = [asking.submit(server.post, f"/runs/{run.id}/predict", OWN) for _ in range(16)]
        until(lambda: sum(answer.done() for answer in answers) >= 7)
        assert {answer.result().status for answer in answers if answer.done()} == {429}
        assert server.get("/store").status == 200  # meanwhile everything else is answered
        gate.touch()
        statuses = [answer.result().status for answer in answers]
    assert sorted(set(statuses)) == [200, 429]
    assert statuses.count(200) == 9


# --- and its end ------------------------------------------------------------------------------------------

SERVING = """
import sys
from dltrainer_jupyter.server import model_schemas, prediction
from dltrainer_jupyter.tal.apart.workers import workers

workers.ask("idle", "model", name="mlp").result()
prediction.predict(sys.argv[1], model_schemas.PredictRequest(inputs=[[0.0, 0.0, 0.0]], checkpoint="last"))
while workers["pytorch"].pid is None:
    pass
print(workers["idle"].pid, workers["pytorch"].pid)
print(*({"torch", "numpy.testing", "tensorflow", "jax"} & set(sys.modules)), flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_no_worker_outlives_the_server_idle_or_busy(owned) -> None:
    run = owned(lambda: threading.Event().wait())
    with subprocess.Popen(
        [sys.executable, "-c", SERVING, run.id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        pids, frameworks = (server.stdout.readline().split() for _ in range(2))
        assert frameworks == []
        assert len(pids) == 2
        assert all(psutil.pid_exists(int(pid)) for pid in pids)
        server.kill()
    until(lambda: not any(psutil.pid_exists(int(pid)) for pid in pids))
