"""What a form is told of settings, for every kind of field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.forms import form, json_schema
from dltrainer_jupyter.core.schema import setting


class Inner(BaseModel):
    """Settings in settings."""

    size: int = Field(default=3, ge=1, description="How large.")


class Config(BaseModel):
    """Settings."""

    presets: ClassVar = {"easy": {"whole": 1}}

    whole: int = setting(description="W.", ge=0, lt=9, step=2, group="numbers")
    share: float | None = setting(0.5, description="S.", gt=0, le=1, advanced=True)
    text: str = setting("a", description="T.", min_length=1, max_length=5, pattern="^a")
    flag: bool = setting(default=False, description="F.")
    one: Literal["a", "b"] = setting("a", description="O.")
    some: tuple[Literal["a", "b"], ...] = setting((), description="M.", max_length=2)
    many: list[int] = setting(default_factory=list, description="L.")
    pair: tuple[float, float] = setting((1, 2), description="P.")
    named: dict[str, float] = setting(default_factory=dict, description="N.")
    inner: Inner = setting(Inner(), description="I.")
    either: int | Literal["all"] = setting("all", description="E.")
    token: SecretStr | None = setting(None, description="K.")
    folder: Path | None = setting(None, description="D.")


FIELDS = {it.name: it for it in form(Config).fields}


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("whole", "int", "whole number ≥ 0, < 9"),
        ("share", "float", "number > 0, ≤ 1 | none"),
        ("text", "str", "text"),
        ("flag", "bool", "true or false"),
        ("one", "select", "a | b"),
        ("some", "multiselect", "list (a | b each)"),
        ("many", "list", "list (whole number each)"),
        ("pair", "list", "list (number each)"),
        ("named", "mapping", "mapping"),
        ("inner", "group", "mapping"),
        ("either", "either", "whole number | all"),
        ("token", "str", "text | none"),
        ("folder", "str", "text | none"),
    ],
)
def test_kinds_and_words(name, kind, words) -> None:
    assert (FIELDS[name].kind, FIELDS[name].type) == (kind, words)
    assert FIELDS[name].description


def test_what_a_form_needs_besides() -> None:
    assert form(Config).presets == {"easy": {"whole": 1}}
    whole = FIELDS["whole"]
    assert (whole.minimum, whole.exclusive_maximum, whole.step, whole.group, whole.required) == (
        0,
        9,
        2,
        "numbers",
        True,
    )
    assert (FIELDS["share"].default, FIELDS["share"].nullable, FIELDS["share"].advanced) == (0.5, True, True)
    assert (FIELDS["text"].shortest, FIELDS["text"].longest, FIELDS["text"].pattern) == (1, 5, "^a")
    assert (FIELDS["pair"].shortest, FIELDS["pair"].longest) == (2, 2)
    assert (FIELDS["some"].options, FIELDS["some"].longest) == (("a", "b"), 2)
    assert [it.name for it in FIELDS["inner"].fields] == ["size"]
    assert [it.kind for it in FIELDS["either"].alternatives] == ["int", "select"]
    assert (FIELDS["token"].secret, FIELDS["folder"].secret) == (True, False)


def test_zero_is_a_bound_and_nothing_is_left_out_that_applies() -> None:
    assert FIELDS["whole"].document() == {
        "type": "whole number ≥ 0, < 9",
        "name": "whole",
        "kind": "int",
        "description": "W.",
        "default": None,
        "required": True,
        "minimum": 0,
        "exclusive_maximum": 9,
        "step": 2,
        "group": "numbers",
    }
    assert FIELDS["many"].document()["item"]["kind"] == "int"


def test_settings_that_hold_themselves_have_an_end() -> None:
    class Node(BaseModel):
        below: list[Node] = []
        left: Node | None = None

    Node.model_rebuild(_types_namespace={"Node": Node})
    field = form(Node).fields[0]
    for _ in range(20):
        field = field.item or (field.fields or (field,))[0]
    assert field.kind in {"list", "any"}


def test_a_type_that_no_form_can_show_is_named() -> None:
    class Odd(BaseModel):
        act: Callable[[], Any] = print

    with pytest.raises(ConfigurationError, match="^odd: a setting is of a type that no form can show"):
        json_schema(Odd, "odd")
