"""The tables that every face reads agree with what they speak of."""

from __future__ import annotations

from typing import get_args

import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import Verb
from dltrainer_jupyter.core.vocabulary import SETTINGS, WORDS

OPTIONS = [*SETTINGS, *(option for word in WORDS.values() for option in word.options)]


@pytest.mark.parametrize("option", SETTINGS, ids=lambda option: option.flag)
def test_an_option_sets_a_setting_of_its_type(option) -> None:
    if option.key:
        annotation = RunSpec.model_fields[option.key].annotation
        assert option.type in {str, annotation, *get_args(annotation)}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flag)
def test_an_option_explains_itself(option) -> None:
    assert option.flag.startswith("--")
    assert option.attribute.isidentifier()
    assert option.help.endswith(".")
    assert option.names is None or registry.names(option.names)


@pytest.mark.parametrize("word", WORDS.values(), ids=lambda word: word.name)
def test_a_verb_explains_itself_in_one_sentence(word) -> None:
    assert word.name == word.name.lower()
    assert word.help.endswith(".")
    assert "\n" not in word.help
    assert (word.subject == "part") == (word.parts is not None)


def test_every_control_is_a_word() -> None:
    assert set(Verb) <= set(WORDS)
