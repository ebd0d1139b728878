"""What a form has to know of a part's settings: read from the part's ``Config``, whoever draws it.

Kinds are ``int``, ``float``, ``str``, ``bool``, ``select`` (one of some values), ``multiselect`` (any of some),
``list``, ``mapping``, ``group`` (settings with names of their own), ``either`` (one of several kinds), ``part`` (a part
named in the registry, with its settings) and ``any``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import presets

if TYPE_CHECKING:
    from pydantic import BaseModel

FieldKind = Literal[
    "int", "float", "str", "bool", "select", "multiselect", "list", "mapping", "group", "either", "part", "any"
]

_KINDS: dict[str, FieldKind] = {"integer": "int", "number": "float", "string": "str", "boolean": "bool"}
_WORDS = {
    "int": "whole number",
    "float": "number",
    "str": "text",
    "bool": "true or false",
    "mapping": "mapping",
    "group": "mapping",
    "part": "name of a part, or a mapping with its type",
}
_DEEPEST = 8
"""Levels of settings in settings that are described."""


@dataclass(frozen=True)
class FormField:
    """One setting."""

    name: str
    kind: FieldKind
    description: str = ""
    default: Any = None
    example: Any = None
    """A value that could stand there, where the setting gives some."""
    required: bool = False
    nullable: bool = False
    """Whether null, which means none, may stand there."""
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    exclusive_maximum: float | None = None
    step: float | None = None
    options: tuple[Any, ...] = ()
    """The values to choose from."""
    group: str | None = None
    """Heading under which it stands."""
    advanced: bool = False
    secret: bool = False
    shortest: int | None = None
    """Least characters of a text, least items of a list."""
    longest: int | None = None
    pattern: str | None = None
    item: FormField | None = None
    """Each item of a list, each value of a mapping."""
    fields: tuple[FormField, ...] = ()
    """The settings of a group; of a part those that stand beside its own."""
    alternatives: tuple[FormField, ...] = ()
    """The kinds of which it is one."""
    parts: str | None = None
    """The kind of parts that may be named there, such as ``models``."""
    short: str | None = None
    """The setting of a group that a plain value in its place stands for."""

    @property
    def type(self) -> str:
        """Say in words what may stand there."""
        return f"{self._words()} | none" if self.nullable else self._words()

    def _words(self) -> str:
        if self.kind == "either":
            return " | ".join(it.type for it in self.alternatives)
        if self.kind == "select":
            return " | ".join(map(_option, self.options))
        if self.kind == "multiselect":
            return f"list ({' | '.join(map(_option, self.options))} each)"
        if self.kind == "list":
            return "list" if self.item is None or self.item.kind == "any" else f"list ({self.item.type} each)"
        bounds = {
            "≥": self.minimum,
            ">": self.exclusive_minimum,
            "≤": self.maximum,
            "<": self.exclusive_maximum,
        }
        said = ", ".join(f"{sign} {_number(bound)}" for sign, bound in bounds.items() if bound is not None)
        return f"{_WORDS.get(self.kind, 'anything')} {said}".strip()

    def document(self) -> dict[str, Any]:
        """Describe the setting as JSON types, with ``type`` in words; what doesn't apply is left out."""
        always = {"name", "kind", "description", "default", "required"}
        values = {it.name: getattr(self, it.name) for it in fields(self)}
        kept = {key: it for key, it in values.items() if key in always or not (it is None or it is False or it == ())}
        return {"type": self.type, **{key: _document(value) for key, value in kept.items()}}


@dataclass(frozen=True)
class Form:
    """All settings of a part."""

    fields: tuple[FormField, ...]
    presets: Mapping[str, Mapping[str, Any]]


_FORMS: WeakKeyDictionary[type[BaseModel], Form] = WeakKeyDictionary()
"""Those made so far: a list of parts asks for all of them, and each takes pydantic milliseconds."""


def json_schema(schema: type[BaseModel], where: str = "") -> dict[str, Any]:
    """Give the JSON schema of a part's settings, its presets under ``presets``.

    Raises
    ------
    ConfigurationError
        If a setting is of a type that JSON can't say.
    """
    try:
        found = schema.model_json_schema()
    except (PydanticInvalidForJsonSchema, PydanticUserError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        msg = f"{where or schema.__qualname__}: a setting is of a type that no form can show: {reason}."
        raise ConfigurationError(msg) from error
    known = presets(schema)
    return {**found, "presets": known} if known else found


def form(schema: type[BaseModel], where: str = "") -> Form:
    """Describe a part's settings.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        The part's ``Config``.
    where : str, default ""
        What the part is called in a message.

    Raises
    ------
    ConfigurationError
        If a setting is of a type that JSON can't say.

    Examples
    --------
    >>> from dltrainer_jupyter.core.schema import setting
    >>> class Config(BaseModel):
    ...     rate: float = setting(0.1, description="Share that is dropped.", ge=0, lt=1)
    >>> form(Config).fields[0].type
    'number ≥ 0, < 1'
    """
    made = _FORMS.get(schema)
    if made is None:
        whole = json_schema(schema, where)
        known = whole.get("$defs", {})
        made = _FORMS[schema] = Form(_fields(_resolved(whole, known), known, 0), presets(schema))
    return made


def _fields(of: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> tuple[FormField, ...]:
    required = set(of.get("required", ()))
    return tuple(
        _field(name, said, known, depth, required=name in required) for name, said in of.get("properties", {}).items()
    )


def _field(
    name: str, said: Mapping[str, Any], known: Mapping[str, Any], depth: int, *, required: bool = False
) -> FormField:
    """Read one property of a JSON schema."""
    about = {**_resolved(said, known), **said}
    kinds = [_resolved(it, known) for it in about.get("anyOf", ())]
    others = [it for it in kinds if it.get("type") != "null"]
    if len(others) == 1:
        about = {**others[0], **{key: value for key, value in about.items() if key != "anyOf"}}
    shape = _shape(others, known, depth) if len(others) > 1 else _single(about, known, depth)
    return FormField(
        name=name,
        description=str(about.get("description", "")),
        default=about.get("default"),
        example=next(iter(about.get("examples", ())), None),
        required=required,
        nullable=len(others) < len(kinds),
        step=about.get("step"),
        group=about.get("group"),
        short=about.get("short"),
        advanced=bool(about.get("advanced", False)),
        **shape,
    )


def _shape(others: list[dict[str, Any]], known: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth >= _DEEPEST:
        return {"kind": "any"}
    found = [_field("", it, known, depth + 1) for it in others]
    return {"kind": "either", "alternatives": tuple(it for at, it in enumerate(found) if it not in found[:at])}


def _single(about: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if "enum" in about or "const" in about:
        return {"kind": "select", "options": tuple(about.get("enum", [about.get("const")]))}
    kind = str(about.get("type"))
    if kind == "array" and depth < _DEEPEST:
        return _list(about, known, depth)
    if kind == "object" and depth < _DEEPEST:
        if "properties" in about:
            return {"kind": "group", "fields": _fields(about, known, depth + 1)}
        values = about.get("additionalProperties")
        item = _field("", values, known, depth + 1) if isinstance(values, Mapping) and values else None
        return {"kind": "mapping", "item": item}
    return {
        "kind": _KINDS.get(kind, "any"),
        "minimum": about.get("minimum"),
        "exclusive_minimum": about.get("exclusiveMinimum"),
        "maximum": about.get("maximum"),
        "exclusive_maximum": about.get("exclusiveMaximum"),
        "shortest": about.get("minLength"),
        "longest": about.get("maxLength"),
        "pattern": about.get("pattern"),
        "secret": about.get("format") == "password",
    }


def _list(about: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> dict[str, Any]:
    said = about.get("items") or next(iter(about.get("prefixItems", ())), None)
    item = _field("", said, known, depth + 1) if isinstance(said, Mapping) else None
    bounds = {"shortest": about.get("minItems"), "longest": about.get("maxItems")}
    if item is not None and item.kind == "select":
        return {"kind": "multiselect", "options": item.options, **bounds}
    return {"kind": "list", "item": item, **bounds}


def _resolved(said: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Follow a reference to where a shared definition stands."""
    name = str(said.get("$ref", "")).rpartition("/")[2]
    return {**known.get(name, {}), **{key: value for key, value in said.items() if key != "$ref"}}


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _option(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(value: Any) -> Any:
    if isinstance(value, FormField):
        return value.document()
    return [_document(item) for item in value] if isinstance(value, tuple | list) else value
