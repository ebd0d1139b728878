"""The parts that can be named in a configuration, of every kind.

Built-in ones import no framework and are described here. To import somebody else's may import anything, so a worker's
process does it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.forms import FormField
from dltrainer_jupyter.server.errors import NoSuchPartError
from dltrainer_jupyter.server.glimpses import glimpses
from dltrainer_jupyter.server.models import read_folder
from dltrainer_jupyter.server.part_schemas import ListingQuery
from dltrainer_jupyter.server.training import APART


def kinds() -> Any:
    """List the kinds."""
    from dltrainer_jupyter.tal import catalogue

    return {"kinds": list(catalogue.KINDS)}


def settings() -> Any:
    """Describe the settings of a run as a whole, as they are for runs that this server starts."""
    from dltrainer_jupyter.tal import run_form

    # Whoever asks is about to write a configuration.
    glimpses.prepare()
    return {"settings": [_here(it).document() for it in run_form.settings()]}


def _here(field: FormField) -> FormField:
    """Say of the executor what holds here: what would train in this process gets one of its own."""
    if field.name != "executor":
        return field
    description = "Where the trainer runs: here always in a process of its own; thread and inline are for notebooks."
    return replace(field, default=APART, description=description)


def parts(kind: str, query: ListingQuery) -> Any:
    """List the parts of one kind."""
    from dltrainer_jupyter.tal import catalogue

    known = _kind(kind)
    read_folder(again=query.reload)
    if all(catalogue.is_ours(known, name) for name in catalogue.names(known)):
        return catalogue.offer(known, query.framework, query.task)
    return _apart("parts", kind=known, **query.model_dump())


def part(kind: str, name: str) -> Any:
    """Describe a part."""
    from dltrainer_jupyter.tal import catalogue

    known = _kind(kind)
    read_folder()
    if name not in catalogue.names(known):
        raise NoSuchPartError(str(registry.unknown(known, name, catalogue.names(known))))
    return catalogue.document(known, name) if catalogue.is_ours(known, name) else _apart("part", kind=known, name=name)


def _kind(name: str) -> registry.Kind:
    from dltrainer_jupyter.tal import catalogue

    try:
        return catalogue.kind_called(name)
    except UnknownNameError as error:
        raise NoSuchPartError(str(error)) from None


def _apart(errand: str, **arguments: Any) -> Any:
    from dltrainer_jupyter.tal.apart.workers import OTHERS, workers

    return workers.ask(OTHERS, errand, **arguments)
