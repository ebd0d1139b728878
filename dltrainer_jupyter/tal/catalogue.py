"""What can be named in a configuration, and the settings of each part: read from the parts themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import MissingPackageError, UnknownNameError
from dltrainer_jupyter.views.summary import TextTable

_OF_A_FRAMEWORK: frozenset[registry.Kind] = frozenset({"optimizers", "losses", "augmentations"})
_OWN: dict[registry.Kind, str] = {
    "metrics": (
        "Your own: a function f(y_true, y_pred) of class labels (y_score for probabilities), or an object with update "
        "and compute."
    ),
    "losses": "Your own: a function f(outputs, targets).",
}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
_WORDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "none"}


@dataclass(frozen=True)
class Setting:
    """One setting of a part."""

    name: str
    type: str
    """In words, with its bounds."""
    default: Any
    required: bool
    description: str


@dataclass(frozen=True)
class Listed:
    """One part."""

    name: str
    description: str
    frameworks: tuple[str, ...]
    """Those it belongs to; empty if it knows none."""
    settings: tuple[Setting, ...]

    def document(self) -> dict[str, Any]:
        """Describe the part as JSON types."""
        return {**asdict(self), "frameworks": list(self.frameworks), "settings": [asdict(it) for it in self.settings]}


def catalogue(kind: registry.Kind) -> list[Listed]:
    """List the parts of one kind.

    Parameters
    ----------
    kind : str
        Which kind: ``models``, ``optimizers``, ``losses``, ``schedules``, ``augmentations``, ``preprocessing``,
        ``metrics``, ``data`` or ``trackers``.

    Returns
    -------
    list of Listed
        By name. One whose package isn't installed says so in its description.
    """
    return [_listed(kind, name, frameworks) for name, frameworks in _names(kind).items()]


def part(kind: registry.Kind, name: str) -> Listed:
    """Describe one part.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.
    """
    names = _names(kind)
    if name not in names:
        raise UnknownNameError(registry.SINGULAR[kind], name, names)
    return _listed(kind, name, names[name])


def parts_table(parts: Sequence[Listed]) -> TextTable:
    """List parts, a row each."""
    if any(it.frameworks for it in parts):
        rows: list[tuple[str, ...]] = [(it.name, ", ".join(it.frameworks), it.description) for it in parts]
        return TextTable(("name", "framework", "what it is"), rows)
    return TextTable(("name", "what it is"), [(it.name, it.description) for it in parts])


def parts_page(kind: registry.Kind) -> list[TextTable | str]:
    """List the parts of one kind, and say how one's own is written where a function will do."""
    own = _OWN.get(kind)
    return [parts_table(catalogue(kind)), *([own] if own else [])]


def settings_table(of: Listed) -> TextTable:
    """List the settings of a part, a row each."""
    rows = [
        (it.name, it.type, "required" if it.required else json.dumps(it.default), it.description) for it in of.settings
    ]
    return TextTable(("setting", "type", "default", "what it does"), rows)


def _names(kind: registry.Kind) -> dict[str, tuple[str, ...]]:
    """Give each name with the frameworks it is registered for."""
    if kind not in _OF_A_FRAMEWORK:
        return dict.fromkeys(registry.names(kind), ())
    found: dict[str, tuple[str, ...]] = {}
    for framework in registry.names("adapters"):
        for name in registry.names(kind, framework):
            found[name] = (*found.get(name, ()), framework)
    return dict(sorted(found.items()))


def _listed(kind: registry.Kind, name: str, frameworks: tuple[str, ...]) -> Listed:
    try:
        found = registry.find(kind, name, frameworks[0] if frameworks else None)
    except MissingPackageError as error:
        return Listed(name, str(error), frameworks, ())
    schema = found.Config.model_json_schema()
    required = set(schema.get("required", ()))
    settings = tuple(
        Setting(key, _in_words(field, schema), field.get("default"), key in required, field.get("description", ""))
        for key, field in schema.get("properties", {}).items()
    )
    described = getattr(found, "description", None) or (found.__doc__ or "").strip().partition("\n")[0]
    return Listed(name, str(described), frameworks, settings)


def _in_words(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """Write a JSON schema's type as people would."""
    if "$ref" in field:
        return _in_words(schema["$defs"][field["$ref"].rpartition("/")[2]], schema)
    if "const" in field or "enum" in field:
        return " | ".join(str(value) for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field:
        return " | ".join(dict.fromkeys(_in_words(member, schema) for member in field["anyOf"]))
    bounds = [f"{sign} {field[bound]:g}" for bound, sign in _BOUNDS.items() if bound in field]
    if field.get("type") == "array":
        items = field.get("items") or next(iter(field.get("prefixItems", ())), None)
        return f"list ({_in_words(items, schema)} each)" if items else "list"
    if field.get("type") == "object":
        return "mapping"
    return " ".join([_WORDS.get(str(field.get("type")), "anything"), ", ".join(bounds)]).strip()
