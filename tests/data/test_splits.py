from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.splits import split


@settings(deadline=None)
@given(seed=st.integers(0, 2**63 - 1), n=st.integers(5, 200), share=st.floats(0.2, 0.8))
def test_both_parts_together_are_everything(seed: int, n: int, share: float) -> None:
    train, validation = split(seed, n, share)
    assert len(validation) == round(n * share)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(n))
    again = split(seed, n, share)
    assert np.array_equal(again[0], train)
    assert np.array_equal(again[1], validation)


def test_classes_are_divided_alike() -> None:
    classes = np.repeat([0, 1, 2], [100, 50, 10])
    train, validation = split(3, 160, 0.2, classes)
    assert np.bincount(classes[validation]).tolist() == [20, 10, 2]
    assert np.bincount(classes[train]).tolist() == [80, 40, 8]
    assert np.array_equal(split(3, 160, 0.2, classes)[0], train)
    assert not np.array_equal(split(4, 160, 0.2, classes)[1], validation)


@pytest.mark.parametrize(
    "classes",
    [
        np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),  # a class of one sample
        np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]),  # more classes than places
    ],
)
def test_what_can_not_be_divided_alike_is_divided_anyhow(classes: np.ndarray) -> None:
    train, validation = split(0, 10, 0.2, classes)
    assert (len(train), len(validation)) == (8, 2)


@pytest.mark.parametrize(("n", "share", "side"), [(2, 0.2, "validation"), (3, 0.9, "training"), (1, 0.5, "validation")])
def test_a_part_without_samples_is_refused(n: int, share: float, side: str) -> None:
    with pytest.raises(ConfigurationError, match=f"of {n} samples leaves none for {side}"):
        split(0, n, share)
