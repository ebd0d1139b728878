"""What is wrong with a configuration, and in which line."""

from __future__ import annotations

import json
import re

import pytest

from dltrainer_jupyter.tal.checking import Finding, check

GOOD = """\
# A comment moves every line.
model: mlp

data: digits
"""


@pytest.mark.parametrize(
    "more", ["", "epochs: 3\nmetrics: [accuracy, f1]\nscheduler: {type: cosine}\nexecutor: process"]
)
def test_what_could_be_started_is_not_to_blame(more) -> None:
    assert check(GOOD + more) == []


@pytest.mark.parametrize(
    ("more", "said", "line"),
    [
        ("epochs: many", "epochs: expected a whole number, got 'many'.", 5),
        ("validation:\n  interval: 1\n  split: 3", "validation.split: expected less than 1, got 3.", 7),
        ("validation: {interval: 1, split: 3}", "validation.split: expected less than 1, got 3.", 5),
        ("preprocessing:\n  - standardize\n  - {typ: scale}", "preprocessing.1: expected a name or a mapping with", 7),
        ("optimizer:\n  type: adamw\n  weigth_decay: 1", "Unknown key 'optimizer.weigth_decay'. Did you mean", 7),
        ("optimizer: adm", "Unknown optimizer 'adm'. Did you mean 'adam'?", 5),
        ("monitor: f1", "Unknown monitored metric 'f1'.", 5),
        ("track: [mlflw]", "Unknown tracker 'mlflw'. Did you mean 'mlflow'?", 5),
        ("metrics: [f1, 3]", "metrics.1: expected a name or a mapping with a 'type', got 3.", 5),
        ("loss: $object", "loss: '$object' stands for an object of your own", 5),
        ("epochs: [1", "The YAML doesn't parse: line 5, column 9: ", 5),
        ("data: wine", "The YAML doesn't parse: line 5, column 1: the key 'data' stands there twice.", 5),
    ],
)
def test_a_finding_names_the_line_of_the_key_to_blame(more, said, line) -> None:
    (finding,) = check(GOOD + more + "\n")
    assert finding.message.startswith(said)
    assert finding.line == line


def test_all_that_is_wrong_is_found_at_once() -> None:
    assert [it.line for it in check("model: mpl\ndata: digts\noptimizer: adm\nmetrics: [accurcy, f2]")] == [
        1,
        2,
        3,
        4,
        4,
    ]
    found = check("model: mlp\nepochs: 0\nlr: 1\n")
    assert {it.line for it in found} == {2, 3, None}
    assert Finding("Key 'data' is missing.", None) in found


def test_what_is_wrong_in_different_ways_is_found_at_once() -> None:
    text = """\
modl: mlp
data: {type: digts}
epochs: 0
optimizer: {type: adamw, weigth_decay: 1}
scheduler: cosin
metrics: [accurcy, 3]
monitor: val_f2
track: [tensorboard, tensorboard]
"""
    found = check(text)
    assert sorted((it.line or 0, re.split(r"\.| with", it.message)[0]) for it in found) == [
        (0, "Key 'model' is missing"),
        (1, "Unknown key 'modl'"),
        (2, "Unknown data set 'digts'"),
        (3, "epochs: expected greater than or equal to 1, got 0"),
        (4, "Unknown key 'optimizer"),
        (5, "Unknown scheduler 'cosin'"),
        (6, "Unknown metric 'accurcy'"),
        (6, "metrics"),
        (8, "track: 'tensorboard' stands there twice"),
    ]
    # What the metric to monitor may be is known once the metrics are.
    assert check("model: mlp\ndata: digits\nepochs: 0\nmonitor: val_f2")[1].line == 4


@pytest.mark.parametrize("text", ["", "just text", "- a\n- list", "3: x", "\0", "a: &a [*a]", "[" * 1000, "\t"])
def test_what_is_no_mapping_of_settings_has_a_finding(text) -> None:
    assert check(text)
    assert check(text, is_json=True)


def test_json_has_lines_too() -> None:
    text = json.dumps({"model": "mlp", "data": "digits", "epochs": "many"}, indent=1)
    assert check(text, is_json=True) == [Finding("epochs: expected a whole number, got 'many'.", 4)]
    (finding,) = check('{"model": "mlp",\n"data" "digits"}', is_json=True)
    assert (finding.line, finding.message.startswith("The JSON doesn't parse: ")) == (2, True)


def test_of_a_misspelt_framework_nothing_else_is_said() -> None:
    (finding,) = check(GOOD + "framework: pytorh\noptimizer: adamw")
    assert finding.message.startswith("Unknown framework 'pytorh'. Did you mean 'pytorch'?")
