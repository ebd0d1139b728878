"""The parts that can be named in a configuration, of every kind.

Built-in ones import no framework and are described here. To import somebody else's may import anything, so a worker's
process does it.
"""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.server.errors import NoSuchPartError
from dltrainer_jupyter.server.models import read_folder
from dltrainer_jupyter.server.part_schemas import ListingQuery


def kinds() -> Any:
    """List the kinds."""
    from dltrainer_jupyter.tal import catalogue

    return {"kinds": list(catalogue.KINDS)}


def parts(kind: str, query: ListingQuery) -> Any:
    """List the parts of one kind."""
    from dltrainer_jupyter.tal import catalogue
    from dltrainer_jupyter.tal.plug_in_folder import problems

    known = _kind(kind)
    read_folder(again=query.reload)
    if all(catalogue.is_ours(known, name) for name in catalogue.names(known)):
        return {"parts": catalogue.overview(known, query.framework, query.task), "problems": problems()}
    return _apart("parts", kind=known, **query.model_dump())


def part(kind: str, name: str) -> Any:
    """Describe a part."""
    from dltrainer_jupyter.tal import catalogue

    known = _kind(kind)
    read_folder()
    if name not in catalogue.names(known):
        raise NoSuchPartError(str(UnknownNameError(registry.SINGULAR[known], name, catalogue.names(known))))
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
