from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import USER_OBJECT, CheckpointSpec, Part, RunSpec, ValidationSpec
from dltrainer_jupyter.core.validation import validate

# --- parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["cnn", {"type": "cnn"}, Part(type="cnn"), Part.model_validate("cnn")])
def test_a_part_is_a_name_or_a_mapping(given: Any) -> None:
    part = Part.model_validate(given)
    assert (part.type, part.config, str(part), part.is_user_object) == ("cnn", {}, "cnn", False)
    assert part.model_dump() == "cnn"


def test_a_parts_settings_stand_beside_its_type() -> None:
    part = Part.model_validate({"type": "mlp", "hidden": (64, 32), "dropout": 0.1})
    assert part.config == {"hidden": [64, 32], "dropout": 0.1}
    assert part.model_dump() == {"type": "mlp", "hidden": [64, 32], "dropout": 0.1}


def test_numbers_of_other_libraries_become_pythons() -> None:
    settings = {"a": np.float32(0.5), "b": np.int64(3), "c": np.array([[1, 2]]), "d": np.bool_(True), "e": np.str_("x")}
    config = Part.model_validate({"type": "mlp", **settings}).config
    assert config == {"a": 0.5, "b": 3, "c": [[1, 2]], "d": True, "e": "x"}
    assert [type(value) for value in config.values()] == [float, int, list, bool, str]


def test_a_users_object_is_mentioned() -> None:
    part = Part.user_object("ndarray(10, 3)")
    assert part.is_user_object
    assert str(part) == "ndarray(10, 3)"
    assert Part.model_validate(part.model_dump()) == part
    assert str(Part.model_validate({"type": USER_OBJECT})) == USER_OBJECT


def test_user_objects_are_listed_by_key() -> None:
    own = Part.user_object("own")
    spec = RunSpec(model=own, data="digits", metrics=["f1", own], loss=own, recipe=own)
    assert spec.user_objects == {"model", "metrics", "loss", "recipe"}
    assert RunSpec(model="mlp", data="digits").user_objects == frozenset()


# --- the whole ----------------------------------------------------------------------------------------------


def test_a_description_cannot_be_changed() -> None:
    spec = RunSpec(model="mlp", data="digits")
    with pytest.raises(ValidationError):
        spec.epochs = 3
    with pytest.raises(ValidationError):
        spec.checkpoint.keep = 9


def test_only_what_is_not_by_default_is_dumped() -> None:
    spec = RunSpec(model="mlp", data="digits", epochs=10, checkpoint={"keep": 5}, validation={"split": 0.2})
    assert spec.dump() == {"model": "mlp", "data": "digits", "checkpoint": {"keep": 5}}
    assert RunSpec(model="mlp", data="digits", validation=False).dump()["validation"] is False


def test_the_dump_is_the_same_after_a_journey_through_the_store() -> None:
    spec = RunSpec(model="mlp", data="digits", epochs=3)
    assert RunSpec.model_validate(spec.model_dump(mode="json")).dump() == spec.dump()


def test_the_rate_is_open_until_somebody_sets_it() -> None:
    """Written down as a number it would overrule the one an optimizer of the user's own came with."""
    spec = RunSpec(model="mlp", data="digits")
    assert RunSpec.model_validate(spec.model_dump(mode="json")).learning_rate is None


def test_the_schema_describes_every_setting() -> None:
    for kind in (RunSpec, ValidationSpec, CheckpointSpec):
        assert all(field.description for field in kind.model_fields.values())
    assert json.dumps(RunSpec.model_json_schema())


# --- there and back -----------------------------------------------------------------------------------------

_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | _FINITE | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_PART = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.text(min_size=1, max_size=8),
    st.dictionaries(st.text(max_size=6), _PLAIN, max_size=3),
)
_POSITIVE = st.floats(min_value=0, max_value=1e6, exclude_min=True)
_SETTINGS = st.fixed_dictionaries(
    {"model": _PART, "data": _PART | st.text(max_size=5)},
    optional={
        "name": st.from_regex(r"[a-z][a-z0-9 .$\-]{0,20}", fullmatch=True),
        "epochs": st.integers(1, 1_000_000),
        "batch_size": st.integers(1),
        "learning_rate": _POSITIVE | st.none(),
        "optimizer": _PART,
        "scheduler": _PART | st.none(),
        "metrics": st.lists(_PART, max_size=3) | st.none() | st.text(max_size=4),
        "validation": st.just(False) | st.fixed_dictionaries({}, optional={"interval": st.integers(1, 9)}),
        "early_stopping": st.none() | st.fixed_dictionaries({"patience": st.integers(1, 9)}),
        "checkpoint": st.fixed_dictionaries({}, optional={"every_seconds": _POSITIVE | st.none()}),
        "on_nan": st.sampled_from(["stop", "skip", "continue"]),
        "seed": st.integers(0, 2**63 - 1),
        "fast": st.fixed_dictionaries({}, optional={"batching": st.booleans()}),
        "verbose": st.booleans(),
    },
)


@given(_SETTINGS)
def test_a_description_comes_back_equal(settings: dict[str, Any]) -> None:
    spec = validate(RunSpec, settings)
    assert validate(RunSpec, spec.dump()) == spec
    assert validate(RunSpec, json.loads(json.dumps(spec.dump(), allow_nan=False))) == spec
    assert RunSpec.model_validate(json.loads(json.dumps(spec.model_dump(mode="json"), allow_nan=False))) == spec
    assert validate(RunSpec, yaml.safe_load(yaml.safe_dump(spec.dump()))) == spec


def test_more_threads_than_any_machine_has_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="threads: .*4096.*got 100000"):
        validate(RunSpec, {"model": "mlp", "data": "wine", "threads": 100_000})
