"""What is written in a file, in a cell, behind ``--set``, as keyword arguments or sent over REST means the same."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import training as cli
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.magics import cell
from dltrainer_jupyter.server import endpoint, training
from dltrainer_jupyter.tal import cloning

rates = st.floats(1e-6, 1.0)
parts = {
    "model": st.one_of(
        st.sampled_from(["mlp", "cnn"]),
        st.fixed_dictionaries(
            {"type": st.just("mlp"), "hidden": st.lists(st.integers(1, 64), max_size=3)},
            optional={"dropout": st.just(0.5)},
        ),
        st.fixed_dictionaries(
            {"type": st.just("cnn"), "preset": st.sampled_from(["easy", "medium", "advanced"])},
            optional={"dropout": st.floats(0, 0.9), "batch_norm": st.booleans()},
        ),
    ),
    "optimizer": st.one_of(
        st.sampled_from(["adam", "sgd"]),
        st.fixed_dictionaries({"type": st.just("adamw"), "weight_decay": rates, "betas": st.just([0.9, 0.99])}),
    ),
    "scheduler": st.fixed_dictionaries({"type": st.just("cosine"), "warmup_epochs": st.integers(0, 3)}),
    "loss": st.just("cross_entropy") | st.just({"type": "cross_entropy", "label_smoothing": 0.1}),
    "metrics": st.sampled_from([[], ["accuracy"], ["accuracy", {"type": "f1", "average": "micro"}]]),
    "augmentation": st.sampled_from([[], [{"type": "flip", "horizontal": 0.5}]]),
    "validation": st.sampled_from([False, {"split": 0.25}, {"split": 0.1, "interval": 2}]),
    "early_stopping": st.none() | st.fixed_dictionaries({"patience": st.integers(1, 9)}),
    "epochs": st.integers(1, 1000),
    "batch_size": st.integers(1, 512),
    "learning_rate": rates,
    "seed": st.integers(0, 2**63 - 1),
    "precision": st.sampled_from(["32-true", "bf16-mixed"]),
    "on_nan": st.sampled_from(["stop", "skip"]),
    "ema": st.none() | st.just(0.99),
    "threads": st.none() | st.integers(1, 4),
    "verbose": st.booleans(),
}
chosen = st.fixed_dictionaries(
    {"model": parts["model"]}, optional={key: it for key, it in parts.items() if key != "model"}
)

BASE = {"name": "same", "data": "digits", "executor": "process"}
"""A run of a file is called like the file, and a server trains in a process of its own."""


class Submitted(Exception):  # noqa: N818 - no error: what would be started
    """A run would be started now."""


def _submit(spec: RunSpec, *_: Any, **__: Any) -> Any:
    raise Submitted(spec)


@pytest.fixture(scope="module", autouse=True)
def nothing_is_started() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for module in (cell, cli, cloning, sys.modules["dltrainer_jupyter.tal.submit"]):
            monkeypatch.setattr(module, "submit", _submit)
        yield


def started(how: Callable[[], Any]) -> dict[str, Any]:
    """Give the description with which a run would be started, as it is recorded."""
    with pytest.raises(Submitted) as caught:
        how()
    dump: dict[str, Any] = caught.value.args[0].dump()
    return dump


def from_file(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    path = folder / "same.yaml"
    path.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    return started(lambda: cli.train(str(path), (), {}, as_json=True, detach=False, dry_run=False))


def from_set(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    path = folder / "same.yaml"
    path.write_text("", encoding="utf-8")
    pairs = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    return started(lambda: cli.train(str(path), pairs, {}, as_json=True, detach=False, dry_run=False))


def from_dotted(config: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [
        f"{key}.{name}={json.dumps(it)}" if isinstance(value, dict) else f"{key}={json.dumps(value)}"
        for key, value in config.items()
        for name, it in (value.items() if isinstance(value, dict) else [("", value)])
    ]
    line = " ".join(f"--set {shlex.quote(pair)}" for pair in pairs)
    return started(lambda: cell.run_cell(SimpleNamespace(user_ns={}), line, ""))


def from_cell(config: Mapping[str, Any]) -> dict[str, Any]:
    body = yaml.safe_dump({key: value for key, value in config.items() if key != "name"})
    return started(lambda: cell.run_cell(SimpleNamespace(user_ns={}), str(config["name"]), body))


def from_keywords(config: Mapping[str, Any]) -> dict[str, Any]:
    return started(lambda: tal.train(**config))


def from_rest(config: Mapping[str, Any], media_type: str) -> dict[str, Any]:
    text = json.dumps(config) if media_type.endswith("json") else yaml.safe_dump(dict(config))
    return started(lambda: training.train(endpoint._mapping(text.encode(), media_type)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=chosen)
def test_the_same_words_give_the_same_description(asked, tmp_path: Path) -> None:
    config = BASE | asked
    expected = from_keywords(config)
    assert "preset" not in json.dumps(expected)
    assert from_file(config, tmp_path) == expected
    assert from_cell(config) == expected
    assert from_set(config, tmp_path) == expected
    assert from_dotted(config) == expected
    assert from_rest(config, "application/json") == expected
    assert from_rest(config, "application/yaml") == expected
    # What is recorded says the same once more.
    assert from_keywords(expected) == expected
