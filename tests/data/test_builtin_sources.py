from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn import datasets

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import DataSource
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.data.tabular import BreastCancer, Diabetes, Wine

SOURCES = {
    Digits: (datasets.load_digits, 1797, (1, 8, 8), 10, "classification"),
    Wine: (datasets.load_wine, 178, (13,), 3, "classification"),
    BreastCancer: (datasets.load_breast_cancer, 569, (30,), 2, "classification"),
    Diabetes: (datasets.load_diabetes, 442, (10,), 1, "regression"),
}


def load(source: type, **spec):
    return source(source.Config()).load(RunSpec(model="mlp", data="x", **spec), {})


@pytest.mark.parametrize("source", SOURCES)
def test_real_data_comes_ready_to_train_on(source: type) -> None:
    fetch, count, shape, outputs, task = SOURCES[source]
    found = load(source)
    assert (found.signature.input_shape, found.signature.outputs, found.signature.task) == (shape, outputs, task)
    assert len(found.train) + len(found.validation) == count
    assert len(found.validation) == round(count * 0.2)
    assert found.train.inputs.shape == (len(found.train), *shape)
    assert found.train.inputs.dtype == np.float32
    assert source.task == (task,)
    raw = fetch(return_X_y=True)[0]
    everything = load(source, validation=False)
    assert np.array_equal(apply_chain(everything.signature.preprocessing, raw), everything.train.inputs)


@pytest.mark.parametrize("source", SOURCES)
def test_loading_is_a_pure_function_of_the_seed(source: type) -> None:
    first, again, other = load(source, seed=5), load(source, seed=5), load(source, seed=6)
    assert first.signature == again.signature
    for part in ("train", "validation"):
        assert getattr(first, part).inputs.tobytes() == getattr(again, part).inputs.tobytes()
        assert getattr(first, part).targets.tobytes() == getattr(again, part).targets.tobytes()
    assert first.train.inputs.tobytes() != other.train.inputs.tobytes()


def test_digits_take_rows_and_images() -> None:
    chain = load(Digits).signature.preprocessing
    rows, images = datasets.load_digits().data[:7], datasets.load_digits().images[:7]
    assert np.array_equal(apply_chain(chain, rows), apply_chain(chain, images))
    assert apply_chain(chain, images[0]).shape == (1, 1, 8, 8)
    assert apply_chain(chain, rows).max() == 1.0


def test_each_digit_is_held_back_alike() -> None:
    found = load(Digits)
    counts = np.bincount(found.validation.targets)
    assert counts.min() >= 34
    assert counts.max() <= 37


def test_tables_are_standardized_unless_told_otherwise() -> None:
    assert load(Wine).train.inputs.std(axis=0) == pytest.approx(np.ones(13), rel=1e-4)
    raw = Wine(Wine.Config(standardize=False)).load(RunSpec(model="mlp", data="wine"), {})
    assert raw.train.inputs.max() > 1000
    assert [step["type"] for step in raw.signature.preprocessing] == ["input"]


def test_classes_carry_their_names() -> None:
    assert load(BreastCancer).signature.labels == ("malignant", "benign")
    assert load(BreastCancer, loss="bce").signature.labels == ("malignant", "benign")
    assert load(BreastCancer, loss="mse").signature.labels == ()
    assert load(Digits).signature.labels == tuple("0123456789")
    assert load(Diabetes).signature.labels == ()


def test_bce_tells_two_classes_apart() -> None:
    found = load(BreastCancer, loss="bce")
    assert (found.signature.outputs, found.train.targets.shape, found.train.targets.dtype) == (1, (455, 1), np.float32)
    with pytest.raises(ConfigurationError, match="class numbers up to 9; use cross_entropy"):
        load(Digits, loss="bce")


@pytest.mark.parametrize("source", [*SOURCES, Arrays])
def test_a_source_is_a_part_as_every_other(source: type) -> None:
    assert source.description.endswith(".")
    built: DataSource = source(source.Config())
    assert callable(built.load)
    schema = source.Config.model_json_schema()
    assert all(field["description"] for field in schema["properties"].values())
    with pytest.raises(ValidationError, match="Extra inputs"):
        source.Config(standardise=True)
    json.dumps(load(source).signature.preprocessing if source is not Arrays else [])
