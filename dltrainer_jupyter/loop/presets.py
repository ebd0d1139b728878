"""Presets of parts, written out: a run records the settings themselves, so that it outlives a change of the preset."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.schema import PRESET, without_preset
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.loop.checking import named_parts


def with_presets(spec: RunSpec) -> RunSpec:
    """Put the settings of presets in place of their names.

    Parameters
    ----------
    spec : RunSpec
        Its parts are known to exist.

    Raises
    ------
    ConfigurationError
        If a part has no such preset.
    """
    written: dict[str, list[Part]] = {}
    for key, kind, part, framework in named_parts(dict(spec)):
        written.setdefault(key, []).append(_written(part, key, kind, framework))
    update: dict[str, Any] = {}
    for key, its in written.items():
        value = tuple(its) if isinstance(getattr(spec, key), tuple) else its[0]
        if value != getattr(spec, key):
            update[key] = value
    return spec.model_copy(update=update) if update else spec


def _written(part: Part, key: str, kind: registry.Kind, framework: str | None) -> Part:
    if part.is_user_object or PRESET not in part.config:
        return part
    schema = registry.find(kind, part.type, framework).Config
    return type(part).model_validate({"type": part.type, **without_preset(schema, part.config, key)})
