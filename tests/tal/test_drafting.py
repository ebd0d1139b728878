"""A configuration that is being written: what its text says, and what only Python can say."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.configuration import given
from dltrainer_jupyter.tal.drafting import Draft, drafted
from dltrainer_jupyter.tal.looking import Look

X, Y = np.random.default_rng(0).random((40, 8), dtype=np.float32), np.arange(40) % 2
HOOK = "https://example.org/canary-in-a-hook"


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def my_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(outputs, targets)


def train_step(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return my_loss(model(x), y)


def decayed(optimizer: torch.optim.Optimizer) -> Any:
    return torch.optim.lr_scheduler.StepLR(optimizer, 2)


def _metric() -> Any:
    return lambda y_true, y_pred: float((y_true == y_pred).mean())


NET = Net()
GIVEN: dict[str, dict[str, Any]] = {
    "names alone": {"model": "cnn", "data": "digits", "metrics": ("accuracy", "f1"), "validation": 0.3},
    "numbers of NumPy": {"model": "mlp", "data": "digits", "epochs": np.int64(3), "learning_rate": np.float32(0.5)},
    "text that looks like something else": {"model": "mlp", "data": "digits", "name": "1e3", "seed": 10**12},
    "a model and arrays": {"model": NET, "data": (X, Y), "loss": my_loss, "optimizer": {"type": "sgd"}},
    "validation by hand": {"model": "mlp", "data": (X, Y), "validation": (X[:8], Y[:8])},
    "lists of both": {
        "model": NET,
        "data": (X, Y),
        "loss": [{"type": my_loss, "weight": 2.0}, "cross_entropy"],
        "preprocessing": ["standardize"],
    },
    "groups": {"model": "mlp", "data": (X, Y), "validation": {"groups": np.arange(40) // 4, "split": 0.25}},
    "steps": {"model": NET, "data": (X, Y), "train_step": train_step},
    "a scheduler": {"model": NET, "data": (X, Y), "scheduler": {"type": decayed, "interval": "epoch"}, "loss": my_loss},
    "weights of classes": {"model": "mlp", "data": (X, Y), "class_weights": {0: 1.0, 1: 2.5}},
    "layers": {"model": {"layers": ["flatten", {"type": "dense", "units": 8}]}, "data": "digits"},
}


@pytest.mark.parametrize("settings", GIVEN.values(), ids=GIVEN.keys())
def test_a_draft_means_the_run_that_the_same_call_would_start(settings: dict[str, Any]) -> None:
    spec, own = tal.describe(given(None, settings))
    draft = drafted(given(None, settings))
    again, own_again = draft.described(draft.text)
    assert again == spec
    assert again.model_fields_set == spec.model_fields_set
    assert own_again.keys() == own.keys()
    assert all(_same(own[key], own_again[key]) for key in own if key != "recipe")
    assert draft.check(draft.text) == []


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other


def test_objects_are_mentioned_by_their_names_or_places() -> None:
    draft = drafted({"model": NET, "data": (X, Y), "loss": my_loss, "metrics": [_metric(), "accuracy"]})
    assert draft.text == "model: $model\ndata: $data\nloss: $my_loss\nmetrics: [$metrics, accuracy]\n"
    assert draft.labels("model") == {"$model": "Net"}
    assert draft.labels("data") == {"$data": "(ndarray(40, 8), ndarray(40,))"}
    assert draft.labels("optimizer") == {}


def test_two_objects_of_one_name_are_told_apart_and_one_in_two_places_is_one() -> None:
    first, second = _metric(), _metric()
    draft = drafted({"model": "mlp", "data": (X, Y), "metrics": [first, second], "postprocessing": [first]})
    assert draft.text.endswith("metrics: [$metrics, $metrics_2]\npostprocessing: [$metrics]\n")
    assert draft.settings(draft.text)["metrics"] == (first, second)


def test_what_the_text_says_goes_before_the_object() -> None:
    draft = drafted({"model": NET, "data": (X, Y)})
    spec, own = draft.described("model: mlp\ndata: $data\n")
    assert (spec.model.type, own.keys()) == ("mlp", {"data"})


def test_variables_of_the_notebook_may_be_mentioned_too() -> None:
    draft = dataclasses.replace(drafted({"model": NET}), variables={"x": X, "y": Y, "model": "another"})
    settings = draft.settings("model: $model\ndata: [$x, $y]\n")
    assert settings["model"] is NET
    assert _same(settings["data"], (X, Y))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("model: $model\ndata: $date\n", [(2, "data: neither this form nor the notebook has an object 'date'.")]),
        ("model: $model.encoder\n", [(1, "model: expected '$' and the name of a variable")]),
        ("model: $model\ndata: $data\nepochs: many\nseed: -1\n", [(3, "epochs: expected a whole"), (4, "seed: exp")]),
        ("model: [", [(1, "The YAML doesn't parse")]),
    ],
)
def test_problems_stand_where_they_are(text: str, found: list[tuple[int, str]]) -> None:
    problems = drafted({"model": NET, "data": (X, Y)}).check(text)
    assert [it.line for it in problems] == [line for line, _ in found]
    assert all(it.message.startswith(said) for it, (_, said) in zip(problems, found, strict=True))


def test_secrets_stay_in_python() -> None:
    draft = drafted({"model": "mlp", "data": "digits", "notify": {"webhook": HOOK}})
    assert draft.text == "model: mlp\ndata: digits\nnotify: {webhook: $webhook}\n"
    assert draft.described(draft.text)[0].notify.webhook.get_secret_value() == HOOK  # type: ignore[union-attr]


def test_a_secret_that_is_typed_is_in_no_copy_of_the_text() -> None:
    draft = Draft("")
    for text in (f"model: mlp\ndata: digits\nnotify: {HOOK}\n", f"modle: mlp\nnotify: {{webhook: {HOOK}, on: 7}}\n"):
        assert "canary" not in (draft.shown(text) or "")
        assert "canary" not in (draft.code(text) or "")


def test_the_code_starts_the_same_run() -> None:
    draft = drafted({"model": NET, "data": (X, Y), "loss": [{"type": my_loss, "weight": 0.5}], "epochs": 2})
    code = draft.code(draft.text)
    assert code is not None
    told = eval(code.replace("tal.train", "dict"), {"model": NET, "data": (X, Y), "my_loss": my_loss})  # noqa: S307
    assert tal.describe(told)[0] == draft.described(draft.text)[0]
    assert "in_place" not in code
    typed = draft.code("epochs: .inf\n'x=1) or exit(': $net\n")
    assert typed is not None
    assert eval(typed.replace("tal.train", "dict"), {"net": NET}) == {"epochs": float("inf"), "x=1) or exit(": NET}  # noqa: S307
    itself = drafted({"model": NET, "data": (X, Y)}, in_place=True)
    assert "in_place=True" in (itself.code(itself.text) or "")


def test_a_name_that_means_other_data_by_now_is_looked_at_again() -> None:
    variables = {"mine": (X, Y)}
    look = Look(drafted({"model": "mlp", "data": "digits"}, variables=variables))
    shapes = []
    for data in (X, X[:, :5]):
        variables["mine"] = (data, Y)
        signature, why = look.at({"data": "$mine"})
        assert signature is not None, why
        shapes.append(signature.input_shape)
    assert shapes == [(8,), (5,)]


def test_a_file_is_shown_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("# mine\nmodel: mlp  # small\ndata: digits\n")
    assert tal.form(config=file).yaml == file.read_text()
    assert tal.form(config=file, epochs=3).yaml == "model: mlp\ndata: digits\nepochs: 3\n"
    # Arrays say of no two of them in one word whether they are the same.
    assert tal.form(config=file, data=X).yaml == "model: mlp\ndata: $data\n"


def test_a_setting_that_is_none_is_refused_as_train_refuses_it() -> None:
    with pytest.raises(ConfigurationError) as by_train:
        tal.train(model="mlp", data="digits", epoks=3)
    with pytest.raises(ConfigurationError) as by_form:
        tal.form(model="mlp", data="digits", epoks=3)
    assert str(by_form.value) == str(by_train.value)
    assert str(by_form.value).startswith("Unknown key 'epoks'. Did you mean 'epochs'?")
