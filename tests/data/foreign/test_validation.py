"""Arrays to validate on beside a loader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.foreign.validation import samples_beside
from tests.data.foreign.material import digits

X, Y = (part.numpy() for part in digits())


def test_they_get_the_type_and_axes_of_the_batches() -> None:
    samples = samples_beside((X[:4], Y[:4]), (X.astype(np.float64), Y[:, None].astype(np.float32)))
    assert (samples.inputs.dtype, samples.targets.dtype, samples.targets.shape) == (X.dtype, Y.dtype, Y.shape)
    assert np.array_equal(samples.targets, Y)
    values = samples_beside((X[:4].astype(np.float64), X[:4, :1]), (X, X[:, 0].tolist()))
    assert (values.inputs.dtype, values.targets.shape) == (np.float32, (240, 1))


def test_they_are_copies() -> None:
    x = X.copy()
    samples = samples_beside((X, Y), (x, Y))
    x[:] = 0
    assert np.array_equal(samples.inputs, X)


@pytest.mark.parametrize(
    ("batch", "arrays", "message"),
    [
        ({"x": X}, (X, Y), "this one gives a dict; let a loader give what to validate on, too"),
        ((X, Y), (X, Y[:-1]), "got 240 inputs and 239 targets"),
        ((X, Y), (X[:0], Y[:0]), "got 0 inputs and 0 targets"),
        ((X, Y), (X.reshape(-1, 8, 8), Y), r"validation inputs: expected 2 axes, .* got shape \(240, 8, 8\)"),
        ((X, Y), (X, Y.astype(str)), "validation targets: expected int64, .* got <U.*encode them as the loader does"),
        ((X, Y), (X, Y + 0.5), "validation targets: expected int64, .* got float64"),
        ((X, Y), (X * np.nan, Y), "validation inputs: 240 of 240 samples hold values that are NaN"),
    ],
)
def test_what_does_not_go_with_the_batches_is_refused(batch: Any, arrays: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        samples_beside(batch, arrays)
