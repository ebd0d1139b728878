from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import BaseModel, Field, create_model

from dltrainer_jupyter.core.errors import ConfigurationError, MissingKeysError
from dltrainer_jupyter.core.registry import faults
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate


def sentence(**values: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        validate(RunSpec, {"model": "mlp", "data": "digits", **values})
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"epochs": "abc"}, "epochs: expected a whole number, got 'abc'."),
        ({"epochs": None}, "epochs: expected a whole number, got None."),
        ({"epochs": 1.5}, "epochs: expected a whole number, got 1.5."),
        ({"epochs": True}, "epochs: expected a number, got true."),
        ({"epochs": 0}, "epochs: expected greater than or equal to 1, got 0."),
        ({"seed": -1}, "seed: expected greater than or equal to 0, got -1."),
        ({"learning_rate": -1}, "learning_rate: expected greater than 0, got -1."),
        ({"learning_rate": float("nan")}, "learning_rate: expected a finite number, got nan."),
        ({"learning_rate": "fast"}, "learning_rate: expected a number, got 'fast'."),
        ({"monitor": 3}, "monitor: expected text, got 3."),
        ({"verbose": "maybe"}, "verbose: expected true or false, got 'maybe'."),
        ({"precision": "16"}, "precision: expected '32-true', 'bf16-mixed' or '16-mixed', got '16'."),
        ({"on_nan": "explode"}, "on_nan: expected 'stop', 'skip' or 'continue', got 'explode'."),
        ({"checkpoint": {"keep": 1}}, "checkpoint.keep: expected greater than or equal to 2, got 1."),
        (
            {"checkpoint": {"every_seconds": float("inf")}},
            "checkpoint.every_seconds: expected a finite number, got inf.",
        ),
        ({"checkpoint": None}, "checkpoint: expected a mapping of settings, got None."),
        ({"early_stopping": 3}, "early_stopping: expected a mapping of settings, got 3."),
        ({"validation": True}, "validation: expected a mapping of settings, got True."),
        ({"validation": {"split": 2}}, "validation.split: expected less than 1, got 2."),
        (
            {"validation": {"splt": 0.2}},
            "Unknown key 'validation.splt'. Did you mean 'split'? Known: column, examples, fold, folds, groups,",
        ),
        ({"fast": {"batchng": False}}, "Unknown key 'fast.batchng'. Did you mean 'batching'? Known: background_"),
        ({"[": 3}, "Unknown key '['. Known: augmentation, batch_size, checkpoint,"),
        ({"FastSpec": 3}, "Unknown key 'FastSpec'."),
        ({"epoch": 3}, "Unknown key 'epoch'. Did you mean 'epochs'? Known: augmentation, batch_size, checkpoint,"),
        ({"lr": 0.1}, "Unknown key 'lr'. Did you mean 'learning_rate'? Known: "),
        ({"metrics": 5}, "metrics: expected a list, got 5."),
        ({"compile": "cuda"}, "compile: expected true or false, or 'cuda_graphs', got 'cuda'."),
        (
            {"model": {"mlp": {"hidden": [64]}}},
            "model: expected a name or a mapping with a 'type', got {'mlp': {'hidden': [64]}}; write {type: mlp, …}.",
        ),
        ({"metrics": ["f1", 3]}, "metrics.1: expected a name or a mapping with a 'type', got 3."),
        ({"optimizer": {"lr": 3}}, "optimizer: expected a name or a mapping with a 'type', got {'lr': 3}."),
        ({"model": {"type": 5}}, "model: expected a name or a mapping with a 'type', got {'type': 5}."),
        ({"model": np.zeros((99, 99))}, "model: expected a name or a mapping with a 'type', got array([[0., 0.,"),
        (
            {"model": {"type": "mlp", "deep": [1, {"when": dt.date(2026, 1, 1)}]}},
            "model: expected numbers, text, lists or mappings as settings, got datetime.date(2026, 1, 1) for 'deep.1.w",
        ),
        (
            {"optimizer": {"type": "sgd", "momentum": float("nan")}},
            "optimizer: expected numbers, text, lists or mappin",
        ),
        ({"name": "a/b"}, "name: expected 1 to 120 characters without slashes or line breaks, got 'a/b'."),
        ({"name": "a\nb"}, "name: expected 1 to 120 characters without slashes or line breaks, got 'a\\nb'."),
        ({"name": " a"}, "name: expected 1 to 120 characters without slashes or line breaks, got ' a'."),
        ({"name": "x" * 121}, "name: expected 1 to 120 characters without slashes or line breaks, got 'xxx"),
    ],
)
def test_a_sentence_says_which_key_what_was_given_and_what_is_allowed(values: dict[str, Any], expected: str) -> None:
    assert sentence(**values).startswith(expected)


def test_how_many_more_there_are_is_said() -> None:
    assert sentence(epochs=0, batch_size=0, seed=-1) == (
        "epochs: expected greater than or equal to 1, got 0. (2 more after this one)"
    )
    assert sentence(validation={"split": 2, "interval": 0}).endswith("got 2. (1 more after this one)")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^Key 'model' is missing\. \(1 more after this one\)$"):
        validate(RunSpec, {"data": "digits", "epochs": 0})
    with pytest.raises(MissingKeysError, match=r"^Keys 'model' and 'data' are missing\.$") as error:
        validate(RunSpec, {})
    assert error.value.keys == ("model", "data")


def test_a_misspelt_key_comes_before_the_one_that_is_missing() -> None:
    with pytest.raises(ConfigurationError, match=r"^Unknown key 'modell'\. Did you mean 'model'\?"):
        validate(RunSpec, {"modell": "mlp", "data": "digits"})


@pytest.mark.parametrize(("key", "elsewhere"), [("lr", True), ("lerning_rate", True), ("size", False)])
@pytest.mark.parametrize("own", ["momentum", "layers"])
def test_a_key_of_the_whole_in_a_part_of_it_is_sent_to_the_top(key: str, elsewhere: bool, own: str) -> None:
    Config = create_model("Config", __config__={"extra": "forbid"}, **{own: (float, 0)})  # noqa: N806 - a class

    with pytest.raises(ConfigurationError) as error:
        validate(Config, {key: 0.01}, "optimizer", outer=RunSpec)
    at_the_top = "The learning rate is set at the top level: learning_rate: 0.01 (option --lr)."
    expected = at_the_top if elsewhere else f"Known: {own}."
    assert str(error.value) == f"Unknown key 'optimizer.{key}'. {expected}"


def test_a_key_that_is_like_one_of_the_part_stays_with_the_part() -> None:
    class Config(BaseModel, extra="forbid"):
        patch: int = 4

    with pytest.raises(ConfigurationError, match=r"^Unknown key 'model\.patch_size'\. Did you mean 'patch'\?"):
        validate(Config, {"patch_size": 4}, "model", outer=RunSpec)
    with pytest.raises(ConfigurationError, match="The batch size is set at the top level: batch_size: 4"):
        validate(Config, {"batch_size": 4}, "model", outer=RunSpec)


def test_keys_are_written_with_where_they_stand() -> None:
    class Config(BaseModel, extra="forbid"):
        hidden: list[int] = Field(default=[])

    with pytest.raises(ConfigurationError, match=r"^model\.hidden\.1: expected a whole number, got 'x'\.$"):
        validate(Config, {"hidden": [1, "x"]}, "model")
    with pytest.raises(ConfigurationError, match=r"^Unknown key 'model\.hiden'\. Did you mean 'hidden'\?"):
        validate(Config, {"hiden": []}, "model")


def test_names_of_classes_are_no_keys() -> None:
    class Inner(BaseModel, extra="forbid"):
        size: int = 1

    class Outer(BaseModel, extra="forbid"):
        part: Inner | Literal["none"] | None = None

    with pytest.raises(ConfigurationError, match=r"^Unknown key 'part\.sise'\. Did you mean 'size'\? Known: size\.$"):
        validate(Outer, {"part": {"sise": 3}})


def test_what_is_right_comes_back() -> None:
    assert validate(RunSpec, {"model": "mlp", "data": "digits", "epochs": 3}).epochs == 3


class Node(BaseModel, extra="forbid"):
    """Settings that stand within settings of their own kind."""

    size: int = 1
    inner: list[Node] = []
    beside: Other | None = None


class Other(BaseModel, extra="forbid"):
    node: Node | None = None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": "x"}, "size: expected a whole number, got 'x'."),
        ({"sise": 1}, "Unknown key 'sise'. Did you mean 'size'?"),
        ({"inner": [{"inner": [{"size": "x"}]}]}, "inner.0.inner.0.size: expected a whole number, got 'x'."),
        ({"beside": {"node": {"size": "x"}}}, "beside.node.size: expected a whole number, got 'x'."),
    ],
)
def test_settings_may_stand_within_themselves(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        validate(Node, given)
    assert str(error.value).startswith(said)


def test_a_part_may_have_settings_that_stand_within_themselves() -> None:
    class Tree:
        Config = Node

    assert list(faults.faults("models", Tree)) == []
