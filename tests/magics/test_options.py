"""The words of a magic's line."""

from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.vocabulary import WORDS
from dltrainer_jupyter.magics.options import parse_cell_line, parse_verb_line

PREDICT = WORDS["predict"]


def test_every_option_of_a_cell() -> None:
    line = (
        "digits-cnn --framework pytorch --executor process --epochs 3 --batch-size 16 --lr 1e-2 --seed 7 "
        "--monitor val_f1 --track mlflow neptune --set model.dropout=0.1 optimizer=sgd --no-panel --wait --new "
        "--dry-run"
    )
    found = parse_cell_line(line)
    assert found.name == "digits-cnn"
    assert found.settings == {
        "framework": "pytorch",
        "executor": "process",
        "epochs": 3,
        "batch_size": 16,
        "learning_rate": 0.01,
        "seed": 7,
        "monitor": "val_f1",
        "track": ["mlflow", "neptune"],
    }
    assert found.assignments == ["model.dropout=0.1", "optimizer=sgd"]
    assert (found.no_panel, found.wait, found.new, found.dry_run, found.help) == (True, True, True, True, False)


@given(st.text(min_size=1, max_size=20).filter(lambda name: not name.startswith("-")))
def test_a_quoted_name_comes_through(name) -> None:
    assert parse_cell_line(f"{shlex.quote(name)} --epochs 3").name == name
    assert parse_cell_line(f"--epochs 3 {shlex.quote(name)}").name == name


def test_set_may_stand_several_times_and_before_the_name() -> None:
    found = parse_cell_line("--set a=1 b=2 name --set c=3")
    assert (found.name, found.assignments) == ("name", ["a=1", "b=2", "c=3"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--epoch 3", r"^Unknown option '--epoch'\. Did you mean '--epochs'\?"),
        ("-e 3", "^Unknown option '-e'"),
        ("--epochs many", r"^--epochs: expected a whole number, got 'many'\.$"),
        ("--lr fast", r"^--lr: expected a number, got 'fast'\.$"),
        ("--epochs", r"^--epochs: expected one argument\.$"),
        ("a b", "^Expected one name for the run, got 'a', 'b'"),
        ("pause digits", "verbs take one %"),
        ("'a", "no closing quotation"),
        ("--wait=yes", "^--wait: "),
    ],
)
def test_what_a_cell_does_not_understand(line, message) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_cell_line(line)


@given(st.text(max_size=40))
def test_any_line_is_read_or_refused(line) -> None:
    for parse in (parse_cell_line, lambda it: parse_verb_line(PREDICT, it)):
        with contextlib.suppress(ConfigurationError):
            parse(line)


def test_options_of_a_verb() -> None:
    found = parse_verb_line(WORDS["resume"], "digits --epochs 20 --executor process")
    assert (found.words, found.options) == (["digits"], {"epochs": 20, "executor": "process"})
    with pytest.raises(UnknownNameError, match="Did you mean '--epochs'"):
        parse_verb_line(WORDS["resume"], "--epoch 20")


@pytest.mark.parametrize(
    ("line", "expression", "options"),
    [
        ("x[:5]", "x[:5]", {}),
        ("x[:5] --run a", "x[:5]", {"run": "a"}),
        ("--run a x[:5] --checkpoint last", "x[:5]", {"run": "a", "checkpoint": "last"}),
        ("--checkpoint=45 f(x, 'y z')", "f(x, 'y z')", {"checkpoint": "45"}),
        ("t['a --run b'] --run c", "t['a --run b']", {"run": "c"}),
        ("{'a': [1, 2]}", "{'a': [1, 2]}", {}),
        ("x -- 3", "x -- 3", {}),
        ("scans/ --run c", "scans/", {"run": "c"}),
        ("", None, {}),
    ],
)
def test_the_expression_to_predict_is_left_alone(line, expression, options) -> None:
    found = parse_verb_line(PREDICT, line)
    assert found.words == ([] if expression is None else [expression])
    assert found.options == options
