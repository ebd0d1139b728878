from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.targets import encode


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_whole_numbers_are_their_own_class(dtype: type) -> None:
    found = encode(np.array([0, 3, 1], dtype=dtype))
    assert (found.task, found.outputs, found.encoded) == ("classification", 4, False)
    assert found.labels == ("0", "1", "2", "3")
    assert found.values.dtype == np.int64
    assert found.values.tolist() == [0, 3, 1]


def test_a_column_of_classes_is_a_series() -> None:
    assert encode(np.array([[0], [1]])).values.shape == (2,)


def test_classes_for_each_position_keep_their_shape() -> None:
    found = encode(np.array([[0, 1, 2], [2, 1, 0]]))
    assert (found.values.shape, found.outputs) == ((2, 3), 3)


def test_truth_values_are_two_classes() -> None:
    found = encode(np.array([True, False]))
    assert (found.values.tolist(), found.labels, found.outputs) == ([1, 0], ("False", "True"), 2)


def test_text_is_encoded_by_sorted_labels() -> None:
    found = encode(np.array(["dog", "ant", "dog", "cat"]))
    assert (found.labels, found.encoded, found.outputs) == (("ant", "cat", "dog"), True, 3)
    assert found.values.tolist() == [2, 0, 2, 1]


def test_many_classes_are_not_written_out() -> None:
    found = encode(np.arange(1500))
    assert (found.outputs, found.labels) == (1500, ())


@pytest.mark.parametrize(
    ("shape", "expected", "outputs"), [((4,), (4, 1), 1), ((4, 3), (4, 3), 3), ((4, 2, 3), (4, 2, 3), 6)]
)
def test_floats_are_values(shape: tuple[int, ...], expected: tuple[int, ...], outputs: int) -> None:
    found = encode(np.linspace(0, 1, int(np.prod(shape))).reshape(shape))
    assert (found.task, found.values.shape, found.outputs, found.labels) == ("regression", expected, outputs, ())
    assert found.values.dtype == np.float32


@pytest.mark.parametrize("loss", ["mse", "huber"])
@pytest.mark.parametrize("values", [np.array([1, 5, -2]), np.array([True, False, True])])
def test_a_regression_loss_makes_values_of_whole_numbers(loss: str, values: np.ndarray) -> None:
    found = encode(values, loss)
    assert (found.task, found.values.shape, found.values.dtype) == ("regression", (3, 1), np.float32)
    assert found.values[:, 0].tolist() == values.astype(float).tolist()


@pytest.mark.parametrize(
    "values", [np.array([0, 1, 1]), np.array([[0], [1], [1]]), np.array([0.0, 1.0, 1.0]), np.array([False, True, True])]
)
def test_bce_gives_one_column_of_zeros_and_ones(values: np.ndarray) -> None:
    found = encode(values, "bce")
    assert (found.task, found.outputs, len(found.labels), found.encoded) == ("classification", 1, 2, False)
    assert found.values.dtype == np.float32
    assert found.values.tolist() == [[0.0], [1.0], [1.0]]


def test_bce_encodes_two_labels() -> None:
    found = encode(np.array(["yes", "no"]), "bce")
    assert (found.values.tolist(), found.labels, found.encoded) == ([[1.0], [0.0]], ("no", "yes"), True)


def test_cross_entropy_reads_whole_floats_as_classes() -> None:
    found = encode(np.array([0.0, 2.0, 1.0]), "cross_entropy")
    assert (found.task, found.outputs, found.values.tolist()) == ("classification", 3, [0, 2, 1])


@pytest.mark.parametrize(
    ("values", "loss", "message"),
    [
        (np.array([0, -1, 1]), None, "the smallest target is -1"),
        (np.array([0, 0]), None, "every target is 0"),
        (np.array(["a", "a"]), None, "every target is 'a'"),
        (np.array([250_000, 300_000]), None, "the largest is 300,000 with 2 targets; for regression pass floats"),
        (
            np.array([0.5, np.nan, np.inf]),
            None,
            r"targets: 2 of 3 samples .* NaN or infinite \(the first is sample 1\)",
        ),
        (np.array([1e300, 0.0]), None, "1 of 2 samples"),
        (np.array(["a", "b"]), "mse", "'mse' needs numbers as targets, got text such as 'a'"),
        (np.array([["a", "b"]]), None, r"one label a sample, shape \(n,\); got \(1, 2\)"),
        (np.array([0, 1, 2]), "bce", "0 and 1, but the targets hold class numbers up to 2"),
        (np.array(["a", "b", "c"]), "bce", "the targets hold 3 labels"),
        (np.array([[0, 1], [1, 0]]), "bce", r"one 0 or 1 a sample, shape \(n,\) or \(n, 1\); got \(2, 2\)"),
        (np.array([0.0, 0.5]), "bce", "got 0.5"),
        (np.array([0.0, 1.5]), "cross_entropy", "got 1.5"),
        (np.eye(3), "cross_entropy", r"For one-hot rows pass y\.argmax\(axis=1\)"),
        (np.array([1j, 2j]), None, "got complex128"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), None, "got datetime64"),
    ],
)
def test_targets_nothing_can_be_learnt_from_are_refused(values: np.ndarray, loss: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        encode(values, loss)
