"""Predicting with a checkpoint of a run: a worker's process does it, and no thread of the server waits for it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from dltrainer_jupyter.server.model_schemas import PredictRequest, TryRequest


def predict(ref: str, request: PredictRequest) -> Future[Any]:
    """Predict inputs."""
    return _ask("predict", ref, request.checkpoint, inputs=request.inputs, probabilities=request.probabilities)


def examples(ref: str, request: TryRequest) -> Future[Any]:
    """Predict some validation examples, as a panel shows them."""
    return _ask("examples", ref, request.checkpoint, count=request.count, offset=request.offset)


def _ask(errand: str, ref: str, checkpoint: str | int, **arguments: Any) -> Future[Any]:
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.tal.apart.workers import workers

    run = tal.get(ref)
    run.trained(checkpoint).record  # noqa: B018 - refused here, if there is none: no process starts for that
    return workers.ask(run.spec.framework, errand, store=run.store.url, run=run.id, checkpoint=checkpoint, **arguments)
