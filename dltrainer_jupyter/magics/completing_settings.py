"""What may come next inside a configuration: settings of the part that was chosen, and values to choose from.

It looks at the lines around the cursor, not at a parsed document: what is being typed doesn't parse yet.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.forms import Form, FormField, form
from dltrainer_jupyter.core.schema import PRESET
from dltrainer_jupyter.core.spec import RunSpec

KINDS: dict[str, registry.Kind] = {
    "framework": "adapters",
    "executor": "executors",
    "recipe": "recipes",
    "model": "models",
    "data": "data",
    "optimizer": "optimizers",
    "loss": "losses",
    "regularization": "regularizations",
    "metrics": "metrics",
    "scheduler": "schedules",
    "augmentation": "augmentations",
    "preprocessing": "preprocessing",
    "postprocessing": "postprocessing",
    "track": "trackers",
}
"""Keys whose value is a registered name, and which kind of part that is."""
_ONLY_A_NAME = {"framework", "executor"}

_ENTRY = re.compile(r"\s*(?:-\s+)?(\w+):\s*(.*)")
"""A key and what stands behind it."""
_NAME = re.compile(r"[\w.-]*")
_CLOSED = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}")


def names(kind: registry.Kind) -> list[str]:
    """List the names of one kind, without the framework in front."""
    found = {name for framework in registry.names("adapters") for name in registry.names(kind, framework)}
    return sorted(found | {name for name in registry.names(kind) if "." not in name})


def in_body(text: str, lines: Sequence[str], at: int) -> list[str]:
    """Say what may stand at the cursor in a YAML body.

    Parameters
    ----------
    text : str
        The line up to the cursor.
    lines : sequence of str
        The whole body.
    at : int
        Which of them the cursor is in.
    """
    top = _top(text, lines, at)
    if top is None:
        return _of_keys((f"{key}:" for key in RunSpec.model_fields), text) or _top_value(text)
    inner = _unclosed(text)
    if inner is not None:
        given, typed = _entries(inner)
    else:
        given, typed = _beside(lines, at), text.lstrip().removeprefix("- ").lstrip()
    return _within(top, given, typed)


def of_set(typed: str, before: Iterable[str], lines: Sequence[str]) -> list[str]:
    """Say what may stand behind ``--set``.

    Parameters
    ----------
    typed : str
        The word so far, such as ``optimizer.`` or ``model.pooling=m``.
    before : iterable of str
        The words before it, in which a part may be chosen.
    lines : sequence of str
        The body below, in which one may be chosen, too.
    """
    key, equals, _ = typed.partition("=")
    top, dot, name = key.partition(".")
    if not dot:
        if equals:
            return names(KINDS[top]) if top in KINDS else _choices(_field(_whole(), top))
        return [f"{it}{sign}" for it in RunSpec.model_fields for sign in _signs(it)]
    found = _form_of(top, _chosen(top, before, lines))
    if not equals:
        return [f"{top}.{it.name}=" for it in found.fields] + ([f"{top}.{PRESET}="] if found.presets else [])
    return list(found.presets) if name == PRESET and found.presets else _choices(_field(found, name))


# --- where the cursor is ----------------------------------------------------------------------------


def _top(text: str, lines: Sequence[str], at: int) -> str | None:
    """Find the key of the specification inside whose value the cursor is; None at the top itself."""
    if text[:1].strip():
        entry = _ENTRY.fullmatch(text)
        return entry[1] if entry and _unclosed(entry[2]) is not None else None
    for line in reversed(lines[:at]):
        if line[:1].strip() and not line.startswith(("#", "- ")):
            entry = _ENTRY.fullmatch(line)
            return entry[1] if entry and text[:1] else None
    return None


def _unclosed(text: str) -> str | None:
    """Give what stands behind the last brace that isn't closed."""
    _, brace, inner = _without_closed(text).rpartition("{")
    return inner if brace else None


def _without_closed(text: str) -> str:
    while (shorter := _CLOSED.sub("", text)) != text:
        text = shorter
    return text


def _entries(inner: str) -> tuple[dict[str, str], str]:
    """Tell what is given between braces from what is being typed."""
    before, bracket, listed = inner.partition("[")
    *done, typed = before.split(",")
    given = {entry[1]: entry[2].strip() for it in done if (entry := _ENTRY.fullmatch(it))}
    return given, (typed + bracket + listed).lstrip()


def _beside(lines: Sequence[str], at: int) -> dict[str, str]:
    """Give what stands in the lines above and below that belong to the same mapping."""
    depth = _depth(lines[at])
    found: dict[str, str] = {}
    for step in (-1, 1):
        number = at if step == 1 or not _begins_item(lines[at]) else -1
        number += step
        while 0 <= number < len(lines) and (_depth(lines[number]) >= depth or not lines[number].strip()):
            if step == 1 and _begins_item(lines[number]) and _depth(lines[number]) == depth:
                break
            if _depth(lines[number]) == depth and (entry := _ENTRY.fullmatch(lines[number])):
                found.setdefault(entry[1], entry[2].strip())
            if step == -1 and _begins_item(lines[number]) and _depth(lines[number]) == depth:
                break
            number += step
    return found


def _depth(line: str) -> int:
    """Count the columns before a line's key; the dash of a list is one of them."""
    return len(line) - len(line.lstrip(" ").removeprefix("- ").lstrip(" "))


def _begins_item(line: str) -> bool:
    return line.lstrip(" ").startswith("- ")


# --- what may stand there ---------------------------------------------------------------------------


def _of_keys(keys: Iterable[str], typed: str) -> list[str]:
    return list(keys) if re.fullmatch(r"\w+", typed) else []


def _top_value(text: str) -> list[str]:
    entry = _ENTRY.fullmatch(text)
    if entry is None or (not entry[2] and not text.endswith(" ")):
        return []
    value = entry[2].removeprefix("[").rpartition(",")[2].strip()
    if not _NAME.fullmatch(value):
        return []
    return names(KINDS[entry[1]]) if entry[1] in KINDS else _choices(_field(_whole(), entry[1]))


def _within(top: str, given: dict[str, str], typed: str) -> list[str]:
    """Say what may stand inside the value of a key of the specification."""
    entry = _ENTRY.fullmatch(typed)
    if entry is not None and entry[1] == "type" and top in KINDS:
        return names(KINDS[top]) if _NAME.fullmatch(entry[2]) else []
    found = _form_of(top, given.get("type", ""))
    if entry is None:
        keys = [it.name for it in found.fields] + ([PRESET] if found.presets else [])
        keys = ["type", *keys] if top in KINDS else keys
        return [f"{key}:" for key in keys if key not in given] if re.fullmatch(r"\w*", typed) else []
    if entry[1] == PRESET and found.presets:
        return list(found.presets)
    return _choices(_field(found, entry[1]))


def _choices(field: FormField | None) -> list[str]:
    """List the values to choose from."""
    if field is None:
        return []
    found = ["true", "false"] if field.kind == "bool" else []
    found += [str(it).lower() if isinstance(it, bool) else str(it) for it in field.options]
    found += [choice for it in (*field.alternatives, *([field.item] if field.item else [])) for choice in _choices(it)]
    return list(dict.fromkeys(found))


def _field(of: Form, name: str) -> FormField | None:
    return next((it for it in of.fields if it.name == name), None)


def _form_of(top: str, part: str) -> Form:
    """Describe the settings of a part, or of a group of the specification's."""
    if top not in KINDS:
        field = _field(_whole(), top)
        groups = [] if field is None else [it for it in (field, *field.alternatives) if it.kind == "group"]
        return Form(groups[0].fields if groups else (), {})
    kind = KINDS[top]
    for framework in (None, *registry.names("adapters")) if part and top not in _ONLY_A_NAME else ():
        if part in registry.names(kind, framework):
            return form(registry.find(kind, part, framework).Config)
    return Form((), {})


@functools.cache
def _whole() -> Form:
    return form(RunSpec)


def _signs(key: str) -> tuple[str, ...]:
    """Say how a key may go on: with its value, or with a setting inside it."""
    if key in KINDS:
        return ("=",) if key in _ONLY_A_NAME else ("=", ".")
    return (".",) if _form_of(key, "").fields else ("=",)


def _chosen(top: str, before: Iterable[str], lines: Sequence[str]) -> str:
    """Find the part that is chosen for a key: by an option, in the body, or by default."""
    words = {key: value for word in before for key, equals, value in [word.partition("=")] if equals}
    if name := words.get(f"{top}.type") or words.get(top):
        return name
    for at, line in enumerate(lines):
        entry = _ENTRY.fullmatch(line)
        if entry is None or line[:1].isspace() or entry[1] != top:
            continue
        if entry[2].startswith("{"):
            return _entries(entry[2].strip("{} ") + ",")[0].get("type", "")
        return entry[2].strip() or (_beside(lines, at + 1).get("type") or _own_type(lines, at + 1))
    default = RunSpec.model_fields[top].default if top in RunSpec.model_fields else None
    return str(getattr(default, "type", ""))


def _own_type(lines: Sequence[str], at: int) -> str:
    entry = _ENTRY.fullmatch(lines[at]) if at < len(lines) else None
    return entry[2].strip() if entry and entry[1] == "type" else ""
