"""What the front end begins a new run with is what the package understands."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from dltrainer_jupyter import tal

SOURCE = (Path(__file__).parents[1] / "labextension/src/model/template.ts").read_text(encoding="utf-8")


def test_the_example_of_a_new_run_can_be_started() -> None:
    found = re.search(r"TEMPLATE = `(.*?)`", SOURCE, re.DOTALL)
    assert found is not None
    spec, own = tal.describe(yaml.safe_load(found[1]))
    assert (spec.name, spec.learning_rate, own) == ("digits-cnn", 1e-3, {})
