"""The models that can be named, for programs: what each is, for which frameworks, and the schema of its settings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core import forms, registry
from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError
from dltrainer_jupyter.core.schema import part_settings


def overview() -> list[dict[str, Any]]:
    """List the models.

    Returns
    -------
    list of dict
        ``name``, ``description`` in one line, ``frameworks`` it can be built for. One that can't be imported says why
        in its description.
    """
    return [_row(name) for name in registry.names("models")]


def metadata(name: str) -> dict[str, Any]:
    """Describe a model.

    Returns
    -------
    dict
        As in :func:`overview`, and ``tasks``, ``settings`` (each as a form shows it), ``presets``,
        ``documentation``, and the ``package`` it comes from.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.
    """
    from dltrainer_jupyter.tal import catalogue

    found = registry.find("models", name)
    listed = catalogue.part("models", name).document()
    return {
        **_described(name, found),
        "tasks": list(getattr(found, "task", ())),
        "settings": listed["settings"],
        "presets": listed["presets"],
        "documentation": inspect.getdoc(found) or "",
        "package": registry.package("models", name),
    }


def config_schema(name: str) -> dict[str, Any]:
    """Give the JSON schema of a model's settings."""
    return forms.json_schema(registry.find("models", name).Config, name)


def validated(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Check settings of a model.

    Parameters
    ----------
    name : str
        Of the model.
    config : mapping
        Settings, as they stand beside ``type`` in a configuration; that key may stand there as well.

    Returns
    -------
    dict
        ``valid``; ``problems``, each with the ``path`` to the key and a ``message``; ``config``, the settings with all
        defaults filled in, or None if they can't be used.
    """
    schema = registry.find("models", name).Config
    given = {key: value for key, value in config.items() if (key, value) != ("type", name)}
    try:
        complete = part_settings(schema, given)
    except ConfigurationError as error:
        problems = [{"path": ".".join(problem.path), "message": problem.message} for problem in error.problems]
        return {"valid": False, "problems": problems, "config": None}
    return {"valid": True, "problems": [], "config": complete.model_dump(mode="json")}


def _row(name: str) -> dict[str, Any]:
    try:
        return _described(name, registry.find("models", name))
    except DLTrainerError as error:
        return {"name": name, "description": str(error), "frameworks": []}


def _described(name: str, found: Any) -> dict[str, Any]:
    described = getattr(found, "description", None) or (inspect.getdoc(found) or "").partition("\n")[0]
    # A model supports a framework by a method of its name.
    frameworks = [it for it in registry.names("adapters") if callable(getattr(found, it, None))]
    return {"name": name, "description": str(described), "frameworks": frameworks}
