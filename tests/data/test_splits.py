from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.class_weights import class_weights
from dltrainer_jupyter.data.splits import divide, split


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


def asked(**validation) -> RunSpec:
    return RunSpec(model="mlp", data="x", validation=validation)


CLASSES = np.repeat([0, 1, 2], [50, 30, 20])


@pytest.mark.parametrize("grouped", [False, True])
def test_folds_together_are_everything_and_none_divides_a_group(*, grouped: bool) -> None:
    groups = np.repeat(np.arange(25), 4) if grouped else None
    found = [divide(asked(folds=5, fold=fold), 100, CLASSES, groups=groups) for fold in range(5)]
    assert np.array_equal(np.sort(np.concatenate([it.validation for it in found])), np.arange(100))
    for it in found:
        assert np.array_equal(np.sort(np.concatenate([it.train, it.validation])), np.arange(100))
        if groups is None:
            assert np.bincount(CLASSES[it.validation]).tolist() == [10, 6, 4]
        else:
            assert not set(groups[it.train]) & set(groups[it.validation])
            assert len(it.validation) == 20


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(1, 30), min_size=2, max_size=20))
def test_no_group_is_on_both_sides(seed: int, sizes: list[int]) -> None:
    groups = np.repeat([f"g{number}" for number in range(len(sizes))], sizes)
    spec = RunSpec(model="mlp", data="x", seed=seed, validation={"groups": "who"})
    found = divide(spec, len(groups), columns={"who": groups})
    assert len(found.train)
    assert len(found.validation)
    assert not set(groups[found.train]) & set(groups[found.validation])
    assert np.array_equal(divide(spec, len(groups), groups=groups).validation, found.validation)


def test_groups_are_held_back_near_the_share() -> None:
    groups = np.repeat(np.arange(100), 5)
    for seed in range(5):
        spec = RunSpec(model="mlp", data="x", seed=seed, validation={"split": 0.3, "groups": "who", "stratify": True})
        plain = spec.model_copy(update={"validation": spec.validation.model_copy(update={"stratify": None})})
        assert len(divide(plain, 500, groups=groups).validation) == 150
        assert 100 <= len(divide(spec, 500, np.arange(500) % 2, groups=groups).validation) <= 200


def test_a_column_divides() -> None:
    column = np.array(["train", "Val ", "test", "train", "validation"])
    found = divide(asked(column="part"), 5, columns={"part": column})
    assert (found.train.tolist(), found.validation.tolist()) == ([0, 3], [1, 4])
    ages = np.repeat(["old", "young"], [80, 20])
    alike = divide(asked(stratify="age"), 100, columns={"age": ages})
    assert sum(ages[alike.validation] == "young") == 4


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"groups": "wo"}, "no column 'wo'. Did you mean 'who'"),
        ({"column": "who"}, "should say train, validation or test in each row, but says '0'"),
        ({"stratify": True}, "stratify: expected classes"),
        ({"folds": 11}, "11 parts can't be made of 10 samples"),
        ({"groups": "one"}, "expected 2 groups or more, got 1"),
        ({"groups": "who", "folds": 6}, "expected 6 groups or more, got 5"),
        ({"column": "half"}, "no row says 'validation'"),
    ],
)
def test_what_can_not_be_divided_as_asked_is_refused(validation: dict, message: str) -> None:
    columns = {"who": np.arange(10) // 2, "one": np.zeros(10), "half": np.array(["train"] * 10)}
    with pytest.raises(ConfigurationError, match=message):
        divide(asked(**validation), 10, columns=columns)
    with pytest.raises(ConfigurationError, match="each class needs 2 samples or more"):
        divide(asked(stratify=True), 3, np.array([0, 0, 1]))


def test_class_weights_are_those_of_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    expected = compute_class_weight("balanced", classes=np.arange(3), y=CLASSES)
    found = class_weights("balanced", CLASSES, "classification", 3)
    assert found == tuple(expected.astype(np.float32).tolist())
    assert class_weights({"dog": 2, "0": 0.5}, CLASSES, "classification", 3, ("cat", "dog", "fox")) == (0.5, 2.0, 1.0)
    assert class_weights("balanced", np.array([[0], [0], [1.0]]), "classification", 1) == (0.75, 1.5)
    for given_weights, task, message in (
        ({"dgo": 1}, "classification", "no class 'dgo'. Did you mean 'dog'"),
        ("balanced", "regression", "regression has no classes"),
        ({"cat": 0, "dog": 0, "fox": 0}, "classification", "all weights are 0"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            class_weights(given_weights, CLASSES, task, 3, ("cat", "dog", "fox"))


def test_a_setting_that_would_not_be_heeded_is_refused() -> None:
    x, y = np.arange(20.0)[:, None], np.arange(20) % 2
    beside, alone = {"data": (x, y, x[:4], y[:4])}, {"data": (x, y)}
    arrays = Arrays(Arrays.Config())
    # Five folds of data that bring their own validation samples would be five times the same run.
    for setting in ({"folds": 5, "fold": 1}, {"stratify": True}, {"groups": "who"}):
        with pytest.raises(ConfigurationError, match=f"validation.{next(iter(setting))}: the data brings samples to"):
            arrays.load(asked(**setting), beside)
    assert arrays.load(asked(split=0.5), beside).partition.how == "validation samples given"
    with pytest.raises(ConfigurationError, match="validation.validation: this data has no place .*, got '/x.csv'"):
        arrays.load(asked(validation="/x.csv"), alone)
