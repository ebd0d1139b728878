"""What can be wrong with what a person hands over, found before anything starts."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.tal.own_objects import in_few_words
from tests.tal.subject import SMALL, TEXT, VALUES, X, Y, net, quick


def error_of(**given: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        tal.describe({"model": "mlp", "data": "digits", **given})
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"model": "cn"},
            (
                "Unknown model 'cn'. Did you mean 'cnn'? Known: cnn, detector, lstm, "
                "mlp, mobilenet_v2, resnet, stack, transformer, unet, vit, vit-tiny."
            ),
        ),
        ({"data": "digit"}, "Unknown data set 'digit'. Did you mean 'digits'?"),
        ({"optimizer": "adm"}, "Unknown optimizer 'adm'. Did you mean 'adam'?"),
        ({"loss": "crossentropy"}, "Unknown loss 'crossentropy'. Did you mean 'cross_entropy'?"),
        ({"metrics": ["acuracy"]}, "Unknown metric 'acuracy'. Did you mean 'accuracy'?"),
        ({"scheduler": "cosin"}, "Unknown scheduler 'cosin'. Did you mean 'cosine'?"),
        ({"executor": "tread"}, "Unknown executor 'tread'. Did you mean 'thread'?"),
        ({"framework": "torch"}, "Unknown framework 'torch'. Did you mean 'pytorch'?"),
        ({"recipe": "supervisd"}, "Unknown recipe 'supervisd'. Did you mean 'supervised'?"),
        ({"monitor": "val_acc", "metrics": ["accuracy"]}, "Unknown monitored metric 'val_acc'. Did you mean 'val_accu"),
        (
            {"monitor": "val_loss", "validation": False},
            "Unknown monitored metric 'val_loss'. Did you mean 'train_loss'",
        ),
        ({"epoch": 3}, "Unknown key 'epoch'. Did you mean 'epochs'?"),
        ({"epochs": "many"}, "epochs: expected a whole number, got 'many'."),
        ({"validation": 1.5}, "validation.split: expected less than 1, got 1.5."),
        ({"model": {"type": "mlp", "hiden": [3]}}, "Unknown key 'model.hiden'. Did you mean 'hidden'?"),
        ({"model": {"type": "mlp", "hidden": "x"}}, "model.hidden: expected a list, got 'x'."),
        ({"optimizer": {"type": "sgd", "momentum": 2}}, "optimizer.momentum: expected less than 1, got 2."),
        (
            {"model": "$object"},
            "model: '$object' stands for an object of your own, which has to be handed over from Py",
        ),
        ({"track": ["mlflw"]}, "Unknown tracker 'mlflw'. Did you mean 'mlflow'?"),
        ({"data": {"x": X}}, "data: expected a name or a mapping with a 'type', got {'x': array([["),
        ({"scheduler": object}, "scheduler: expected an object, got the class object; pass what it makes: object(…)."),
        ({"validation": (X, Y)}, "validation: arrays (x_val, y_val) go with data=(x, y); for other data give a share"),
        ({"data": (X, Y), "validation": (X,)}, "validation: arrays (x_val, y_val) go with data=(x, y)"),
        ({"recipe": Part}, "recipe: expected an object with build, train_step and eval_step, got <class '"),
        ({"recipe": print}, "recipe: expected an object with build, train_step and eval_step, got <built-in"),
        ({"precision": "bf16"}, "precision: expected '32-true', 'bf16-mixed' or '16-mixed', got 'bf16'."),
        ({"on_nan": "ignore"}, "on_nan: expected 'stop', 'skip' or 'continue', got 'ignore'."),
        ({"checkpoint": {"keep": 1}}, "checkpoint.keep: expected greater than or equal to 2, got 1."),
    ],
)
def test_a_wrong_setting_is_one_clear_line(given: dict[str, Any], expected: str) -> None:
    assert error_of(**given).startswith(expected)


def _batches() -> Iterator[Any]:
    yield X, Y


def test_batches_that_are_made_already_keep_their_size() -> None:
    """A size that nothing would look at is refused, not ignored; one that says the same is not."""
    told = error_of(data=_batches, batch_size=8)
    assert told == (
        "batch_size: _batches gives batches as they are, got 8; leave it out, or change it where the batches are made."
    )
    loader = DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=8)
    assert error_of(data=loader, batch_size=16).startswith("batch_size: DataLoader gives batches as they are, got 16")
    assert tal.describe({"model": "mlp", "data": loader, "batch_size": 8})[0].batch_size == 8
    # It is what validation arrays are cut by.
    assert tal.describe({"model": "mlp", "data": _batches, "validation": (X, Y), "batch_size": 8})[0].batch_size == 8


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigurationError, match="Key 'model' is missing."):
        tal.describe({"data": "digits"})
    with pytest.raises(ConfigurationError, match="Key 'data' is missing."):
        tal.train("mlp")


# --- own objects --------------------------------------------------------------------------------------------


def test_names_and_mappings_are_no_objects() -> None:
    spec, own = tal.describe({"model": SMALL, "data": {"type": "digits"}, "metrics": "f1", "loss": None})
    assert own == {}
    assert (spec.model.config, spec.metrics[0].type, spec.loss) == ({"hidden": [8], "dropout": 0.2}, "f1", None)


@pytest.mark.parametrize("key", ["recipe", "model", "data", "optimizer", "loss", "metrics"])
@pytest.mark.parametrize("text", ["[3]", "[[[0.0, 1.0]], [1]]", "!!omap [a: 1]", "!!binary YQ==", "2026-01-01", "[{}]"])
def test_what_can_be_written_is_no_object(key: str, text: str) -> None:
    """Whoever reads a text need not know that only Python hands over objects."""
    given = yaml.safe_load(text)
    path = rf"{key}(\.\d)*" if key in {"loss", "metrics"} else key
    assert re.match(rf"{path}: expected ", error_of(**{key: given}))
    assert re.match("validation: |data: ", error_of(data=[[[0.0]], [1]], validation=[[[0.0]], [1]]))


def test_objects_are_mentioned_and_kept() -> None:
    def f2(y_true: Any, y_pred: Any) -> float:
        return 0.0

    given = {
        "model": net(),
        "data": (X, Y),
        "loss": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.AdamW,
        "metrics": ["f1", f2],
    }
    spec, own = tal.describe(given)
    assert own == given | {"metrics": [f2]}
    assert own.keys() == spec.user_objects
    assert str(spec.model) == "Sequential"
    assert str(spec.data) == "(ndarray(40, 6), ndarray(40,))"
    assert str(spec.optimizer) == "AdamW"
    assert [part.is_user_object for part in spec.metrics] == [False, True]
    assert "f2" in str(spec.metrics[1])


class Odd:
    shape = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((X.tolist(), Y.tolist()), "(list of 40, list of 40)"),
        ([X, Y], "list of 2"),
        (tuple(range(1000)), "tuple of 1,000"),
        ((torch.zeros(2, 3), [1, 2]), "(Tensor(2, 3), list of 2)"),
        (functools.partial(print), "partial"),
        (Odd(), "Odd"),
    ],
)
def test_a_mention_is_short(value: Any, expected: str) -> None:
    assert in_few_words(value) == expected


def test_validation_data_joins_the_training_data() -> None:
    spec, own = tal.describe({"model": "mlp", "data": (X, Y), "validation": (X[:5], Y[:5])})
    assert [len(array) for array in own["data"]] == [40, 40, 5, 5]
    assert spec.validation.split == 0.2
    spec, _ = tal.describe({"model": "mlp", "data": (X, Y), "validation": 0.3})
    assert spec.validation.split == 0.3
    spec, _ = tal.describe({"model": "mlp", "data": (X, Y), "validation": False})
    assert spec.validation is False


def test_settings_given_are_not_changed() -> None:
    given = {"model": "mlp", "data": (X, Y), "validation": (X, Y), "metrics": "f1"}
    before = dict(given)
    tal.describe(given)
    assert given == before


@pytest.mark.parametrize("metrics", [None, [], ()])
def test_there_may_be_no_metrics(metrics: Any) -> None:
    assert tal.describe({"model": "mlp", "data": "digits", "metrics": metrics})[0].metrics == ()


def test_the_framework_is_that_of_the_model() -> None:
    class Foreign:
        pass

    assert tal.describe({"model": net(), "data": "digits"})[0].framework == "pytorch"
    for module, framework in (("keras.src.models", "tensorflow"), ("flax.nnx.module", "jax")):
        Foreign.__module__ = module
        assert tal.describe({"model": Foreign(), "data": "digits"})[0].framework == framework


@pytest.mark.parametrize("given", [net(), nn.Linear])
def test_a_model_of_another_framework_is_refused_before_anything_starts(given: Any) -> None:
    message = error_of(model=given, framework="tensorflow")
    assert message.startswith("framework: 'tensorflow' can't train a model of pytorch's (")
    assert message.endswith("leave framework out, or say pytorch.")


# --- where settings come from -------------------------------------------------------------------------------


def test_arguments_go_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "name: from-file\nmodel: {type: mlp, hidden: [4], dropout: 0.1}\ndata: wine\nepochs: 7\nexecutor: inline\n"
        "optimizer: {type: adamw, weight_decay: 0.3}\nverbose: false\n"
    )
    run = tal.train(config=path, epochs=1, optimizer={"eps": 0.1}, model={"type": "mlp", "dropout": 0.2})
    spec = run.spec
    assert (run.name, spec.epochs, spec.data.type) == ("from-file", 1, "wine")
    assert spec.model.config == {"hidden": [4], "dropout": 0.2}
    assert spec.optimizer.config == {"weight_decay": 0.3, "eps": 0.1}


def test_settings_may_be_a_mapping() -> None:
    settings = {"model": SMALL, "data": "wine", "epochs": 1, "executor": "inline", "verbose": False}
    assert tal.train(config=settings, seed=5).spec.seed == 5


# --- what shows only once there are data --------------------------------------------------------------------


FRAME = pd.DataFrame(X[:, :2], columns=["height", "width"]).assign(city=TEXT, kind=Y)
IMAGES = {"front": X, "back": X}
"""Several inputs."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"data": (X[:0], Y[:0])}, "data: expected samples, but the data set is empty."),
        ({"data": (X, Y[:5])}, "data: every sample needs a target, but there are 40 inputs and 5 targets."),
        ({"data": (X, Y - 1)}, "data: class numbers count from 0, but the smallest target is -1"),
        ({"data": (X * np.nan, Y)}, "inputs: 40 of 40 samples hold values that are NaN or infinite"),
        ({"data": object()}, "data: expected (x, y), (x, y, x_val, y_val), a loader or a data set, got object."),
        ({"data": (X, TEXT), "loss": "mse"}, "data: the loss 'mse' needs numbers as targets, got text such as"),
        ({"data": (X, Y, X[:9], Y[:8])}, "data: every sample needs a target, but there are 9 validation inputs and 8"),
        ({"data": (X, Y, X[:9, :2], Y[:9])}, "data: training and validation inputs must have samples of one shape;"),
        (
            {"data": FRAME},
            (
                "data: expected inputs and targets apart, got a DataFrame with the columns ['height', 'width', 'city', "
                "'kind']; give data=(df[features], df[target]), or its file: type: csv, path: …, target: …."
            ),
        ),
        (
            {"data": (FRAME[["height", "city"]], Y)},
            (
                "inputs: expected numbers, but column 'city' holds text; encode it as numbers (pandas.get_dummies), "
                "leave it out, or give the table's file: type: csv encodes text."
            ),
        ),
        ({"data": (X, VALUES), "metrics": ["accuracy"]}, "metrics: 'accuracy' doesn't measure regression, which this "),
        ({"data": (X, Y), "loss": "mse", "metrics": ["f1"]}, "metrics: 'f1' doesn't measure regression, which this da"),
        ({"data": (X, Y), "metrics": ["mae"]}, "metrics: 'mae' doesn't measure classification, which this data asks"),
        ({"data": "digits", "metrics": ["mae"]}, "metrics: 'mae' doesn't measure classification, which this data asks"),
        ({"data": "diabetes", "metrics": ["f1"]}, "metrics: 'f1' doesn't measure regression, which this data asks for"),
        ({"data": "digits", "postprocessing": ["nms"]}, "postprocessing: 'nms' takes boxes, but the model, which does"),
        (
            {"data": (X, VALUES), "postprocessing": ["threshold"]},
            "postprocessing: 'threshold' takes probabilities, but the model, which does regression, gives values;",
        ),
        (
            {"data": (X, Y), "postprocessing": [{"type": "labels", "names": ["a", "b", "c"]}]},
            "postprocessing.names: expected a name for each of 2 classes, got 3: ['a', 'b', 'c'].",
        ),
        (
            {"data": (X, Y), "postprocessing": [{"type": "threshold", "positive": "cat"}]},
            "postprocessing.positive: expected the class that the threshold is for, one of ['0', '1'], got 'cat'.",
        ),
        (
            {"data": ({**IMAGES, "back": X[:9]}, Y)},
            "data: expected as many samples in each, got 40 in input 'front' and",
        ),
        ({"data": (IMAGES, Y)}, "model: 'mlp' takes one input and gives one output, and this data has several inputs"),
        (
            {"data": (IMAGES, Y), "preprocessing": [{"type": "standardize", "input": "bak"}]},
            "preprocessing: there is no input 'bak'. Did you mean 'back'? Known: front, back.",
        ),
        (
            {
                "model": nn.Linear(6, 2),
                "data": (X, {"kind": Y, "size": VALUES}),
                "metrics": [{"type": "f1", "output": 7}],
            },
            "metrics 'f1': there is no target '7'. Known: kind, size.",
        ),
    ],
)
def test_data_that_do_not_go_with_the_rest_are_refused_before_anything_starts(
    given: dict[str, Any], expected: str
) -> None:
    assert error_of(**given).startswith(expected)
    assert len(tal.runs()) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"loss": "mse", "metrics": ["mae"]},
        {"data": "diabetes", "metrics": ["mae"], "postprocessing": ["round"]},
        {"data": {"type": "npz", "path": "FILE"}, "metrics": ["dice", "mae"]},
    ],
)
def test_what_data_by_name_may_ask_for_is_not_refused(given: dict[str, Any], tmp_path: Path) -> None:
    """A loss of values makes values of class numbers, and files may hold anything."""
    np.savez(tmp_path / "data.npz", x=X, y=VALUES)
    data = given.get("data")
    if isinstance(data, dict):
        data["path"] = str(tmp_path / "data.npz")
    tal.describe({"model": "mlp", "data": "digits", **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"model": nn.Linear(5, 2)},
            "Model, loss and data don't fit: mat1 and mat2 shapes cannot be multiplied (32x6 a",
        ),
        ({"model": nn.Linear(6, 1)}, "Labels out of range: the data has labels up to 1, "),
        ({"device": "cuda:99"}, "device: 'cuda:99' isn't there"),
        ({"model": lambda: "net"}, "model: expected a torch.nn.Module or a function that makes one, got str."),
        (
            {"optimizer": lambda _: 3},
            "optimizer: expected a torch.optim.Optimizer or a function of the model, got int.",
        ),
    ],
)
def test_a_run_that_cannot_begin_fails_with_one_clear_line(given: dict[str, Any], expected: str) -> None:
    run = quick(**given)
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.message.startswith(expected)
    assert "\n" not in run.error.message
    with pytest.raises(TrainingFailed) as error:
        run.wait(1)
    assert str(error.value) == run.error.message


def test_an_error_of_the_users_own_code_keeps_their_traceback() -> None:
    class Broken(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[self.nowhere]

    run = quick(model=Broken(6, 2))
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.message == "AttributeError: 'Broken' object has no attribute 'nowhere'"
    assert "return x[self.nowhere]" in run.error.traceback
    assert "dltrainer_jupyter" not in run.error.traceback


def test_a_preset_is_written_out_so_that_the_run_outlives_it() -> None:
    given = {"model": {"type": "cnn", "preset": "easy", "dropout": 0.1}, "data": "digits"}
    spec, _ = tal.describe(given)
    assert spec.model.config == {"channels": [16], "hidden": 32, "dropout": 0.1}
    assert tal.describe(spec.dump())[0] == spec
    with pytest.raises(ConfigurationError, match=r"^model\.preset: unknown preset 'esy'. Did you mean 'easy'?"):
        tal.describe(given | {"model": {"type": "cnn", "preset": "esy"}})


def test_a_folder_that_is_not_there_is_missed_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match="expected a folder at .*nowhere, but nothing is there"):
        tal.train(model="cnn", data={"type": "image_folder", "path": "nowhere"})
