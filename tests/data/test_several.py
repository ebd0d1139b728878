from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Samples
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.measured import AsTrained
from dltrainer_jupyter.data.prepared import prepared
from dltrainer_jupyter.data.structured import are_several
from tests.several import DIGIT, IMAGE, INPUTS, META, ODD, TARGETS, N

AS_TUPLES = ((IMAGE, META), (DIGIT, ODD))


def load(*data: Any, config: Any = None, groups: Any = None, **spec: Any) -> Dataset:
    source = Arrays(validate(Arrays.Config, config or {}))
    return source.load(RunSpec(model="mlp", data="arrays", **spec), {"data": data, "groups": groups})


def parts(found: Dataset) -> tuple[Samples, Samples]:
    assert isinstance(found.train, Samples)
    assert isinstance(found.validation, Samples)
    return found.train, found.validation


# --- the structure ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [(INPUTS, TARGETS), AS_TUPLES, (INPUTS, DIGIT), (IMAGE, TARGETS)])
def test_samples_are_those_of_the_partition_in_the_structure_they_came_in(data: Any) -> None:
    found = load(*data)
    assert found.partition is not None
    for part, rows in zip(parts(found), (found.partition.train, found.partition.validation), strict=True):
        inputs, targets = part.inputs, part.targets
        assert len(part) == len(rows)
        image = inputs["image"] if isinstance(inputs, dict) else inputs[0] if isinstance(inputs, tuple) else inputs
        assert np.array_equal(image, IMAGE[rows])
        digit = targets["digit"] if isinstance(targets, dict) else targets[0] if isinstance(targets, tuple) else targets
        assert np.array_equal(digit, DIGIT[rows])
    assert type(parts(found)[0].inputs) is (type(data[0]) if data[0] is not IMAGE else np.ndarray)


def test_samples_are_copies() -> None:
    mine = {"image": IMAGE.copy(), "meta": META.copy()}
    train, _ = parts(load(mine, DIGIT))
    before = {name: array.copy() for name, array in train.inputs.items()}
    for array in mine.values():
        array[:] = 0
    assert all(np.array_equal(train.inputs[name], before[name]) for name in before)


def test_validation_arrays_are_taken_as_they_are() -> None:
    few = {name: array[:9] for name, array in INPUTS.items()}, {name: array[:9] for name, array in TARGETS.items()}
    train, validation = parts(load(INPUTS, TARGETS, *few))
    assert (len(train), len(validation)) == (N, 9)
    assert np.array_equal(validation.inputs["meta"], META[:9])
    assert np.array_equal(validation.targets["odd"], (ODD[:9] == "yes").astype(int))


def test_tables_give_their_columns_for_dividing() -> None:
    table = pd.DataFrame(META, columns=["age", "site", "size"])
    table["site"] = np.arange(N) // 5
    found = load({"image": IMAGE, "meta": table}, DIGIT, validation={"groups": "site"})
    train, validation = (set(part.inputs["meta"][:, 1].tolist()) for part in parts(found))
    assert not train & validation


def test_a_single_array_of_rows_in_a_tuple_stays_one() -> None:
    train, _ = parts(load(tuple(META), DIGIT))
    assert train.inputs.shape[1:] == (3,)


@pytest.mark.parametrize(
    ("inputs", "targets", "expected"),
    [
        ((IMAGE, META), DIGIT, (True, False)),
        ((IMAGE, META), (DIGIT, ODD), (True, True)),
        (META.tolist(), DIGIT.tolist(), (False, False)),
        (([0.0, 1.0], [1.0, 2.0]), [0, 1], (False, False)),
        # Pairs of a loader, transposed: as many rows as targets.
        (tuple(np.zeros((50, 8))), tuple(np.zeros((50, 8))), (False, False)),
    ],
)
def test_what_is_several(inputs: Any, targets: Any, expected: tuple[bool, bool]) -> None:
    assert are_several(inputs, targets) == expected


# --- what targets are ---------------------------------------------------------------------------------------


def test_each_target_is_encoded_by_itself() -> None:
    signature = load(INPUTS, TARGETS | {"size": META[:, 1]}).signature
    assert signature.target_names == ("digit", "odd", "size")
    digit, odd, size = (signature.of_target(name) for name in signature.target_names)
    assert (digit.task, digit.outputs, odd.labels, odd.encoded) == ("classification", 4, ("no", "yes"), True)
    assert (size.task, size.outputs) == ("regression", 1)
    assert signature.of_target(-1) == size


def test_a_loss_says_what_its_target_is() -> None:
    losses = [{"type": "mse", "output": "digit"}, {"type": "bce", "output": 1}]
    found = load(INPUTS, TARGETS, loss=losses)
    assert [target["task"] for target in found.signature.targets] == ["regression", "classification"]
    assert parts(found)[0].targets["odd"].shape[1:] == (1,)


def test_the_first_target_of_classes_is_divided_alike() -> None:
    _, validation = parts(load(INPUTS, {"size": META[:, 1], "digit": DIGIT}, validation={"split": 16 / N}))
    assert np.bincount(validation.targets["digit"]).tolist() == [4, 4, 4, 4]


def test_a_target_can_be_chosen_for_dividing() -> None:
    rare = np.where(np.arange(N) % 15 == 0, "rare", "common")
    found = load(INPUTS, {"digit": DIGIT, "kind": rare}, validation={"split": 0.2, "stratify": "kind"})
    assert (parts(found)[1].targets["kind"] == 1).sum() == 1


def test_classes_of_each_target_are_weighed() -> None:
    signature = load(INPUTS, TARGETS, class_weights="balanced", validation=False).signature
    counts = np.bincount(DIGIT)
    assert np.allclose(signature.targets[0]["class_weights"], N / (4 * counts))
    assert len(signature.targets[1]["class_weights"]) == 2


# --- preprocessing ------------------------------------------------------------------------------------------


def test_a_step_says_which_input_it_is_for() -> None:
    found = load(INPUTS, DIGIT, preprocessing=[{"type": "standardize", "input": "meta"}], validation=False)
    assert isinstance(found.train, Samples)
    assert np.allclose(found.train.inputs["meta"].mean(axis=0), 0, atol=1e-5)
    assert np.array_equal(found.train.inputs["image"], IMAGE)
    again = prepared(found.signature, INPUTS).inputs
    assert all(np.array_equal(again[name], found.train.inputs[name]) for name in INPUTS)


def test_a_sample_of_several_inputs_is_prepared() -> None:
    signature = load({"image": IMAGE, "token": np.arange(N)}, DIGIT).signature
    one = prepared(signature, {"token": 3, "image": IMAGE[0].tolist()}).inputs
    assert (one["image"].shape, one["token"].tolist()) == ((1, 1, 4, 4), [3])
    assert list(one) == ["image", "token"]


def test_other_data_comes_in_the_form_of_the_training() -> None:
    ready = AsTrained(load(INPUTS, TARGETS).signature)
    found = ready.samples(INPUTS, {"digit": DIGIT, "odd": np.where(np.arange(N) == 4, "perhaps", ODD)})
    assert (len(found), ready.left_out, ready.unseen) == (N - 1, 1, {"perhaps"})
    assert np.array_equal(found.inputs["meta"], np.delete(META, 4, axis=0))


# --- what is wrong ------------------------------------------------------------------------------------------

SHORT = META[:50]


@pytest.mark.parametrize(
    ("data", "spec", "message"),
    [
        (({"image": IMAGE, "meta": SHORT}, DIGIT), {}, "got 75 in input 'image' and 50 in input 'meta'."),
        ((INPUTS, {"digit": DIGIT[:50]}), {}, "got 75 in input 'image' and 50 in target 'digit'."),
        (((IMAGE, SHORT), DIGIT), {}, "got 75 in input 0 and 50 in input 1."),
        (({}, DIGIT), {}, "data: expected inputs by name, got an empty mapping."),
        (({1: IMAGE}, DIGIT), {}, "data: expected inputs whose names are strings, got 1."),
        (({"a": IMAGE, "b": [[1, 2], [3]]}, DIGIT), {}, "inputs 'b': expected rows of one length, but they differ."),
        (({"a": np.full((N, 2), np.nan)}, DIGIT), {}, "inputs 'a': 75 of 75 samples hold values that are NaN or"),
        ((INPUTS, {"digit": -DIGIT}), {}, "target 'digit': data: class numbers count from 0"),
        ((INPUTS, DIGIT, {"image": IMAGE}, DIGIT), {}, "validation inputs: expected 'image', 'meta', and 'meta' is"),
        ((INPUTS, DIGIT, IMAGE, DIGIT), {}, "validation inputs: expected a mapping with 'image', 'meta', as in"),
        ((INPUTS, TARGETS), {"loss": "mse"}, "loss: there are several targets (digit, odd); say which 'mse' compares"),
        (
            (INPUTS, TARGETS),
            {"loss": [{"type": "mse", "output": "dgit"}]},
            "loss: there is no target 'dgit'. Did you mean 'digit'? Known: digit, odd.",
        ),
        ((INPUTS, DIGIT), {"preprocessing": ["standardize"]}, "there are several inputs (image, meta); say for which"),
        (
            (INPUTS, DIGIT),
            {"preprocessing": [{"type": "standardize", "input": "mta"}]},
            "preprocessing: there is no input 'mta'. Did you mean 'meta'? Known: image, meta.",
        ),
        (
            (INPUTS, DIGIT),
            {"config": {"standardize": True}},
            "data.standardize: there are several inputs (image, ",
        ),
        (
            (META, TARGETS),
            {"preprocessing": [{"type": "standardize", "input": "meta"}]},
            "preprocessing: there is one input, so none can be chosen by 'meta'; leave input out.",
        ),
        ((INPUTS, TARGETS), {"class_weights": {"yes": 2.0}}, "class_weights: there are several targets"),
        ((INPUTS, DIGIT), {"recipe": "detection"}, "data: the recipe 'detection' takes one input"),
    ],
)
def test_what_can_not_be_trained_on_is_named(data: Any, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(*data, **spec)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"image": IMAGE}, "inputs: expected 'image', 'meta', and 'meta' is missing."),
        (INPUTS | {"further": META}, "inputs: there is no 'further'. Expected 'image', 'meta'."),
        (
            IMAGE,
            "inputs: expected a mapping with 'image', 'meta', as in training, got one array of shape (75, 1, 4, 4).",
        ),
        ({"image": IMAGE, "meta": SHORT}, "inputs: expected as many samples of each, got 75 of 'image' and 50 of"),
        (
            {"image": IMAGE, "meta": IMAGE},
            "input 'meta': expected shape (n, 3), or one sample of shape (3,); got (75, ",
        ),
        ({"image": IMAGE, "meta": [[1], [2, 3]]}, "input 'meta': expected rows of one length, but they differ."),
    ],
)
def test_what_can_not_be_predicted_is_named(raw: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        prepared(load(INPUTS, DIGIT).signature, raw)
    assert message in str(raised.value)


# --- properties ---------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(4, 40),
    shapes=st.lists(st.lists(st.integers(1, 4), max_size=2).map(tuple), min_size=1, max_size=4),
    named=st.booleans(),
    seed=st.integers(0, 9),
)
def test_samples_stay_together(n: int, shapes: list[tuple[int, ...]], named: bool, seed: int) -> None:
    """However many there are, of whatever shape: each sample's parts come from the same place."""
    numbers = np.arange(n, dtype=np.float64)
    arrays = [numbers.reshape(n, *(1,) * len(shape)) + np.zeros((n, *shape)) for shape in shapes]
    inputs: Any = {f"input {at}": array for at, array in enumerate(arrays)} if named else tuple(arrays)
    found = load(inputs, {"y": numbers}, seed=seed, validation={"split": 0.25})
    for part in parts(found):
        places = part.targets["y"][:, 0]
        for array in part.inputs.values() if named else part.inputs:
            assert np.array_equal(array, np.broadcast_to(places.reshape(-1, *(1,) * (array.ndim - 1)), array.shape))
