"""Runs on a ``tf.data.Dataset`` that go on in other processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_wine

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal import Run
from tests.waiting import until


@keras.saving.register_keras_serializable()
class Leaving(keras.layers.Layer):
    """Suspends the run of its process at its fourth step in training, unless a file says that it has."""

    def __init__(self, done: Path) -> None:
        super().__init__()
        self.done = str(done)
        self.left = 4

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            tf.py_function(self.count, [], [])
        return x

    def count(self) -> None:
        self.left -= 1
        if self.left <= 0 and not Path(self.done).exists():
            Path(self.done).touch()
            os.kill(os.getpid(), signal.SIGTERM)


def start(done: Path, executor: str) -> Run:
    x, y = load_wine(return_X_y=True)
    rows = ((x - x.mean(0)) / x.std(0)).astype(np.float32), y
    data = tf.data.Dataset.from_tensor_slices(rows).map(lambda x, y: (x + tf.random.normal([13]), y))
    keras.utils.set_random_seed(3)
    net = keras.Sequential([keras.layers.Input((13,)), Leaving(done), keras.layers.Dense(3)])
    return tal.train(
        model=net,
        data=data.shuffle(178, seed=5).batch(12),
        epochs=2,
        executor=executor,
        verbose=False,
    )


def test_left_in_mid_epoch_by_one_process_and_taken_up_by_another(tmp_path: Path) -> None:
    (tmp_path / "never").touch()
    undisturbed = start(tmp_path / "never", "thread").wait(60)
    run = start(tmp_path / "left", "process")
    until(lambda: run.state not in {"pending", "running"}, timeout=90)
    assert run.state == "suspended", run.record.error
    assert 0 < run.step % 15 < 14, "in the middle of the first epoch, or of the second"
    run.resume()
    run.wait(90)
    assert len({attempt.pid for attempt in run.store.attempts(run.id)} | {os.getpid()}) == 3
    assert run.last.record.digest == undisturbed.last.record.digest
    assert [(one.record.resume, one.exact) for one in (run, undisturbed)] == [("replay", True)] * 2
    assert not [event for event in run.store.events(run.id) if event.kind == "kernel_bound"]


def test_one_that_calls_python_is_told_to_be_bound_to_this_process() -> None:
    x, y = load_wine(return_X_y=True)
    spec = tf.TensorSpec([13], tf.float32), tf.TensorSpec([], tf.int64)
    data = tf.data.Dataset.from_generator(lambda: zip(x, y, strict=True), output_signature=spec).batch(60)
    net = keras.Sequential([keras.layers.Input((13,)), keras.layers.Dense(3)])
    run = tal.train(model=net, data=data, epochs=1, verbose=False).wait(60)
    told = [event.message for event in run.store.events(run.id) if event.kind == "kernel_bound"]
    assert len(told) == 1
    assert "data can't be pickled (the tf.data.Dataset calls Python functions" in told[0]
