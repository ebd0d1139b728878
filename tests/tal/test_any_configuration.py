"""Whatever is written as a configuration, what is wrong with it is said by its key, and nothing else goes wrong.

`make fuzz` tries 5,000 (``DLTRAINER_TEST_CASES``), `make test` a few hundred.
"""

from __future__ import annotations

import copy
import json
import os
import string
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, MissingPackageError, legible
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.magics import body as bodies
from dltrainer_jupyter.magics.completing_settings import KINDS, in_body, of_set
from dltrainer_jupyter.magics.completing_settings import names as names_of
from dltrainer_jupyter.magics.options import parse_cell_line
from dltrainer_jupyter.tal import checking, configuration

CASES = int(os.environ.get("DLTRAINER_TEST_CASES", "180"))
ways = settings(
    max_examples=max(CASES // 6, 1),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

KEYS = sorted(RunSpec.model_fields)
PART_KEYS = ["type", "preset", "hidden", "weight_decay", "betas", "split", "keep", "norm", "average", "config", "is"]
NAMES = sorted({name for kind in set(KINDS.values()) - {"trackers"} for name in names_of(kind)} | {"$object", "arrays"})

SEVERAL = {"metrics", "preprocessing", "augmentation"}


def places() -> list[tuple[str, str, list[str]]]:
    """List the keys at which PyTorch's parts stand, with their names and those of their settings."""
    found = []
    for key in sorted(KINDS.keys() - {"framework", "executor", "track"}):
        framework = "pytorch" if KINDS[key] in registry.OF_A_FRAMEWORK else None
        for name in registry.names(KINDS[key], framework):
            settings = registry.find(KINDS[key], name, framework).Config.model_fields
            found.append((key, name, sorted(settings)))
    return found


PLACES = places()

VALID: dict[str, Any] = {
    "name": "digits-cnn",
    "framework": "pytorch",
    "model": {"type": "cnn", "preset": "easy", "channels": [8, 16], "pooling": "max", "dropout": 0.2},
    "data": "digits",
    "epochs": 3,
    "batch_size": 16,
    "learning_rate": 1e-3,
    "optimizer": {"type": "adamw", "weight_decay": 1e-4, "betas": [0.9, 0.99]},
    "scheduler": {"type": "cosine", "warmup_epochs": 1},
    "loss": {"type": "cross_entropy", "label_smoothing": 0.1},
    "metrics": ["accuracy", {"type": "f1", "average": "macro"}],
    "preprocessing": [{"type": "scale", "divisor": 16}],
    "augmentation": [{"type": "flip", "horizontal": 0.5}, "crop"],
    "validation": {"split": 0.2, "interval": 1},
    "early_stopping": {"patience": 5},
    "monitor": "val_accuracy",
    "checkpoint": {"every_seconds": 60, "keep": 3},
    "precision": "32-true",
    "ema": 0.99,
    "gradient_clipping": {"norm": 1.0},
    "on_nan": "stop",
    "seed": 0,
    "retry": {"times": 2},
    "executor": "thread",
    "track": [{"type": "tensorboard", "steps": "all"}],
}

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**63), 10**400, 0, 1, -1]),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "$x", "cnn", "adamw", "easy", "9" * 400, "a\nb", "\0", "\ud800", "{}", "val_loss", "true", "1e3"]
    ),
    st.dates(),
    st.binary(max_size=4),
)
values = st.recursive(
    odd,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*PART_KEYS, *KEYS]) | st.text(max_size=8), inner, max_size=3),
        st.sampled_from(NAMES).flatmap(lambda name: inner.map(lambda it: {"type": name, "hidden": it})),
    ),
    max_leaves=6,
)
mappings = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), values | st.sampled_from(NAMES), max_size=6)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Change a configuration that is right in one place or a few."""
    changed = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 3))):
        at: Any = changed
        while True:
            places = sorted(at) if isinstance(at, dict) else range(len(at))
            if not places:
                break
            place = draw(st.sampled_from(list(places)))
            if not isinstance(at[place], dict | list) or draw(st.booleans()):
                break
            at = at[place]
        if not at:
            continue
        how = draw(st.sampled_from(["replace", "replace", "remove", "rename", "wrap", "add"]))
        if how == "replace":
            at[place] = draw(values)
        elif how == "wrap":
            at[place] = [at[place]]
        elif how == "remove":
            del at[place]
        elif isinstance(at, dict):
            name = (
                draw(st.text(string.ascii_lowercase, max_size=3)) + place[1:]
                if how == "rename"
                else draw(st.text(max_size=6))
            )
            at[name] = at.pop(place) if how == "rename" else draw(values)
    return changed


def one_line(error: DLTrainerError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 2000


def said(error: DLTrainerError) -> None:
    """See that an error is one line that says which key it is about."""
    one_line(error)
    message = str(error)
    assert error.problems or any(key in message for key in KEYS), message
    for problem in error.problems:
        assert problem.path, message
        assert all(isinstance(key, str) for key in problem.path)
        called = registry.SINGULAR.get(KINDS.get(problem.path[0], ""), "")
        names = [f"'{legible(key)}'" if not key else legible(key) for key in problem.path]
        assert any(it in problem.message for it in [*names, *([called] if called else [])]), problem


def described(given: Mapping[str, Any]) -> RunSpec | None:
    """Describe settings; what is refused is refused as it should be, by its key."""
    try:
        spec, _ = tal.describe(given)
    except (ConfigurationError, MissingPackageError) as error:
        said(error)
        return None
    # What was taken can be recorded, and read back to the same.
    assert RunSpec.model_validate(json.loads(json.dumps(spec.dump()))) == spec
    return spec


def test_the_configuration_that_is_changed_is_right() -> None:
    assert described(VALID)


@ways
@given(given=mappings)
def test_any_mapping(given) -> None:
    described({"model": "mlp", "data": "digits", **given})


@ways
@given(given=mutated())
def test_a_configuration_that_was_right_before_it_was_changed(given) -> None:
    described(given)
    findings = checking.problems(given)
    assert all(problem.path for problem in findings)


@ways
@given(given=mutated(), cut=st.tuples(st.integers(0, 900), st.text(max_size=3)), text=st.text(max_size=60))
def test_any_text_of_yaml(given, cut, text) -> None:
    try:
        whole = yaml.safe_dump(given, allow_unicode=True)
    except (yaml.YAMLError, UnicodeError):
        whole = yaml.safe_dump(VALID)
    at, instead = cut
    for written in (text, whole[:at] + instead + whole[at:], whole[:at] + whole[at + 1 :]):
        for finding in checking.check(written):
            assert finding.message
            assert finding.line is None or finding.line >= 1
        checking.check(written, is_json=True)


@ways
@given(pairs=st.lists(st.tuples(st.sampled_from(KEYS) | st.text(max_size=5), st.text(max_size=8), st.text(max_size=9))))
def test_any_pairs(pairs) -> None:
    written = [f"{key}{'.' + inner if inner else ''}={value}" for key, inner, value in pairs]
    try:
        given = configuration.parse_assignments(written)
    except ConfigurationError as error:
        one_line(error)
        return
    described(configuration.merged(VALID, given))


@ways
@given(
    line=st.lists(
        st.sampled_from(
            ["--set", "--epochs", "--lr", "--seed=", "--executor", "--track", "name", "epochs=3", "'", "-", "--"]
        )
        | st.text(max_size=6),
        max_size=5,
    ).map(" ".join),
    body=st.text(max_size=30) | mappings.map(lambda it: "\n".join(f"{key}: {value}" for key, value in it.items())),
    cursor=st.integers(0, 40),
)
def test_any_cell(line, body, cursor) -> None:
    lines = body.split("\n")
    at = cursor % len(lines)
    assert isinstance(in_body(lines[at][:cursor], lines, at), list)
    assert isinstance(of_set(line[:cursor], [line], lines), list)
    try:
        given = parse_cell_line(line)
        if given.help or bodies.is_python(body):
            return
        values = bodies.from_yaml(body, configuration.parse_yaml, {"x": 3, "net": object()})
        options = configuration.merged(configuration.parse_assignments(given.assignments), given.settings)
        values = configuration.merged(values, options)
    except ConfigurationError as error:
        one_line(error)
        return
    described(values)


@ways
@given(place=st.sampled_from(PLACES), data=st.data())
def test_any_settings_of_any_part(place, data) -> None:
    key, name, known = place
    part = {"type": name, **data.draw(st.dictionaries(st.sampled_from([*known, "preset"]), values, max_size=3))}
    described({"model": "mlp", "data": "digits", key: [part] if key in SEVERAL else part})
