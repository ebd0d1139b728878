"""What becomes of a sample in the layers of a configuration, while somebody writes it.

Layers that are built in are followed here, in milliseconds; other people's are imported by a worker's process, which
may import anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import DLTrainerError, WorkerTimeoutError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.server.glimpses import glimpses
from dltrainer_jupyter.server.models import read_folder
from dltrainer_jupyter.server.promises import then
from dltrainer_jupyter.server.stack_schemas import OutlineQuery


def outline(query: OutlineQuery, settings: Mapping[str, Any]) -> Any:
    """Say of each layer what it takes, gives and learns, and what is wrong with it."""
    read_folder()
    if query.input_shape is not None:
        return _outlined(settings, Signature("classification", query.input_shape, query.outputs), None)
    return then(glimpses.of(settings), lambda looked: _with(settings, looked))


def _with(settings: Mapping[str, Any], looked: Future[Any]) -> Any:
    """Follow what was found out about the data, or say why nobody knows."""
    from dltrainer_jupyter.tal import glimpse

    try:
        signature = glimpse.read(looked.result())
    except WorkerTimeoutError:
        why = "data: looking at it took too long; so shapes aren't known before a run starts."
        return _outlined(settings, None, why)
    except DLTrainerError as error:
        return _outlined(settings, None, str(error))
    return _outlined(settings, signature, None)


def _outlined(settings: Mapping[str, Any], signature: Signature | None, why: str | None) -> Any:
    from dltrainer_jupyter.tal import glimpse, stacks
    from dltrainer_jupyter.tal.apart.workers import OTHERS, workers

    kinds = stacks.kinds(settings) & set(registry.names("layers"))
    if all(registry.is_ours("layers", kind) for kind in kinds):
        return stacks.outlined(settings, signature, why)
    found = None if signature is None else glimpse.document(signature)
    return workers.ask(OTHERS, "outline", settings={"model": settings["model"]}, signature=found, why=why)
