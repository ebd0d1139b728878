"""The models there are, and their settings.

Built-in ones import no framework and are described here. To import somebody else's may import anything, so a worker's
process does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.server.errors import NoSuchModelError
from dltrainer_jupyter.server.part_schemas import ListingQuery


def models(query: ListingQuery) -> Any:
    """List the models."""
    from dltrainer_jupyter.tal import architectures
    from dltrainer_jupyter.tal.plug_in_folder import problems

    read_folder(again=query.reload)
    if all(registry.is_ours("models", name) for name in registry.names("models")):
        return {"models": architectures.overview(query.framework, query.task), "problems": problems()}
    return _apart("models", **query.model_dump())


def read_folder(*, again: bool = False) -> None:
    """See what is in the plug-in folder by now; its files are read, never run."""
    if again:
        plug_ins.reload()
    else:
        plug_ins.refresh()


def metadata(name: str) -> Any:
    """Describe a model."""
    from dltrainer_jupyter.tal import architectures

    return architectures.metadata(name) if _is_ours(name) else _apart("model", name=name)


def config_schema(name: str) -> Any:
    """Give the JSON schema of a model's settings."""
    from dltrainer_jupyter.tal import architectures

    return architectures.config_schema(name) if _is_ours(name) else _apart("model_schema", name=name)


def validate_config(name: str, config: Mapping[str, Any]) -> Any:
    """Check settings of a model."""
    from dltrainer_jupyter.tal import architectures

    return architectures.validated(name, config) if _is_ours(name) else _apart("model_config", name=name, config=config)


def _is_ours(name: str) -> bool:
    read_folder()
    try:
        return registry.is_ours("models", name)
    except UnknownNameError as error:
        raise NoSuchModelError(str(error)) from None


def _apart(errand: str, **arguments: Any) -> Any:
    from dltrainer_jupyter.tal.apart.workers import OTHERS, workers

    return workers.ask(OTHERS, errand, **arguments)
