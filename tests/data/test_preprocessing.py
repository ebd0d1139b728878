from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.data.prepared import prepared
from dltrainer_jupyter.data.preprocessing import apply_chain, describe_chain, fit_chain, load_chain
from dltrainer_jupyter.data.steps import RawInput, Reshape, Scale, Standardize

IMAGES = (RawInput(((64,), (8, 8)), "float32"), Scale(16.0), Reshape((1, 8, 8)))


def plain(steps) -> list[dict]:
    """As it comes back from a database."""
    return json.loads(json.dumps([step.to_dict() for step in steps]))


def test_a_chain_survives_being_written_down() -> None:
    inputs = np.random.default_rng(0).normal(3, 2, (50, 4)).astype(np.float32)
    fitted, transformed = fit_chain((RawInput(((4,),), "float32"), Scale(3.0), Standardize()), inputs)
    assert load_chain(plain(fitted)) == fitted
    assert np.array_equal(apply_chain(plain(fitted), inputs), transformed)
    assert transformed.dtype == np.float32


@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist, torch.from_numpy, pd.DataFrame])
def test_every_kind_of_raw_input_gives_the_same(convert) -> None:
    raw = np.arange(128, dtype=np.float64).reshape(2, 64)
    assert np.array_equal(apply_chain(plain(IMAGES), convert(raw)), (raw / 16).reshape(2, 1, 8, 8).astype(np.float32))


@pytest.mark.parametrize(("shape", "expected"), [((5, 64), 5), ((5, 8, 8), 5), ((64,), 1), ((8, 8), 1), ((0, 64), 0)])
def test_batches_and_single_samples_fit(shape: tuple[int, ...], expected: int) -> None:
    assert apply_chain(plain(IMAGES), np.ones(shape)).shape == (expected, 1, 8, 8)


@pytest.mark.parametrize(("shape", "found"), [((3, 65), "(3, 65)"), ((65,), "(65,)"), ((2, 3, 8, 8), "(2, 3, 8, 8)")])
def test_what_does_not_fit_is_refused_with_both_shapes(shape: tuple[int, ...], found: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        apply_chain(plain(IMAGES), np.ones(shape))
    assert str(caught.value) == (
        "inputs: expected shape (n, 64) or (n, 8, 8), or one sample of shape (64,) or (8, 8); got " + found + "."
    )


def test_standardize_measures_each_feature() -> None:
    inputs = np.random.default_rng(0).normal([0, 100, -5], [1, 10, 0.1], (1000, 3)).astype(np.float32)
    found = Standardize().fit(inputs).apply(inputs)
    assert found.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-4)
    assert found.std(axis=0) == pytest.approx([1, 1, 1], rel=1e-4)


def test_standardize_measures_images_as_a_whole() -> None:
    step = Standardize().fit(np.arange(32, dtype=np.float32).reshape(2, 1, 4, 4))
    assert step.mean == (15.5,)
    assert step.describe() == "standardize all values by the training mean and deviation"


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -3.3])
def test_a_feature_that_does_not_vary_is_only_centred(value: float) -> None:
    inputs = np.full((100, 1), value, dtype=np.float32)
    assert np.abs(Standardize().fit(inputs).apply(inputs)).max() <= abs(value) * 1e-6


def test_whole_numbers_stay_whole() -> None:
    chain = plain((RawInput(((3,),), "int64"),))
    assert apply_chain(chain, [[1.0, 2.0, 3.0]]).dtype == np.int64
    with pytest.raises(ConfigurationError, match="expected whole numbers, as in training, got fractions"):
        apply_chain(chain, [[1.5, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([[1.0, np.nan]], "inputs: 1 of 1 samples hold values that are NaN or infinite"),
        ([[1.0, 2.0], [1e39, 0.0]], r"1 of 2 samples .* \(the first is sample 1\)"),
        ([["a", "b"]], "inputs: expected numbers, got <U1"),
    ],
)
def test_values_that_are_no_numbers_are_refused(raw, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        apply_chain(plain((RawInput(((2,),), "float32"),)), raw)


def test_infinities_of_both_signs_do_not_cancel() -> None:
    with pytest.raises(ConfigurationError, match="2 of 2 samples"):
        apply_chain(plain((RawInput(((1,),), "float32"),)), [[np.inf], [-np.inf]])


def test_what_comes_out_can_be_written_to() -> None:
    raw = np.zeros((2, 3), dtype=np.float32)
    raw.flags.writeable = False
    assert apply_chain(plain((RawInput(((3,),), "float32"),)), raw).flags.writeable


def test_each_step_describes_itself_in_one_line() -> None:
    assert describe_chain(plain(IMAGES)) == [
        "take (64,) or (8, 8) as float32",
        "divide by 16",
        "reshape to (1, 8, 8)",
    ]


def test_a_step_of_a_later_version_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown preprocessing step 'scal'\. Did you mean 'scale'"):
        load_chain([{"type": "scal"}])


def test_rows_of_a_table_may_come_by_name_in_any_order() -> None:
    steps = [{"type": "input", "shapes": [[2]], "dtype": "float32"}]
    signature = Signature("regression", (2,), 1, preprocessing=tuple(steps), raw={"features": ["a", "b"]})
    expected = [[1.0, 2.0]]
    for rows in (
        {"a": 1, "b": 2},
        [{"b": 2, "a": 1, "c": 9}],
        pd.DataFrame({"b": [2], "c": [9], "a": [1]}),
        pd.DataFrame({"one": [1], "other": [2]}),
        [1, 2],
    ):
        assert prepared(signature, rows).inputs.tolist() == expected
    with pytest.raises(ConfigurationError, match="expected a column 'a', as in training, got none"):
        prepared(signature, pd.DataFrame({"b": [2], "c": [9]}))
    with pytest.raises(ConfigurationError, match="a value of 'b', as in training, got none. Did you mean 'bb'"):
        prepared(signature, {"a": 1, "bb": 2})
