from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.listing import Comparison, RunFilter
from dltrainer_jupyter.views.filtering import parse


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", RunFilter()),
        ('  ""  ', RunFilter()),
        ("digits  CNN", RunFilter(words=("digits", "CNN"))),
        ('"two words" name:"a b"', RunFilter(words=("two words", "a b"))),
        ('"lr=0.1"', RunFilter(words=("lr=0.1",))),
        ("state:running,lost", RunFilter(states=(frozenset({State.RUNNING, State.LOST}),))),
        ("framework:jax,x", RunFilter(frameworks=(frozenset({"jax", "x"}),))),
        ("executor:process", RunFilter(executors=(frozenset({"process"}),))),
        ("host:a,b host:c", RunFilter(hosts=(("a", "b"), ("c",)))),
        ("val_accuracy>0.9", RunFilter(comparisons=(Comparison("val_accuracy", ">", 0.9),))),
        ("best<=1e-3 f1=1", RunFilter(comparisons=(Comparison("best", "<=", 1e-3), Comparison("f1", "=", 1)))),
        ("loss>=-2", RunFilter(comparisons=(Comparison("loss", ">=", -2),))),
    ],
)  # fmt: skip
def test_what_people_type_is_understood(text: str, wanted: RunFilter) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state:runing", "Unknown state 'runing'. Did you mean 'running'"),
        ("sate:running", "Did you mean 'state:'"),
        ("state:", "expected something behind 'state:'"),
        ("best<", "expected a number behind 'best<', got ''"),
        ("best<low", 'expected a number behind .*"best<low"'),
        ("best<nan", "expected a number"),
        ("best>inf", "expected a number"),
        ('digits "cnn', 'second quotation mark behind the one in "cnn'),
        ("a\0b", "NUL"),
        ("\udcff", "half a character"),
        ("x " * 31, "at most 30 terms, got 31"),
        ("x" * 1001, "at most 1,000 characters, got 1,001"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_was_expected(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse(text)


_BITS = st.sampled_from(["state:", '"', "a", ">", "<=", "1", ":", ",", " ", "host:", "%"])


@given(st.text(max_size=30) | st.lists(_BITS, max_size=12).map("".join))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        assert isinstance(parse(text), RunFilter)


@pytest.mark.parametrize("text", ["é ü%_\\", "host:x,y framework:a", "a>1 b<2 c=3 best>=4", 'name:"; DROP TABLE"'])
def test_what_is_understood_can_be_asked_of_a_store(store: Store, text: str) -> None:
    assert store.page(parse(text)) == ([], None)
