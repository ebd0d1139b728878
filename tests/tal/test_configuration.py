from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import USER_OBJECT, Part, RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal import describe
from dltrainer_jupyter.tal.configuration import merged, parse_assignments, parse_yaml, read_file
from dltrainer_jupyter.views.configuration import to_yaml

BILLIONS = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}' if n else 'x'] * 10)}]\n" for n in range(10))


def error_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        parse_yaml(text)
    message = str(error.value)
    assert "\n" not in message
    return message


# --- YAML -------------------------------------------------------------------------------------------------


def test_the_file_of_the_manual() -> None:
    text = """
    name: digits-cnn
    model: cnn                      # a comment
    optimizer: {type: adamw, weight_decay: 1.0e-4}
    learning_rate: 1e-3
    metrics: [accuracy, f1]
    validation: false
    """
    assert parse_yaml(text) == {
        "name": "digits-cnn",
        "model": "cnn",
        "optimizer": {"type": "adamw", "weight_decay": 1e-4},
        "learning_rate": 1e-3,
        "metrics": ["accuracy", "f1"],
        "validation": False,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 1e-3), ("1E5", 1e5), ("-2e+2", -200.0), (".5e1", 5.0), ("1.5", 1.5), ("1_000e0", 1000.0), ("3", 3)],
)
def test_numbers_are_numbers(text: str, value: float) -> None:
    found = parse_yaml(f"rate: {text}")["rate"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["'1e-3'", "e-3", "1e", "adam", "1e-3x", "."])
def test_what_is_no_number_stays_text(text: str) -> None:
    assert isinstance(parse_yaml(f"rate: {text}")["rate"], str)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}"])
def test_nothing_is_no_settings(text: str) -> None:
    assert parse_yaml(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "model: cnn\n  data: x",
            "line 2, column 7: expected no ':' here (an indented line, or a text that needs quotes).",
        ),
        ("model: [cnn", "line 1, column 8: expected ']' at the end of what begins here, got the end of the text."),
        ("model: cnn\nmodel: mlp", "line 2, column 1: the key 'model' stands there twice."),
        ("optimizer: {type: adam, type: sgd}", "line 1, column 25: the key 'type' stands there twice."),
        ("a: 1\n\tb: 2", "line 2, column 1: expected spaces, got a tab."),
        ("a: *b", "line 1, column 4: no '&b' stands above this '*b'; as a text it needs quotes."),
        (
            "a: !!python/object:os.system x",
            "line 1, column 4: unknown tag 'tag:yaml.org,2002:python/object:os.system'; as a text",
        ),
        ("a: 1\n---\nb: 2", "line 2, column 1: expected one document, got a second one."),
        ("? [1, 2]\n: 3", "line 1, column 3: expected a name as the key, got a list or a mapping."),
        ("a: 1\nb: [1\nc: 2\n", "line 3, column 2: expected ',' or ']', got ':'."),
        ("a: 1\nb: {c: [1\n\n\n", "line 2, column 8: expected ']' at the end of what begins here"),
        ("a: 'x\n\n", "line 1, column 4: expected a quote at the end of the text that begins here."),
        ("a: 1\nepochs 3\nb: 2", "line 2, column 1: expected ':' behind this key."),
        ("a:\n  - b\n c: 1", "line 3, column 2: expected a line in the column of those above, got a key."),
        ("{a: 1}}", "line 1, column 7: expected the end of the text, got '}'."),
        ("a: @b", "line 1, column 4: a text that begins with '@' needs quotes."),
        ("a: &b 1\nc: &b 2", "line 2, column 4: this anchor ('&') stands above already."),
        ('a: "\\q"', "line 1, column 6: unknown escape '\\q'; write '\\\\q', or use single quotes."),
        ("a: - b", "line 1, column 4: expected no '-' here; a list begins on a line of its own."),
        ("a: [1,,2]", "line 1, column 7: expected a value, got ','."),
        ("a: >x", "line 1, column 5: expected a line break behind '|' or '>', got 'x'."),
        ("<<: 1", "line 1, column 5: expected a mapping behind '<<'."),
        ("%x\na: 1", "line 2, column 1: expected the end of the text, got a value."),
        ("a: 2024-13-45", "a value can't be read (ValueError: month must be in 1..12)."),
        ("a: !!int x", "a value can't be read (ValueError: invalid literal for int() with base 10: 'x')."),
        ("a: !!timestamp x", "a value can't be read (AttributeError:"),
        ("a: !!bool x", "a value can't be read (KeyError:"),
        ("a: " + "9" * 5000, "a value can't be read (ValueError: Exceeds the limit"),
        ("[" * 5000, "it is nested too deep."),
        ("a: &a\n  b: *a", "line 1, column 4: with aliases spelled out it holds more than 1,000,000 values."),
        (BILLIONS, "line 6, column 5: with aliases spelled out it holds more than 1,000,000 values."),
        ("a: \0", "line 1: the character #x0000 can't stand in YAML."),
    ],
)
def test_what_does_not_parse_is_said_with_its_place(text: str, expected: str) -> None:
    assert error_of(text).startswith(f"The YAML doesn't parse: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2]", "Expected a YAML mapping of settings such as 'model: cnn', got [1, 2]."),
        ("just text", "Expected a YAML mapping of settings such as 'model: cnn', got 'just text'."),
        ("- " + "x" * 500, "Expected a YAML mapping of settings such as 'model: cnn', got ['xxx"),
        ("1: cnn", "Expected the names of settings as keys, got 1; if it is meant as text, quote it."),
    ],
)
def test_what_is_no_mapping_is_refused(text: str, expected: str) -> None:
    assert error_of(text).startswith(expected)
    assert len(error_of(text)) < 200


def test_settings_may_be_shared_by_reference() -> None:
    text = "base: &base {type: sgd, momentum: 0.5}\noptimizer:\n  <<: *base\n  momentum: 0.9\n"
    assert parse_yaml(text)["optimizer"] == {"type": "sgd", "momentum": 0.9}


@pytest.mark.slow
@given(st.text() | st.text(alphabet="{}[]:,-&*!|>'\"%@`?#ab1 \n\t", max_size=40))
def test_any_text_is_settings_or_one_clear_line(text: str) -> None:
    try:
        found = parse_yaml(text)
    except ConfigurationError as error:
        assert "\n" not in str(error)  # noqa: PT017 - whether it is raised depends on the text
    else:
        assert all(isinstance(key, str) for key in found)


# --- there and back -----------------------------------------------------------------------------------------

_TEXT = st.text(max_size=8) | st.sampled_from(
    ["1e-3", "yes", "null", "~", "1:30", "2024-01-01", "0x1", "=", "<<", "- a"]
)
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_PART = st.builds(lambda kind, rest: {**rest, "type": kind}, _TEXT, st.dictionaries(_TEXT, _PLAIN, max_size=3))


@example({"type": "\x85 \u2028"}, {"type": "\u2029\n"}, [], False)
@given(_PART, _PART, st.lists(_PART, max_size=2), st.booleans())
def test_a_description_comes_back_from_its_yaml(model: Any, optimizer: Any, metrics: Any, complete: bool) -> None:
    values = {"model": model, "data": "digits", "optimizer": optimizer, "metrics": metrics, "learning_rate": 1e-5}
    spec = validate(RunSpec, values)
    assert validate(RunSpec, parse_yaml(to_yaml(spec, complete=complete))) == spec


def test_yaml_holds_what_is_not_by_default_unless_all_is_wanted() -> None:
    spec = RunSpec(model="mlp", data="digits", epochs=3)
    assert to_yaml(spec) == "model: mlp\ndata: digits\nepochs: 3\n"
    assert parse_yaml(to_yaml(spec, complete=True)).keys() == RunSpec.model_fields.keys()


# --- files --------------------------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.yaml").write_text("name: ünïcode\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_file(tmp_path / "run.yaml") == read_file("~/run.yaml") == {"name": "ünïcode"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: ü".encode("latin-1"))
    (tmp_path / "bad.yaml").write_text("a: [")
    for name, reason in [
        ("missing.yaml", "can't be read: No such file or directory."),
        (".", "can't be read: Is a directory."),
        ("latin.yaml", "can't be read: it is not UTF-8 text."),
        ("bad.yaml", "bad.yaml: The YAML doesn't parse: line 1, column 5: "),
    ]:
        with pytest.raises(ConfigurationError) as error:
            read_file(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)
        assert reason in str(error.value)


# --- assignments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (["epochs=3"], {"epochs": 3}),
        (["learning_rate=1e-3"], {"learning_rate": 1e-3}),
        (["name=a=b"], {"name": "a=b"}),
        (["monitor="], {"monitor": None}),
        (["validation=false"], {"validation": False}),
        (["metrics=[accuracy, f1]"], {"metrics": ["accuracy", "f1"]}),
        ([" model.hidden = [64]"], {"model": {"hidden": [64]}}),
        (["optimizer.type=adamw", "optimizer.eps=0.1"], {"optimizer": {"type": "adamw", "eps": 0.1}}),
        (["optimizer=sgd", "optimizer.momentum=0.9"], {"optimizer": {"type": "sgd", "momentum": 0.9}}),
        (["optimizer.momentum=0.9", "optimizer=sgd"], {"optimizer": "sgd"}),
        (["epochs=3", "epochs.x=1"], {"epochs": {"x": 1}}),
        (["a.b.c=1", "a.b.d=2"], {"a": {"b": {"c": 1, "d": 2}}}),
        ([], {}),
    ],
)
def test_assignments(pairs: list[str], expected: dict[str, Any]) -> None:
    assert parse_assignments(pairs) == expected


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("epochs", "Expected KEY=VALUE, got 'epochs'."),
        ("=3", "Expected KEY=VALUE, got '=3'."),
        ("a..b=3", "Expected KEY=VALUE, got 'a..b=3'."),
        ("model=[1", "model: The YAML doesn't parse: line 1, column 1: expected ']'"),
    ],
)
def test_what_is_no_assignment_is_refused(pair: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_assignments([pair])
    assert str(error.value).startswith(message)


# --- merging ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        ({"epochs": 1}, {"epochs": 2}, {"epochs": 2}),
        ({"optimizer": "adam"}, {"optimizer": {"eps": 0.1}}, {"optimizer": {"type": "adam", "eps": 0.1}}),
        ({"optimizer": {"type": "adam", "eps": 0.1}}, {"optimizer": {"type": "sgd"}}, {"optimizer": {"type": "sgd"}}),
        (
            {"optimizer": {"type": "adam", "eps": 0.1}},
            {"optimizer": {"type": "adam", "amsgrad": True}},
            {"optimizer": {"type": "adam", "eps": 0.1, "amsgrad": True}},
        ),
        ({"optimizer": {"type": "adam", "eps": 0.1}}, {"optimizer": "sgd"}, {"optimizer": "sgd"}),
        ({"optimizer": {"eps": 0.1}}, {"optimizer": {"type": "adam"}}, {"optimizer": {"type": "adam", "eps": 0.1}}),
        (
            {"checkpoint": {"keep": 3}},
            {"checkpoint": {"every_epochs": 2}},
            {"checkpoint": {"keep": 3, "every_epochs": 2}},
        ),
        ({"validation": False}, {"validation": {"split": 0.1}}, {"validation": {"split": 0.1}}),
        ({"validation": {"split": 0.1}}, {"validation": False}, {"validation": False}),
        ({"metrics": ["f1"]}, {"metrics": ["mae"]}, {"metrics": ["mae"]}),
    ],
)
def test_changes_lie_over_what_was(base: dict[str, Any], changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merged(base, changes) == expected


@given(st.dictionaries(_TEXT, _PLAIN, max_size=4), st.dictionaries(_TEXT, _PLAIN, max_size=4))
def test_merging_changes_neither_side(base: dict[str, Any], changes: dict[str, Any]) -> None:
    before = repr(base), repr(changes)
    once = merged(base, changes)
    assert (repr(base), repr(changes)) == before
    assert merged(base, {}) == base
    assert merged({}, changes) == changes
    assert merged(once, changes) == once
    assert once.keys() == base.keys() | changes.keys()


def test_a_persons_own_object_is_written_in_words() -> None:
    """It is told from a name, with the settings beside it, and isn't taken for one where it is handed back."""
    squared = Part.model_validate({"type": USER_OBJECT, "is": "squared", "power": 3})
    spec = RunSpec(
        model=Part.user_object("Sequential"),
        data="digits",
        metrics=[Part.user_object("mine"), "f1"],
        preprocessing=[squared],
    )
    text = to_yaml(spec)
    assert text == (
        "model: Sequential (your own)\ndata: digits\nmetrics:\n- mine (your own)\n- f1\n"
        "preprocessing:\n- type: squared (your own)\n  power: 3\n"
    )
    with pytest.raises(ConfigurationError, match=r"^metrics: 'mine' stands for an object of your own, which has to be"):
        describe(parse_yaml(text))


def test_on_is_a_key_though_yaml_takes_it_for_true() -> None:
    assert parse_yaml("retry: {on: [store], times: 2}\nverbose: off") == {
        "retry": {"on": ["store"], "times": 2},
        "verbose": False,
    }
