"""Python or YAML, and the notebook's variables in both."""

from __future__ import annotations

import keyword
import traceback
from typing import Any

import cloudpickle
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.magics.body import filename, from_python, from_yaml, is_python
from dltrainer_jupyter.tal.configuration import parse_yaml
from dltrainer_jupyter.views.configuration import Dumper

SETTINGS = ("model", "data", "loss", "optimizer", "metrics", "epochs")

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
# An annotation with a value is Python by the rule, so "=" stays out; "$" would name a variable.
texts = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs"), exclude_characters="=$"), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
mappings = st.dictionaries(names, values, min_size=1, max_size=4)


@given(mappings, st.sampled_from([True, False, None]))
def test_a_yaml_mapping_is_not_python_and_is_read_as_written(mapping, flow) -> None:
    body = yaml.dump(mapping, Dumper=Dumper, default_flow_style=flow, sort_keys=False, width=10_000)
    assert not is_python(body)
    assert from_yaml(body, parse_yaml, {}) == mapping


@given(names, scalars, mappings)
def test_one_assignment_makes_it_python(name, value, mapping) -> None:
    annotations = "".join(f"{key}: {value!r}\n" for key in mapping)
    assert is_python(f"{annotations}{name} = {value!r}\n")


@given(st.text(max_size=60))
def test_any_text_is_one_or_the_other(body) -> None:
    assert is_python(body) in (True, False)


@pytest.mark.parametrize(
    ("body", "python"),
    [
        ("", False),
        ("# nothing yet", False),
        ("model: cnn", False),
        ("model: cnn\ndata: digits", False),
        ("model", False),
        ("build()", False),
        ("model: nn.Module = net", True),
        ("model = net", True),
        ("model: cnn\nmodel = net", True),
        ("import torch", True),
        ("def model(): ...", True),
        ("for i in range(3): pass", True),
        ("model = (", False),
        ('pattern: "\\d"', False),
        ("model: \0", False),
        ("(" * 5000, False),
    ],
)
def test_examples(body, python) -> None:
    assert is_python(body) is python


# --- YAML -------------------------------------------------------------------------------------------


def test_dollar_names_stand_for_variables_at_any_depth() -> None:
    net, x, y = object(), object(), object()
    body = "model: $net\ndata: [$x, $y]\nvalidation: {deep: [{er: $x}]}\nname: not $net\n"
    found = from_yaml(body, parse_yaml, {"net": net, "x": x, "y": y})
    assert found["model"] is net
    assert isinstance(found["data"], tuple), "lists in it would pass for a list that was written"
    assert found["data"][0] is x
    assert found["data"][1] is y
    assert found["validation"]["deep"][0]["er"] is x
    assert found["name"] == "not $net"


def test_an_undefined_name_gets_a_suggestion_from_the_persons_own_names() -> None:
    variables = {"x_train": 1, "_x_tran": 2, "In": []}
    with pytest.raises(ConfigurationError, match=r"^data\[0\]: .*no variable 'x_tran'\. Did you mean 'x_train'\?$"):
        from_yaml("data: [$x_tran]", parse_yaml, variables)


def test_only_a_whole_name_is_understood() -> None:
    with pytest.raises(ConfigurationError, match=r"data: .*got '\$x\[:10\]'; assign"):
        from_yaml("data: $x[:10]", parse_yaml, {"x": 1})


def test_lines_are_counted_as_the_cell_shows_them() -> None:
    with pytest.raises(ConfigurationError, match="line 3, column 7"):
        from_yaml("model: cnn\ndata: @digits\n", parse_yaml, {})


def test_broken_python_is_told_as_python_too() -> None:
    with pytest.raises(ConfigurationError, match=r"YAML.*If it is meant to be Python: line 3: "):
        from_yaml("model = net\ndata = (x, y\n", parse_yaml, {})


def test_plain_broken_yaml_says_nothing_of_python() -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_yaml("model: [cnn\n", parse_yaml, {})
    assert "Python" not in str(caught.value)


# --- Python -----------------------------------------------------------------------------------------


def run(body: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    return from_python(body, "test", "%%dltrain test", {"__name__": "__main__", **(variables or {})}, SETTINGS)


def test_only_settings_that_are_assigned_are_taken() -> None:
    found = run("model = net\nhelper = 3\nfor epochs in range(3): pass", {"net": "the net", "data": "the notebook's"})
    assert found == {"model": "the net", "epochs": 2}


def test_assigning_a_variable_to_itself_takes_it() -> None:
    assert run("model = model", {"model": 1}) == {"model": 1}


def test_the_notebook_keeps_its_names() -> None:
    variables = {"x": 1, "__annotations__": {}}
    run("x = 2\nmodel: int = x\nimport json", variables)
    assert variables == {"x": 1, "__annotations__": {}}


def test_functions_classes_and_comprehensions_see_each_other() -> None:
    body = """
width = 3
def double(value): return 2 * value * width
class Net:
    size = double(width)
    def grow(self): return [double(self.size) for _ in range(width)]
model = Net().grow()
"""
    assert run(body)["model"] == [108, 108, 108]


def test_a_name_may_be_deleted_again() -> None:
    assert run("model = 1\ndel model") == {}


def test_what_is_defined_in_a_cell_can_be_pickled() -> None:
    made = run("scale = 3\nclass Net:\n    def __call__(self, x): return scale * x\nmodel = Net()")["model"]
    assert cloudpickle.loads(cloudpickle.dumps(made))(2) == 6


def test_an_exception_carries_the_source_of_the_cell() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run("def f():\n    return 1 / 0\nmodel = f()")
    frames = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == filename("test")]
    assert [(frame.lineno, frame.line) for frame in frames] == [(4, "model = f()"), (3, "return 1 / 0")]


def test_what_does_not_compile_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match=r"line 2: 'return' outside function"):
        run("return 3")


def test_annotations_are_not_postponed_in_the_persons_code() -> None:
    assert run("def f(x: int): ...\nmodel = f.__annotations__['x']")["model"] is int


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("data = 1\nmodel: mlp", "model: line 3 is YAML, .* expected model = \"mlp\", got 'model: mlp'"),
        ("model: {'type': 1}\ndef train_step(model): ...", "model: line 2 is YAML, .* expected model = …, got"),
    ],
)
def test_a_setting_written_as_yaml_in_python_is_named(body: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        run(body)


def test_a_setting_that_is_only_declared_first_is_assigned_as_ever() -> None:
    assert run("model: int\nwidth: int\nmodel = 3") == {"model": 3}
