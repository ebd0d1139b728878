"""Through the public interface: own modules, every executor, and what people do to a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flax import nnx

from dltrainer_jupyter import tal
from tests.halfway import held_at_call
from tests.waiting import until

if TYPE_CHECKING:
    import jax


class Small(nnx.Module):
    """Dropout, BatchNorm, and weights of its own."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.entry = nnx.Linear(64, 32, rngs=rngs)
        self.norm = nnx.BatchNorm(32, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.head = nnx.Linear(32, 10, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.head(self.dropout(nnx.relu(self.norm(self.entry(x.reshape(len(x), -1))))))


def settings(epochs: int) -> dict[str, Any]:
    return {
        "model": Small(nnx.Rngs(3)),
        "data": "digits",
        "epochs": epochs,
        "optimizer": "adamw",
        "scheduler": "cosine",
        "metrics": ["accuracy"],
        "ema": 0.95,
        "gradient_accumulation": 2,
        "verbose": False,
    }


@pytest.mark.slow
def test_an_own_module_paused_suspended_and_moved_to_a_process_ends_as_if_undisturbed() -> None:
    undisturbed = tal.train(executor="inline", **settings(40)).wait()
    with held_at_call(5) as there:
        run = tal.train(executor="thread", **settings(40))
        assert there.wait(60)
        run.pause()
    assert run.spec.framework == "jax"
    until(lambda: run.state == "paused")
    at = run.step
    assert at > 5
    with held_at_call(1) as there:
        run.resume()
        assert there.wait(60)
        run.suspend()
    until(lambda: run.state == "suspended")
    assert run.step < undisturbed.step
    run.resume(executor="process")
    run.wait()
    assert (run.state, run.exact) == ("completed", True)
    assert run.last.record.digest == undisturbed.last.record.digest
    assert run.metrics().equals(undisturbed.metrics())
    assert run.metrics()["val_accuracy"].max() > 0.93


@pytest.mark.slow
def test_a_cnn_by_name_learns_digits_while_its_rate_is_changed() -> None:
    run = tal.train(
        model="cnn", data="digits", framework="jax", epochs=60, metrics=["accuracy"], executor="thread", verbose=False
    )
    until(lambda: run.step > 5, 60)
    assert run.set(learning_rate=2e-4).wait(60).status == "done"
    until(lambda: run.epoch > 10, 100)
    run.stop()
    run.wait()
    history = run.metrics()
    assert history["val_accuracy"].max() > 0.97
    assert history["learning_rate"].iloc[-1] == 2e-4
    images = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    probabilities = run.best.predict_proba(16 * images)
    np.testing.assert_allclose(probabilities, nnx.softmax(run.best.model()(images)), rtol=1e-4)
