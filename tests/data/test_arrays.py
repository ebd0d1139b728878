from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.preprocessing import apply_chain

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = np.arange(40) % 4


def load(*data, config=None, **spec):
    source = Arrays(validate(Arrays.Config, config or {}))
    return source.load(RunSpec(model="mlp", data="arrays", **spec), {"data": data})


@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist, torch.from_numpy])
def test_arrays_tensors_and_lists_give_the_same(convert) -> None:
    expected, found = load(X, Y), load(convert(X), convert(Y))
    assert found.signature == expected.signature
    assert np.array_equal(found.train.inputs, expected.train.inputs)
    assert np.array_equal(found.validation.targets, expected.validation.targets)


def test_a_quarter_of_each_class_is_held_back() -> None:
    found = load(X, Y, validation={"split": 0.25})
    assert sorted(np.bincount(found.validation.targets).tolist()) == [2, 2, 3, 3]
    rows = {row.tobytes() for row in np.concatenate([found.train.inputs, found.validation.inputs])}
    assert rows == {row.tobytes() for row in X.astype(np.float32)}


def test_the_split_follows_the_seed() -> None:
    first, again, other = load(X, Y, seed=1), load(X, Y, seed=1), load(X, Y, seed=2)
    assert np.array_equal(first.validation.inputs, again.validation.inputs)
    assert not np.array_equal(first.validation.inputs, other.validation.inputs)


def test_inputs_and_targets_stay_together() -> None:
    found = load(np.arange(100.0)[:, None], np.arange(100.0))
    assert np.array_equal(found.train.inputs, found.train.targets)
    assert np.array_equal(found.validation.inputs, found.validation.targets)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float64", "float32"), ("float16", "float32"), ("bool", "float32"), ("uint8", "float32"), ("int32", "int64")],
)
def test_whole_numbers_wider_than_a_byte_stay_whole(dtype: str, expected: str) -> None:
    found = load(np.ones((40, 3), dtype=dtype), Y)
    assert found.train.inputs.dtype == expected
    assert apply_chain(found.signature.preprocessing, np.ones((1, 3), dtype=dtype)).dtype == expected


def test_whole_numbers_become_floats_on_request() -> None:
    tokens = np.arange(120).reshape(40, 3)
    assert load(tokens, Y, config={"inputs": "float32"}).train.inputs.dtype == np.float32
    assert load(tokens, Y, config={"standardize": True}).train.inputs.dtype == np.float32
    assert load(tokens, Y, config={"scale": 2}, validation=False).train.inputs[1].tolist() == [1.5, 2.0, 2.5]


def test_preprocessing_is_fitted_to_the_training_part_only() -> None:
    found = load(X, Y, X[:8] + 1000, Y[:8], config={"standardize": True})
    assert found.train.inputs.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    assert found.validation.inputs.min() > 100
    assert np.array_equal(apply_chain(found.signature.preprocessing, X), found.train.inputs)


def test_given_validation_data_is_taken_as_it_is() -> None:
    found = load(X, Y, X[:5], Y[:5])
    assert (len(found.train), len(found.validation)) == (40, 5)
    assert np.array_equal(found.validation.targets, Y[:5])


def test_classes_are_counted_over_both_parts() -> None:
    assert load(X, Y, X[:2], np.array([7, 0])).signature.outputs == 8
    text = load(X, Y.astype(str), X[:2], np.array(["z", "0"])).signature
    assert (text.labels, text.encoded) == (("0", "1", "2", "3", "z"), True)


def test_validation_false_trains_on_everything() -> None:
    for data in [(X, Y), (X, Y, X, Y)]:
        found = load(*data, validation=False)
        assert (len(found.train), found.validation) == (40, None)


@pytest.mark.parametrize("validation", [False, {"split": 0.5}])
def test_a_run_holds_copies(validation) -> None:
    inputs, targets = X.astype(np.float32), Y.astype(np.int64)
    found = load(inputs, targets, validation=validation)
    kept = found.train.inputs.copy(), found.train.targets.copy()
    inputs[:], targets[:] = 0, 0
    assert np.array_equal(found.train.inputs, kept[0])
    assert np.array_equal(found.train.targets, kept[1])


def test_a_run_holds_copies_of_given_validation_tensors() -> None:
    inputs, targets = torch.ones(6, 2), torch.tensor([0, 1] * 3)
    found = load(inputs, targets, inputs, targets)
    inputs.zero_()
    targets.zero_()
    assert found.train.inputs.min() == found.validation.inputs.min() == 1
    assert found.train.targets.tolist() == found.validation.targets.tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize("validation", [False, {"split": 0.5}])
def test_samples_lie_in_memory_as_frameworks_like_it(validation) -> None:
    frame = pd.DataFrame(np.asfortranarray(X.astype(np.float32)))
    found = load(frame, pd.Series(Y), validation=validation)
    assert found.train.inputs.flags.c_contiguous
    assert found.train.inputs.flags.writeable
    assert found.train.targets.flags.writeable


def test_the_loss_decides_where_targets_can_not() -> None:
    assert load(X, Y).signature.task == "classification"
    assert load(X, Y, loss="mse").signature.task == "regression"
    binary = load(X, Y % 2, loss="bce")
    assert (binary.signature.task, binary.signature.outputs, binary.signature.labels) == (
        "classification",
        1,
        ("0", "1"),
    )
    assert binary.train.targets.shape == (32, 1)
    # A loss of one's own says nothing about the targets.
    assert load(X, Y, loss={"type": "$object", "is": "mse"}).signature.task == "classification"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((X,), "a loader or a data set, got 1 objects"),
        ((X, Y, X), "got 3 objects"),
        ((X, Y[:39]), "there are 40 inputs and 39 targets"),
        ((X, Y, X[:3], Y[:2]), "there are 3 validation inputs and 2 targets"),
        ((X[:0], Y[:0]), "expected samples, but the data set is empty"),
        ((X, Y, X[:0], Y[:0]), "expected validation samples, but the data set is empty"),
        ((X[:, 0], Y), r"got shape \(40,\); for a single feature pass x\.reshape\(-1, 1\)"),
        ((X[:, :0], Y), r"inputs hold no values: their shape is \(40, 0\)"),
        ((X, Y, X[:5, :2], Y[:5]), r"samples of one shape; got \(3,\) and \(2,\)"),
        ((X, Y, X[:5], Y[:5].astype(str)), "both as text or both as numbers"),
        ((X, Y - 1), "the smallest target is -1"),
        ((np.where(np.arange(40)[:, None] == 17, np.nan, X), Y), r"inputs: 1 of 40 samples .*the first is sample 17"),
        ((X, np.where(np.arange(40) == 39, np.nan, 1.0)), r"targets: 1 of 40 samples .*the first is sample 39"),
        ((X, Y, np.full((2, 3), np.inf), Y[:2]), "validation inputs: 2 of 2 samples"),
        ((np.full((40, 3), 1e39), Y), "inputs: 32 of 32 samples"),
        ((np.full((40, 3), "a"), Y), "inputs: expected numbers, got <U1"),
    ],
)
def test_bad_data_is_refused_with_its_cure(data, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load(*data)


def test_anything_but_a_tuple_is_refused() -> None:
    source, spec = Arrays(Arrays.Config()), RunSpec(model="mlp", data="arrays")
    with pytest.raises(ConfigurationError, match="got ndarray"):
        source.load(spec, {"data": X})
    with pytest.raises(ConfigurationError, match="got NoneType"):
        source.load(spec, {})
