"""The models that can be named, for programs: what each is, for which frameworks, and the schema of its settings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import forms, registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import part_settings

if TYPE_CHECKING:
    from dltrainer_jupyter.tal.catalogue import Listed


def overview(framework: str | None = None, task: str | None = None) -> list[dict[str, Any]]:
    """List the models.

    Parameters
    ----------
    framework, task : str, optional
        Only those for it.

    Returns
    -------
    list of dict
        ``name``, ``description`` in one line, ``frameworks`` it can be built for. One that can't be imported says why
        in its description.
    """
    from dltrainer_jupyter.tal import catalogue

    return [_row(it) for it in catalogue.catalogue("models", framework, task)]


def metadata(name: str) -> dict[str, Any]:
    """Describe a model.

    Returns
    -------
    dict
        As in :func:`overview`, and ``settings`` (each as a form shows it), ``presets``, ``documentation``, and what
        the model says of itself: ``tasks``, ``version``, ``author``, ``tags``, ``min_gpu_memory_gb``,
        ``recommended_batch_size``, ``supported_image_sizes``, and the ``package`` it comes from.

    Raises
    ------
    UnknownNameError
        If nobody registered the name.
    """
    from dltrainer_jupyter.tal import catalogue

    found = registry.find("models", name)
    listed = catalogue.part("models", name)
    return {**listed.document(), **_row(listed), "documentation": inspect.getdoc(found) or ""}


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


def _row(listed: Listed) -> dict[str, Any]:
    return {"name": listed.name, "description": listed.description, "frameworks": list(listed.about.frameworks)}
