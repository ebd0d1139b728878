"""What the front end offers for a new run is what the package understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.spec import RunSpec

SOURCE = (Path(__file__).parents[1] / "labextension/src/model/template.ts").read_text(encoding="utf-8")


def _listed(text: str) -> list[str]:
    return re.findall(r"'([^']+)'", text)


def test_the_example_of_a_new_run_can_be_started() -> None:
    found = re.search(r"TEMPLATE = `(.*?)`", SOURCE, re.DOTALL)
    assert found is not None
    spec, own = tal.describe(yaml.safe_load(found[1]))
    assert (spec.name, spec.learning_rate, own) == ("digits-cnn", 1e-3, {})


def test_settings_that_are_offered_exist() -> None:
    found = re.search(r"KEYS = \[(.*?)\];", SOURCE, re.DOTALL)
    assert found is not None
    assert len(offered := _listed(found[1])) > 20
    assert set(offered) <= set(RunSpec.model_fields)


@pytest.mark.parametrize("key", ["precision", "on_nan", "monitor_mode"])
def test_values_that_are_offered_are_all_there_are(key: str) -> None:
    found = re.search(rf"^  {key}: \[(.*?)\]", SOURCE, re.MULTILINE)
    assert found is not None
    annotation = RunSpec.model_fields[key].annotation
    assert annotation is not None
    known = [name for part in (annotation, *get_args(annotation)) for name in get_args(part) if isinstance(name, str)]
    assert sorted(_listed(found[1])) == sorted(set(known))
