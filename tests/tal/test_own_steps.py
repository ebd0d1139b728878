"""The user's own steps of processing in runs: everywhere the same, kept with the run, and gone with nobody."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, TrainingFailed
from dltrainer_jupyter.executors import held
from dltrainer_jupyter.loop import kept_steps
from dltrainer_jupyter.relay import models
from dltrainer_jupyter.tal.places import here
from tests.tal.subject import TEXT, VALUES, X, Y, long, quick
from tests.waiting import until


def squared(inputs, power=2):
    return np.sign(inputs) * np.abs(inputs) ** power


def halves(sample):
    yield sample[:3]
    yield sample[3:]


class Drifting:
    """Learns something else each time it is fitted."""

    def fit(self, inputs):
        self.noise = np.random.default_rng().normal(size=inputs.shape[1:]).astype(np.float32)

    def apply(self, inputs):
        return inputs + self.noise


CHAIN = ["standardize", {"type": squared, "power": 3}, PCA(4, random_state=0)]


def sure(shares):
    """Say who is sure."""
    return shares.max(axis=1) > 0.6


@pytest.mark.slow
def test_every_executor_gives_the_same() -> None:
    runs = [
        quick(executor=executor, preprocessing=[*CHAIN, Shift], postprocessing=["temperature", sure]).wait(60)
        for executor in ("inline", "thread", "process")
    ]
    assert len({run.last.record.digest for run in runs}) == 1
    said = [run.best.predict(X).tolist() for run in runs]
    assert said[0] == said[1] == said[2]
    assert set(map(type, said[0])) == {bool}


class Shift:
    def fit(self, inputs):
        self.mean = inputs.mean()

    def apply(self, inputs):
        return inputs - self.mean


@pytest.mark.parametrize("executor", ["inline", "thread"])
def test_an_own_chain_trains_and_predicts(executor: str) -> None:
    run = quick(executor=executor, preprocessing=[*CHAIN, Shift], data=(X, TEXT), epochs=1).wait(60)
    assert set(run.best.predict(X).tolist()) <= {"no", "yes"}
    assert run.best.predict(X[0]).tolist() == run.best.predict(X)[:1].tolist()
    assert [str(part) for part in run.spec.preprocessing] == ["standardize", "squared", "PCA", "Shift"]
    held.forget(run.id)
    assert run.best.predict_proba(X).shape == (40, 2)


@pytest.mark.slow
def test_killed_and_resumed_it_prepares_as_it_was_fitted() -> None:
    """What is fitted at random would be another thing if it were fitted again."""
    run = tal.train(
        model={"type": "mlp", "hidden": [8]}, data=(X, Y), epochs=100_000, executor="process", verbose=False,
        preprocessing=[Drifting], checkpoint={"every_epochs": 5},
    )  # fmt: skip
    until(lambda: any(it.step > 0 for it in run.store.checkpoints(run.id)), timeout=60)
    os.kill(run.store.attempts(run.id)[-1].pid, signal.SIGKILL)
    until(lambda: run.state == "lost", timeout=60)
    before = run.last.predict_proba(X)
    step, signature = run.last.record.step, run.store.signature(run.id)["preprocessing"]
    run.resume(executor="thread")
    until(lambda: run.step > step, timeout=60)
    run.stop().wait(60)
    assert run.store.signature(run.id)["preprocessing"] == signature
    assert (run.at(step).predict_proba(X) == before).all()


def test_what_was_fitted_is_kept_and_fitted_once() -> None:
    with long(preprocessing=[Drifting], checkpoint={"every_epochs": 1}) as run:
        until(lambda: run.store.checkpoint(run.id, "last") is not None)
        run.suspend().wait(60)
        until(lambda: run.state == "suspended")
        before = run.last.predict_proba(X)
        kept = (run.folder / kept_steps.FILE).read_bytes()
        step = run.last.record.step
        run.resume(executor="thread")
        until(lambda: run.step > step)
    assert (run.folder / kept_steps.FILE).read_bytes() == kept
    assert (run.folder / kept_steps.FILE).stat().st_mode & 0o077 == 0
    assert before.shape == (40, 2)


def test_pieces_are_trained_on_and_predictions_put_together() -> None:
    run = quick(preprocessing=[halves], epochs=1)
    assert run.best.predict_proba(X).shape == (40, 2)
    each = quick(preprocessing=[{"type": halves, "merge": "none"}], epochs=1)
    assert each.last.record.digest == run.last.record.digest
    assert each.best.predict_proba(X).shape == (80, 2)
    assert len(run.partition.train) == 64
    assert run.best.examples(3)["total"] == 16


def test_every_face_tells_what_postprocessing_gives(tmp_path) -> None:
    np.save(tmp_path / "x.npy", X)
    run = quick(epochs=1, postprocessing=[{"type": "temperature", "value": 3.0}])
    plain = quick(epochs=1)
    cooler = run.best.predict_proba(X)
    assert (cooler.max(axis=1) < plain.best.predict_proba(X).max(axis=1)).all()
    assert np.array_equal(run.best.predict(X), plain.best.predict(X))
    assert run.last.record.digest == plain.last.record.digest
    answer = run.best.answer(X, probabilities=True)
    assert np.array_equal(np.array(answer["probabilities"], np.float32), cooler)
    assert answer["top"][0][0]["confidence"] == pytest.approx(cooler[0].max())
    assert run.best.predict_files(tmp_path / "x.npy")["confidence"].tolist() == pytest.approx(
        cooler.max(axis=1).tolist()
    )
    assert run.metrics().equals(plain.metrics())


def test_what_is_decided_takes_the_place_of_the_likeliest_class(tmp_path) -> None:
    np.save(tmp_path / "x.npy", X)
    run = quick(data=(X, TEXT), epochs=1, postprocessing=[{"type": "threshold", "probability": 0.0}, sure_of])
    assert run.best.predict(X).tolist() == [{"class": 1}] * 40
    answer = run.best.answer(X[:2])
    assert (answer["predictions"], answer["top"]) == ([{"class": 1}] * 2, None)
    table = run.best.predict_files(tmp_path / "x.npy")
    assert table["prediction"].tolist() == [{"class": 1}] * 40
    assert [*table.columns] == ["file", "prediction"]


def sure_of(classes):
    return np.array([{"class": int(one)} for one in classes], object)


def test_targets_that_were_scaled_come_back_in_their_unit() -> None:
    scaler = StandardScaler().fit(VALUES[:, None])
    scaled = scaler.transform(VALUES[:, None])[:, 0]
    run = quick(data=(X, scaled), epochs=1, postprocessing=[scaler])
    plain = quick(data=(X, scaled), epochs=1)
    assert run.best.predict(X) == pytest.approx(scaler.inverse_transform(plain.best.predict(X)[:, None])[:, 0])


class Locked:
    """Can't be pickled."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __deepcopy__(self, memo: Any) -> Locked:
        return Locked()

    def fit(self, inputs):
        self.mean = inputs.mean()

    def apply(self, inputs):
        return inputs - getattr(self, "mean", 0)


@pytest.mark.parametrize("key", ["preprocessing", "postprocessing"])
def test_what_cannot_be_pickled_is_said_at_once(key: str, capsys) -> None:
    run = quick(epochs=1, verbose=True, **{key: [Locked()]})
    assert f"This run can't outlive this process: {key} can't be pickled" in capsys.readouterr().err
    assert run.best.predict(X).shape == (40,) if key == "preprocessing" else run.best.predict_proba(X).shape == (40, 2)
    with pytest.raises(ConfigurationError, match=rf"executor: 'process' needs objects .* {key} can't be pickled"):
        quick(executor="process", **{key: [Locked()]})
    kept_steps._HELD.clear()
    with pytest.raises(CheckpointError, match="were only held by the process that trained it"):
        run.best.predict(X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preprocessing": [3.5j]}, "preprocessing: expected a name, a function, or an object with apply or transform"),
        ({"preprocessing": [{"type": squared, "powr": 2}]}, "'squared' can't be called with its settings: .*'powr'"),
        ({"postprocessing": [object()]}, "postprocessing: expected a name, a function, or an object with apply or"),
        ({"postprocessing": ["tempratur"]}, "Did you mean 'temperature'"),
        ({"preprocessing": "$object"}, "preprocessing: .* stands for an object of your own"),
    ],
)
def test_what_cannot_be_a_step_is_refused_before_anything_starts(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        quick(**settings)
    assert len(tal.runs()) == 0


@pytest.mark.parametrize("step", ["round", "nms"])
def test_a_chain_that_does_not_fit_the_data_ends_the_run_before_it_trains(step: str) -> None:
    """Of a loader only its first batch tells the task."""

    def batches() -> Iterator[Any]:
        yield X, Y

    with pytest.raises(TrainingFailed, match=f"'{step}' takes .*, but the model, which does classification, gives"):
        quick(data=batches, validation=False, postprocessing=[step]).wait()


def test_a_step_that_raises_shows_the_users_frames() -> None:
    def broken(inputs):
        return inputs["no"]

    run = quick(preprocessing=[broken])
    with pytest.raises(TrainingFailed, match="preprocessing: 'broken' raised IndexError"):
        run.wait()
    assert 'return inputs["no"]' in run.record.error.traceback


def test_data_is_closed_where_a_step_turns_out_not_to_suit_it(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr("dltrainer_jupyter.loop.parts.close_data", closed.append)
    run = quick(data="digits", postprocessing=["threshold"])
    with pytest.raises(TrainingFailed, match="expected the class that the threshold is for"):
        run.wait()
    assert len(closed) == 1


def test_samples_for_a_trackers_copy_of_a_model_are_prepared_and_nothing_is_fitted_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = quick(preprocessing=[StandardScaler()])
    _, _, signature = run.best.ready()
    monkeypatch.setattr(StandardScaler, "fit", lambda *_: pytest.fail("fitted anew"))
    found = models._inputs(run.record, here(run.record), signature)
    assert found.shape[1:] == X.shape[1:]
