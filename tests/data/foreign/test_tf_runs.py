"""Runs on a ``tf.data.Dataset`` that go on in other processes."""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_wine

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal import Run
from tests.waiting import until

STEPS = 60
"""Batches in an epoch."""


def start(executor: str) -> Run:
    x, y = load_wine(return_X_y=True)
    rows = ((x - x.mean(0)) / x.std(0)).astype(np.float32), y
    data = tf.data.Dataset.from_tensor_slices(rows).map(lambda x, y: (x + tf.random.normal([13]), y))
    return train(data.shuffle(178, seed=5).batch(12).repeat(4), epochs=2, executor=executor)


def train(data: Any, **settings: Any) -> Run:
    keras.utils.set_random_seed(3)
    net = keras.Sequential([keras.layers.Input((13,)), keras.layers.Dropout(0.2), keras.layers.Dense(3)])
    return tal.train(model=net, data=data, checkpoint={"every_seconds": 0.01}, verbose=False, **settings)


@pytest.mark.slow
def test_killed_in_mid_epoch_and_taken_up_by_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = start("thread").wait(60)
    monkeypatch.setenv("DLTRAINER_FAILPOINT", "checkpoint.committed:2")
    run = start("process")
    until(lambda: run.state not in {"pending", "running"}, timeout=90)
    assert run.state == "lost", run.record.error
    monkeypatch.delenv("DLTRAINER_FAILPOINT")
    run.resume()
    run.wait(90)
    attempts = run.store.attempts(run.id)
    assert attempts[-1].resumed_from_step % STEPS > 0
    assert len({attempt.pid for attempt in attempts} | {os.getpid()}) == 3
    assert run.last.record.digest == undisturbed.last.record.digest
    doubts = [
        event.message for one in (run, undisturbed) for event in one.store.events(one.id) if event.kind == "inexact"
    ]
    assert doubts == []
    assert [(one.record.resume, one.exact) for one in (run, undisturbed)] == [("replay", True)] * 2
    assert not [event for event in run.store.events(run.id) if event.kind == "kernel_bound"]


def test_one_that_calls_python_is_told_to_be_bound_to_this_process() -> None:
    x, y = load_wine(return_X_y=True)
    spec = tf.TensorSpec([13], tf.float32), tf.TensorSpec([], tf.int64)
    data = tf.data.Dataset.from_generator(lambda: zip(x, y, strict=True), output_signature=spec).batch(60)
    run = train(data, epochs=1).wait(60)
    told = [event.message for event in run.store.events(run.id) if event.kind == "kernel_bound"]
    assert len(told) == 1
    assert "data can't be pickled (the tf.data.Dataset calls Python functions" in told[0]
