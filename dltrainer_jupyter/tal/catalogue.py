"""What can be named in a configuration, and the settings of each part: read from the parts themselves."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from dltrainer_jupyter.core import forms, registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, UnknownNameError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.registry.faults import WITHOUT_SETTINGS
from dltrainer_jupyter.core.terms import TERMS
from dltrainer_jupyter.tal.plug_in_folder import problems
from dltrainer_jupyter.views.summary import TextTable

KINDS: tuple[registry.Kind, ...] = tuple(it for it in get_args(registry.Kind) if it not in WITHOUT_SETTINGS)
"""Kinds of parts that have settings."""
_SAID = (
    "package",
    "version",
    "author",
    "tasks",
    "tags",
    "min_gpu_memory_gb",
    "recommended_batch_size",
    "supported_image_sizes",
)
OWN: dict[registry.Kind, str] = {
    "metrics": (
        "Your own: a function f(y_true, y_pred) of class labels (y_score for probabilities), or an object with update "
        "and compute."
    ),
    "losses": "Your own: a function f(outputs, targets), or one of the model that makes it.",
    "regularizations": "Your own: a function f(value) or f(outputs, targets), or one of the model.",
    "preprocessing": (
        "Your own: a function f(inputs) of all samples, an object with fit and apply, a transformer of scikit-learn's, "
        "or a generator function of one sample, which yields several."
    ),
    "postprocessing": (
        "Your own: a function f(predictions) of all of them, an object with apply, or a fitted scaler of "
        "scikit-learn's, whose inverse_transform takes values back to their unit."
    ),
}
"""How one's own is written, of kinds where a function will do."""


@dataclass(frozen=True)
class Listed:
    """One part."""

    kind: registry.Kind
    name: str
    description: str
    frameworks: tuple[str, ...]
    """Those it belongs to; empty if it knows none."""
    settings: tuple[forms.FormField, ...]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings that go together, by name."""
    about: registry.Metadata = field(default_factory=registry.Metadata)
    """What it says of itself."""

    @property
    def example(self) -> str:
        """How it may be written in a configuration: with what it can't do without, or else with its first setting."""
        needed = [it for it in self.settings if it.required]
        usual = [it for it in self.settings if not it.advanced and it.default not in (None, [], "")]
        shown = {it.name: _possible(it) for it in needed or usual[:1]}
        part = f"{{type: {self.name}, {_in_one_line(shown)}}}" if shown else self.name
        if self.kind == "layers":
            return f"model: {{layers: [{part}]}}"
        key = registry.KEYS.get(self.kind, registry.SINGULAR[self.kind])
        return f"{key}: [{part}]" if key in registry.LISTED else f"{key}: {part}"

    def document(self) -> dict[str, Any]:
        """Describe the part as JSON types."""
        return {
            "name": self.name,
            "description": self.description,
            "frameworks": list(self.frameworks),
            "example": self.example,
            "settings": [it.document() for it in self.settings],
            "presets": _plain(self.presets),
            **{key: value for key, value in self.about.document().items() if key in _SAID},
        }


def catalogue(kind: registry.Kind, framework: str | None = None, task: str | None = None) -> list[Listed]:
    """List the parts of one kind.

    Parameters
    ----------
    kind : str
        Which kind: ``models``, ``optimizers``, ``losses``, ``schedules``, ``augmentations``, ``preprocessing``,
        ``postprocessing``, ``metrics``, ``data`` or ``trackers``.
    framework, task : str, optional
        Only those for it; a part that says nothing of it is for any.

    Returns
    -------
    list of Listed
        By name. One that can't be imported says why in its description.

    Raises
    ------
    UnknownNameError
        If there is no such framework or task.
    """
    for what, name, known in (("framework", framework, registry.names("adapters")), ("task", task, get_args(Task))):
        if name is not None and name not in known:
            raise UnknownNameError(what, name, known)
    found = [_listed(kind, name, frameworks) for name, frameworks in _names(kind).items()]
    return [it for it in found if it.about.suits(framework, task)]


def part(kind: registry.Kind, name: str) -> Listed:
    """Describe one part.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.
    """
    names = _names(kind)
    if name not in names:
        raise registry.unknown(kind, name, names)
    return _listed(kind, name, names[name])


def parts_table(parts: Sequence[Listed]) -> TextTable:
    """List parts, a row each."""
    if any(it.frameworks for it in parts):
        rows: list[tuple[str, ...]] = [(it.name, ", ".join(it.frameworks), it.description) for it in parts]
        return TextTable(("name", "framework", "what it is"), rows)
    return TextTable(("name", "what it is"), [(it.name, it.description) for it in parts])


def parts_page(kind: registry.Kind, framework: str | None = None, task: str | None = None) -> list[TextTable | str]:
    """List the parts of one kind, say how one's own is written where a function will do, and what can't be used."""
    own = OWN.get(kind)
    left_out = [f"Left out: {problem}" for problem in problems()]
    return [parts_table(catalogue(kind, framework, task)), *([own] if own else []), *left_out]


def part_page(of: Listed) -> list[TextTable | str]:
    """Describe a part: its settings, those that few people change after the others, and its presets."""
    plain = [it for it in of.settings if not it.advanced]
    advanced = [it for it in of.settings if it.advanced]
    page: list[TextTable | str] = [f"{of.name}: {of.description}", f"Such as: {of.example}"]
    page += [settings_table(plain)] if plain else ["It has no settings of its own."] if not advanced else []
    page += ["Advanced:", settings_table(advanced)] if advanced else []
    if (carried := TERMS.get(registry.KEYS.get(of.kind, ""))) is not None:
        page += ["What each may carry besides:", settings_table(forms.form(carried, of.name).fields)]
    page += [said] if (said := _said_besides(of.about)) else []
    rows = [(name, _in_one_line(its)) for name, its in of.presets.items()]
    page += [TextTable(("preset", "settings; those written beside it win"), rows)] if rows else []
    return page


def settings_table(settings: Sequence[forms.FormField]) -> TextTable:
    """List settings, a row each, those of one group one after another."""
    groups = list(dict.fromkeys(it.group for it in settings))
    rows = [
        (it.name, it.type, "required" if it.required else written(it.default), it.description, it.group or "")
        for it in sorted(settings, key=lambda it: (it.group is not None, groups.index(it.group)))
    ]
    columns = ("setting", "type", "default", "what it does", "group")
    return TextTable(columns, rows) if any(groups) else TextTable(columns[:-1], [row[:-1] for row in rows])


def document(kind: registry.Kind, name: str) -> dict[str, Any]:
    """Describe a part for programs.

    Returns
    -------
    dict
        As :meth:`Listed.document`, and ``kind``, ``documentation``, ``package`` and ``config_schema``, the JSON
        schema of its settings.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.
    """
    listed = part(kind, name)
    framework = listed.frameworks[0] if listed.frameworks else None
    found = registry.find(kind, name, framework)
    return {
        **listed.document(),
        "kind": kind,
        "documentation": inspect.getdoc(found) or "",
        "config_schema": forms.json_schema(found.Config, name),
    }


def overview(kind: registry.Kind, framework: str | None = None, task: str | None = None) -> list[dict[str, Any]]:
    """List the parts of one kind for programs."""
    return [it.document() for it in catalogue(kind, framework, task)]


def offer(kind: registry.Kind, framework: str | None = None, task: str | None = None) -> dict[str, Any]:
    """List the parts of one kind for a form, and say what of the plug-in folder can't be used."""
    return {"parts": overview(kind, framework, task), "problems": problems()}


def kind_called(name: str) -> registry.Kind:
    """Give the kind of a name that somebody wrote.

    Raises
    ------
    UnknownNameError
        If parts of no kind are called so.
    """
    for kind in KINDS:
        if kind == name:
            return kind
    unknown = "kind of part"
    raise UnknownNameError(unknown, name, KINDS)


def names(kind: registry.Kind) -> list[str]:
    """List the names of one kind, without the framework in front."""
    return list(_names(kind))


def is_ours(kind: registry.Kind, name: str) -> bool:
    """Tell whether a part is built in on every framework that has it, so that importing it imports no framework."""
    return all(registry.is_ours(kind, name, framework) for framework in _names(kind)[name] or (None,))


def _names(kind: registry.Kind) -> dict[str, tuple[str, ...]]:
    """Give each name with the frameworks it is registered for."""
    if kind not in registry.OF_A_FRAMEWORK:
        return dict.fromkeys(registry.names(kind), ())
    found: dict[str, tuple[str, ...]] = {}
    for framework in registry.names("adapters"):
        for name in registry.names(kind, framework):
            found[name] = (*found.get(name, ()), framework)
    return dict(sorted(found.items()))


def _listed(kind: registry.Kind, name: str, frameworks: tuple[str, ...]) -> Listed:
    try:
        found = registry.find(kind, name, frameworks[0] if frameworks else None)
        about = registry.metadata(kind, name, frameworks[0] if frameworks else None, found)
        form = forms.form(found.Config, name)
    except (ConfigurationError, MissingPackageError) as error:
        return Listed(kind, name, str(error), frameworks, (), about=registry.Metadata(frameworks=frameworks))
    return Listed(kind, name, about.description, frameworks, form.fields, form.presets, about)


def _said_besides(about: registry.Metadata) -> str:
    """Say in a line what a part says of itself besides what it is."""
    memory, sizes = about.min_gpu_memory_gb, about.supported_image_sizes
    said = {
        "frameworks": ", ".join(about.frameworks),
        "tasks": ", ".join(about.tasks),
        "images of": f"{', '.join(map(str, sizes))} pixels" if sizes else "",
        "GPU memory": f"{memory:g} GB at least" if memory else "",
        "batch size": str(about.recommended_batch_size or ""),
        "tags": ", ".join(about.tags),
        "author": about.author,
        "version": about.version,
        "from": about.package,
    }
    return "; ".join(f"{key}: {value}" for key, value in said.items() if value)


def _possible(setting: forms.FormField) -> Any:
    """Give a value that could stand there."""
    if not setting.required:
        return setting.default
    if setting.example is not None:
        return setting.example
    if setting.options:
        return [setting.options[0]] if setting.kind == "multiselect" else setting.options[0]
    if setting.kind == "list" and setting.item is not None:
        return [_possible(replace(setting.item, required=True))] * (setting.shortest or 1)
    if setting.kind in {"int", "float"}:
        return next((it for it in (setting.minimum, setting.maximum) if it is not None), 1)
    return "…"


def _in_one_line(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {written(value)}" for key, value in settings.items())


def written(value: Any) -> str:
    """Write a value as it may stand in a configuration, on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """Bring presets to JSON types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
