"""Checking settings that name other people's parts.

To look at the settings of such a part means to import it, and it may import anything, a framework for one. So a
worker's process does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.loop import parts
from dltrainer_jupyter.tal.apart.workers import OTHERS, workers

_PARTS: dict[str, registry.Kind] = {
    "recipe": "recipes",
    "model": "models",
    "data": "data",
    "scheduler": "schedules",
    "preprocessing": "preprocessing",
    "metrics": "metrics",
}
_PARTS_OF_A_FRAMEWORK: dict[str, registry.Kind] = {
    "optimizer": "optimizers",
    "loss": "losses",
    "augmentation": "augmentations",
}


def check_parts(spec: RunSpec) -> None:
    """Look up every name and check its settings, without importing other people's parts here.

    Raises
    ------
    ConfigurationError
        As :func:`dltrainer_jupyter.loop.parts.check_parts` does.
    """
    if names_others(dict(spec)):
        workers.ask(OTHERS, "check_parts", spec=spec.dump()).result()
    else:
        parts.check_parts(spec)


def names_others(given: Mapping[str, Any]) -> bool:
    """Tell whether settings, checked or not, name parts that aren't built in; imports nothing."""
    framework = given.get("framework", RunSpec.model_fields["framework"].default)
    alike = ((kind, name, None) for key, kind in _PARTS.items() for name in _names(given.get(key)))
    by_framework = (
        (kind, name, str(framework)) for key, kind in _PARTS_OF_A_FRAMEWORK.items() for name in _names(given.get(key))
    )
    return any(not _is_ours(*part) for part in (*alike, *by_framework))


def _is_ours(kind: registry.Kind, name: str, framework: str | None) -> bool:
    try:
        return registry.is_ours(kind, name, framework)
    except ConfigurationError:
        return True  # nobody's, and refused before anything is imported


def _names(value: Any) -> list[str]:
    listed = value if isinstance(value, list | tuple) else [value]
    named = [it.type if isinstance(it, Part) else it.get("type") if isinstance(it, Mapping) else it for it in listed]
    return [name for name in named if isinstance(name, str)]
