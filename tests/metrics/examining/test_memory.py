"""An examiner's memory doesn't grow with the set."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.metrics.examining.classification import ClassExaminer
from dltrainer_jupyter.metrics.examining.kept import Kept
from dltrainer_jupyter.metrics.examining.regression import ValueExaminer

_MIB = 2**20


@pytest.mark.slow
def test_a_long_stream_of_a_thousand_classes_takes_no_more_than_is_said() -> None:
    """Of the bound's 16,777 examples first all scores are kept, then bins; the peak is where one becomes the other."""
    classes, size, rng = 1000, 500, np.random.default_rng(0)
    outputs = rng.standard_normal((size, classes)).astype(np.float32)
    examiner = ClassExaminer(Signature("classification", (3,), classes), Kept(0, 5000))
    peaks = []
    tracemalloc.start()
    for _ in range(3):
        for _ in range(20):
            examiner.update(outputs, rng.integers(0, classes, size), [size])
        peaks.append(tracemalloc.get_traced_memory()[1] / _MIB)
        tracemalloc.reset_peak()
    examiner.summary()
    examiner.examples()
    peaks.append(tracemalloc.get_traced_memory()[1] / _MIB)
    held = tracemalloc.get_traced_memory()[0] / _MIB
    tracemalloc.stop()
    assert max(peaks) < 120
    assert peaks[2] < 45
    assert peaks[3] < 45
    assert held < 25


@pytest.mark.slow
def test_a_long_stream_of_values_takes_no_more_than_is_said() -> None:
    values = np.zeros((2**20, 1), np.float32)
    examiner = ValueExaminer(Signature("regression", (3,), 1), Kept(0, 5000))
    peaks = []
    tracemalloc.start()
    for _ in range(40):
        examiner.update(values, values, [len(values)])
        peaks.append(tracemalloc.get_traced_memory()[1] / _MIB)
        tracemalloc.reset_peak()
    held = tracemalloc.get_traced_memory()[0] / _MIB
    tracemalloc.stop()
    assert max(peaks) < 64 + 100
    assert peaks[-1] < 100
    assert held < 2
