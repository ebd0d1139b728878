from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.placement import as_batch
from dltrainer_jupyter.adapters.tensorflow.steps import Step, describe_form, read_form
from dltrainer_jupyter.checkpoints import encoding
from dltrainer_jupyter.core.protocols import Batch


class Counting:
    """Sums up each batch, and counts how often it was looked at by Python."""

    def __init__(self, *, eager: bool = False) -> None:
        self.looks = 0
        self.step = Step(self._body, nullcontext, eager=eager)

    def _body(self, batch: Batch, extra: dict[str, Any]) -> tuple[Any, ...]:
        self.looks += 1
        total = tf.add_n([tf.reduce_sum(leaf) for leaf in tf.nest.flatten(batch.inputs)])
        return total, batch.size, {key: value + total for key, value in extra.items()}

    def __call__(self, whole: Any, **extra: Any) -> tuple[float, int, dict[str, float]]:
        total, size, kept = self.step(as_batch(whole, "CPU:0"), extra)
        return float(total), int(size), {key: float(value) for key, value in kept.items()}


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def test_one_graph_for_any_number_of_samples() -> None:
    counting = Counting()
    assert counting((ones(4, 2), ones(4))) == (8, 4, {})
    assert counting((ones(3, 2), ones(3))) == (6, 3, {})
    assert counting.looks == 1


def test_where_lengths_change_one_more_graph_for_all_of_them() -> None:
    counting = Counting()
    looks = []
    for length in (5, 5, 7, 9, 5):
        assert counting((ones(2, length), ones(2)))[0] == 2 * length
        looks.append(counting.looks)
    assert looks == [1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "other", [(ones(2, 3).astype(np.float64), ones(2)), {"x": ones(2, 3)}, (ones(2, 3, 1), ones(2))]
)
def test_batches_of_another_kind_get_another_graph(other) -> None:
    counting = Counting()
    counting((ones(2, 3), ones(2)))
    assert counting(other)[0] >= 6


def test_a_graph_can_be_made_for_the_form_that_batches_had() -> None:
    before, after = Counting(), Counting()
    batches = [({"x": ones(2, length), "y": [ones(2)]}, ones(2)) for length in (5, 7)]
    for batch in batches:
        before(batch)
    described = encoding.loads(encoding.dumps(describe_form(before.step.form)))
    after.step.trace(read_form(described))
    assert [after(batch) for batch in batches] == [before(batch) for batch in batches]
    assert after.looks == 1


def test_what_a_recipe_keeps_goes_through() -> None:
    counting = Counting()
    for start in (1.0, 2.0):
        assert counting(ones(3), kept=tf.constant(start)) == (3, 3, {"kept": start + 3})
    assert counting.looks == 1


def test_what_cannot_be_traced_runs_each_time() -> None:
    counting = Counting(eager=True)
    assert [counting((ones(2, 3), ones(2)))[0] for _ in range(3)] == [6, 6, 6]
    assert counting.looks == 3
    assert counting.step.graph is None
