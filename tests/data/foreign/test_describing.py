"""What is recognised, and what a first batch says."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Subset, TensorDataset

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.foreign.recognition import is_foreign, is_pair, kind_of
from dltrainer_jupyter.data.foreign.signature import signature_of
from dltrainer_jupyter.data.foreign.structure import fingerprint, for_framework
from tests.data.foreign.material import InOrder, digits

X, Y = digits()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (DataLoader(TensorDataset(X)), "torch loader"),
        (TensorDataset(X), "torch data set"),
        (InOrder(), "torch iterable"),
        (iter([]), "generator"),
        (lambda: iter([]), "function"),
        (lambda x, y: (x, y), None),
        (Arrays(Arrays.Config()), None),
        (X, None),
        (X.numpy(), None),
        (pd.DataFrame({"a": [1]}), None),
        (array.array("f", [1.0]), None),
        (range(3), None),
        ("digits", None),
        (None, None),
    ],
)
def test_kinds(data: Any, kind: str | None) -> None:
    assert kind_of(data) == kind
    assert is_foreign(data) is (kind is not None)


def test_two_arrays_are_no_pair_of_loaders() -> None:
    assert not is_foreign((X, Y))
    assert not is_foreign((X, Y, X, Y))
    assert not is_foreign([1, 2, 3])
    assert is_foreign((InOrder(), InOrder()))


def test_a_mixture_is_no_pair_but_for_this_room_to_refuse() -> None:
    loader = DataLoader(TensorDataset(X))
    assert is_pair((loader, (X, Y)))
    for mixture in ((X, loader), (loader, X), (loader, X, Y), (loader, [1, 2])):
        assert is_foreign(mixture)
        assert not is_pair(mixture)
    # NumPy may know what to do with these.
    assert not is_foreign((X, {0: 1}.values()))


class Named(TensorDataset):
    classes = ("cat", "dog", "bird")


def describe(batch: Any, subject: Any = None, **settings: Any) -> Signature:
    return signature_of(RunSpec(model="mlp", data=Part.user_object("theirs"), **settings), batch, subject)


def test_classes_come_from_the_data_set() -> None:
    named = describe((X, Y), Subset(Named(X, Y), [0]))
    assert named == Signature("classification", (64,), 3, ("cat", "dog", "bird"))
    counted = describe((X, Y), TensorDataset(X, Y))
    assert (counted.outputs, counted.labels[-1]) == (10, "9")
    assert describe((X, Y)) == Signature("classification", (64,), 0)


def test_the_type_of_the_targets_or_the_loss_decides_about_the_task() -> None:
    assert describe((X, X[:, :2])) == Signature("regression", (64,), 2)
    assert describe((X, Y), loss="mse").task == "regression"
    assert describe((X, Y[:, None].float()), loss="bce") == Signature("classification", (64,), 1)
    assert describe((X.numpy(), Y.numpy())).task == "classification"


@pytest.mark.parametrize(
    ("batch", "what"),
    [((X, Y, Y), "a tuple of 3"), (X, r"one array of shape \(240, 64\)"), ({"x": X}, "a dict")],
)
def test_what_is_no_pair_is_refused_by_one_recipe_alone(batch: Any, what: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"expected batches of \(inputs, targets\), but .* {what};"):
        describe(batch)
    assert describe(batch, recipe="lightning").input_shape == (64,)


def test_tensors_of_other_frameworks_become_arrays() -> None:
    given = for_framework({"x": X, "y": [Y, "name"]}, "jax", copies=False)
    assert isinstance(given["x"], np.ndarray)
    assert given["y"][1] == "name"
    assert for_framework((X,), "pytorch", copies=False)[0] is X
    assert for_framework((X.bfloat16(),), "tensorflow", copies=False)[0].dtype == np.float32


def test_fingerprints_tell_batches_apart() -> None:
    assert fingerprint((X, Y)) == fingerprint((X.numpy(), Y.numpy()))
    others = [(X + 1, Y), (Y, X), (X[:-1], Y), {"x": X}, (X, Y, torch.tensor(1)), (X, Y, "a"), (X, Y, "b")]
    assert len({fingerprint(other) for other in [(X, Y), *others]}) == len(others) + 1


@pytest.mark.parametrize(
    ("inputs", "targets", "task"),
    [
        ((2, 3, 8, 9), (2, 8, 9), "segmentation"),
        ((2, 8, 9, 3), (2, 8, 9), "segmentation"),
        ((2, 3, 8, 9), (2, 9, 8), "classification"),
        ((2, 8), (2, 8), "classification"),
    ],
)
def test_a_class_for_each_pixel_is_segmentation(inputs: tuple[int, ...], targets: tuple[int, ...], task: str) -> None:
    pair = torch.zeros(inputs), torch.ones(targets, dtype=torch.int64)
    found = describe(pair, TensorDataset(*pair))
    assert (found.task, found.outputs, found.labels) == (task, 2, ("0", "1"))


def test_boxes_are_what_the_recipe_says_they_are() -> None:
    pair = torch.zeros(2, 3, 8, 9), torch.zeros(2, 4, 5)
    found = describe(pair, Named(*pair), recipe="detection")
    assert (found.task, found.outputs, found.labels) == ("detection", 3, Named.classes)
