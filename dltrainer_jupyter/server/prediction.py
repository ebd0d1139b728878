"""Predicting with a checkpoint of a run: a worker's process does it, and no thread of the server waits for it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from dltrainer_jupyter.server.model_schemas import HeatmapsRequest, PredictRequest, TryRequest


def predict(ref: str, request: PredictRequest) -> Future[Any]:
    """Predict inputs, files, text or a drawing."""
    asked = request.model_dump(exclude={"checkpoint"}, exclude_none=True)
    return _ask("predict", ref, request.checkpoint, **asked)


def examples(ref: str, request: TryRequest) -> Future[Any]:
    """Predict some validation examples, as a panel shows them."""
    return _ask("examples", ref, request.checkpoint, count=request.count, offset=request.offset)


def heatmaps(ref: str, request: HeatmapsRequest) -> Future[Any]:
    """Show where the model looks on validation examples."""
    return _ask("heatmaps", ref, request.checkpoint, index=request.index)


def _ask(errand: str, ref: str, checkpoint: str | int, **arguments: Any) -> Future[Any]:
    from dltrainer_jupyter.tal.apart.workers import workers
    from dltrainer_jupyter.tal.run import Run
    from dltrainer_jupyter.tal.session import open_store

    store = open_store()
    # The row that is found by its name or id says all that is needed; whoever asks again and again waits for no other.
    found = store.find(ref)
    Run(found.id, store).trained(checkpoint).record  # noqa: B018 - refused here, if there is none: no process starts
    return workers.ask(found.spec.framework, errand, store=store.url, run=found.id, checkpoint=checkpoint, **arguments)
