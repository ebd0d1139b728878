"""Every registered part says what it is and what can be set, so that people and programs can be told."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import get_args

import pytest
import yaml

from dltrainer_jupyter.core import forms, registry
from dltrainer_jupyter.core.schema import part_settings, presets
from dltrainer_jupyter.tal import catalogue
from tests.parts import samples

ALL = [(kind, name) for kind in get_args(registry.Kind) for name in registry.names(kind)]
WITH_SETTINGS = [(kind, name) for kind, name in ALL if kind in catalogue.KINDS]
TESTS = Path(__file__).parents[1]

RUN_HERE = {
    "models",
    "layers",
    "optimizers",
    "losses",
    "schedules",
    "metrics",
    "data",
    "preprocessing",
    "postprocessing",
    "augmentations",
    "regularizations",
}
"""Kinds whose parts the files beside this one run, each."""
RUN_BY_SUITES = {"adapters", "checks", "executors", "faces", "recipes", "trackers"}


def test_every_kind_is_run() -> None:
    assert set(get_args(registry.Kind)) == RUN_HERE | RUN_BY_SUITES


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_it_has_a_docstring(kind, name) -> None:
    documented = inspect.getdoc(registry.find(kind, name)) or ""
    assert documented.partition("\n")[0].endswith(".")


@pytest.mark.parametrize(("kind", "name"), [it for it in ALL if it[0] in RUN_HERE])
def test_its_documentation_says_what_it_is_made_with_and_shows_it(kind, name) -> None:
    """Of a part that each framework builds in its own way, what they have in common says so."""
    documented = [inspect.cleandoc(it.__doc__ or "") for it in inspect.getmro(registry.find(kind, name))]
    for section in ("Parameters", "Examples"):
        assert any(f"\n{section}\n---" in it for it in documented), section


@pytest.mark.parametrize(("kind", "name"), WITH_SETTINGS)
def test_it_has_a_description_and_every_setting_too(kind, name) -> None:
    found = registry.find(kind, name)
    form = forms.form(found.Config)
    assert found.Config.__doc__
    assert found.Config.model_config.get("frozen")
    assert found.Config.model_config.get("extra") == "forbid"
    assert all(it.description.endswith((".", "…")) and it.kind != "any" for it in form.fields)
    assert all(json.loads(json.dumps(it.document())) == it.document() for it in form.fields)
    short = name.partition(".")[2] if kind in registry.OF_A_FRAMEWORK else name
    described = catalogue.part(kind, short).description
    assert described.endswith(".")
    assert "\n" not in described


@pytest.mark.parametrize(("kind", "name"), WITH_SETTINGS)
def test_its_defaults_and_presets_can_be_used(kind, name) -> None:
    found = registry.find(kind, name)
    short = name.partition(".")[2] if kind in registry.OF_A_FRAMEWORK else name
    needed = samples.SETTINGS.get((kind, short), {})
    required = [key for key, field in found.Config.model_fields.items() if field.is_required()]
    made = part_settings(found.Config, {key: needed[key] for key in required})
    # What a run's record holds is read back to the same.
    assert found.Config.model_validate_json(made.model_dump_json()) == made
    for preset in presets(found.Config):
        assert part_settings(found.Config, {"preset": preset, **{key: needed[key] for key in required}})


@pytest.mark.parametrize(("kind", "name"), [it for it in ALL if it[0] in RUN_BY_SUITES])
def test_a_suite_runs_it(kind, name) -> None:
    assert (kind, name) in samples.HELD_BY, "say in tests/parts/samples.py which test runs it"
    place, said = samples.HELD_BY[kind, name]
    files = [TESTS / place] if place.endswith(".py") else sorted((TESTS / place).glob("test_*.py"))
    assert any(said in file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(("kind", "name"), [it for it in WITH_SETTINGS if it[0] in registry.KEYS])
def test_its_example_can_be_written_in_a_configuration(kind, name) -> None:
    short = name.partition(".")[2] if kind in registry.OF_A_FRAMEWORK else name
    [(key, given)] = yaml.safe_load(catalogue.part(kind, short).example).items()
    assert key == registry.KEYS[kind]
    [given] = given if isinstance(given, list) else [given]
    config = dict(given) if isinstance(given, dict) else {"type": given}
    assert config.pop("type") == short
    assert part_settings(registry.find(kind, name).Config, config)
