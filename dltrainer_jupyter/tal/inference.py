"""Try a checkpoint: a model of its own, which shares nothing with the one in training."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.checkpoints.reader import load_weights
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, DLTrainerError
from dltrainer_jupyter.core.protocols import Dataset, Predictor, Samples, Signature
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.data.foreign.recognition import is_read_once
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.executors import held, objects
from dltrainer_jupyter.loop.parts import close_data, load_data

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.tal.run import Run

_KEPT = 4
"""Models that stay in memory for the next prediction."""
_ATTEMPTS = 5
"""Times a checkpoint is looked up again because retention took it away in between."""

_SHOWN = 8
"""Values of one example that are written out."""

_models: OrderedDict[tuple[str, str], tuple[Predictor, Signature]] = OrderedDict()
_lock = threading.Lock()


class TrainedModel:
    """The model of one checkpoint of a run; ``best`` and ``last`` move on as the training does.

    Parameters
    ----------
    run : Run
        Whose.
    which : {"best", "last"} or int
        Which checkpoint; a number is its step.
    """

    def __init__(self, run: Run, which: str | int) -> None:
        self._run = run
        self._which = which

    @property
    def record(self) -> CheckpointRecord:
        """The checkpoint as it is now.

        Raises
        ------
        CheckpointError
            If there is none yet.
        """
        found = self._run.store.checkpoint(self._run.id, self._which)
        if found is not None:
            return found
        if isinstance(self._which, int):
            msg = f"Run '{self._run.name}' has no checkpoint at step {self._which:,} any more."
        elif self._which == "best":
            msg = f"Run '{self._run.name}' has no best checkpoint yet; the first one comes with its first validation."
        else:
            msg = f"Run '{self._run.name}' has no checkpoint yet; it has only begun."
        raise CheckpointError(msg)

    def __repr__(self) -> str:
        """Show run, checkpoint and the monitored metric."""
        try:
            run, record = self._run.record, self.record
        except DLTrainerError as error:
            return f"<TrainedModel {self._which}: {error}>"
        monitored = run.best.metric if run.best else ""
        value = f", {monitored} {record.metrics[monitored]:.4g}" if monitored in record.metrics else ""
        return f"<TrainedModel {self._which} of {run.name}: step {record.step:,}, epoch {record.epoch}{value}>"

    def predict(self, x: Any) -> npt.NDArray[Any]:
        """Predict.

        Parameters
        ----------
        x : array-like, shape (n, ...) or the shape of one sample
            As the data came, before preprocessing.

        Returns
        -------
        numpy.ndarray, shape (n,), (n, outputs) or, with a class for each position, (n, ...)
            Class labels (their names where the targets were text), or values.
        """
        outputs, signature = self._outputs(x)
        if signature.task == "regression":
            return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs  # noqa: PLR2004
        probabilities = _probabilities(outputs)
        classes: npt.NDArray[Any] = probabilities.argmax(axis=1)
        return np.array(_names(signature, probabilities.shape[1]))[classes] if signature.encoded else classes

    def predict_proba(self, x: Any) -> npt.NDArray[np.float32]:
        """Predict the probability of each class.

        Returns
        -------
        numpy.ndarray of float32, shape (n, classes) or (n, classes, ...)

        Raises
        ------
        CheckpointError
            If the run is no classification.
        """
        outputs, signature = self._outputs(x)
        if signature.task == "regression":
            msg = f"Run '{self._run.name}' predicts values, not classes; use predict."
            raise CheckpointError(msg)
        return _probabilities(outputs)

    def model(self) -> Any:
        """Give a model with the checkpoint's weights, the framework's own, for the caller to keep."""
        _, predictor, _ = self._build()
        return predictor.model  # type: ignore[attr-defined]

    def examples(self, count: int = 12, offset: int = 0) -> dict[str, Any]:
        """Predict some validation examples, as JSON types for a panel.

        Parameters
        ----------
        count : int, default 12
            How many.
        offset : int, default 0
            Index of the first one.
        """
        record, predictor, signature = self._predictor()
        spec = self._run.spec
        own = objects_of(self._run)
        if is_read_once(own.get("data")):
            msg = "examples: a generator gives its batches only once, and they are the training's; use predict."
            raise ConfigurationError(msg)
        part = _shown(load_data(spec, own))
        indices = np.arange(offset, offset + min(count, len(part))) % len(part)
        inputs, targets = part.inputs[indices], part.targets[indices]
        started = time.perf_counter()
        outputs = predictor.outputs(inputs)
        milliseconds = 1000 * (time.perf_counter() - started)
        return {
            "checkpoint": {"step": record.step, "epoch": record.epoch},
            "task": signature.task,
            "labels": list(signature.labels),
            "latency_ms": round(milliseconds, 2),
            "total": len(part),
            "items": [
                _item(int(index), inputs[at], targets[at], outputs[at : at + 1], signature)
                for at, index in enumerate(indices)
            ],
        }

    def _outputs(self, x: Any) -> tuple[npt.NDArray[Any], Signature]:
        _, predictor, signature = self._predictor()
        return predictor.outputs(apply_chain(signature.preprocessing, x)), signature

    def _predictor(self) -> tuple[CheckpointRecord, Predictor, Signature]:
        """Give a model from memory, or build one."""
        record = self.record
        key = (self._run.id, record.digest)
        with _lock:
            kept = _models.get(key)
            if kept is not None:
                _models.move_to_end(key)
        if kept is not None:
            return record, *kept
        record, predictor, signature = self._build()
        with _lock:
            _models[self._run.id, record.digest] = (predictor, signature)
            while len(_models) > _KEPT:
                _models.popitem(last=False)
        return record, predictor, signature

    def _build(self) -> tuple[CheckpointRecord, Predictor, Signature]:
        for left in reversed(range(_ATTEMPTS)):
            record = self.record
            try:
                weights, manifest = load_weights(Path(record.path))
            except CheckpointError:
                # While the training goes on, a newer checkpoint may just have taken this one's place.
                if left and self.record.path != record.path:
                    continue
                raise
            run = self._run.record
            adapter = registry.find("adapters", run.spec.framework)
            predictor: Predictor = adapter.predictor(run.spec, objects_of(self._run), manifest.signature, weights)
            return record, predictor, manifest.signature
        msg = f"The checkpoints of run '{self._run.name}' change faster than they can be read; try again."
        raise CheckpointError(msg)


def _shown(data: Dataset) -> Samples:
    """Give samples to show, held back ones if there are some: all in memory, or the first batch of a stream.

    Raises
    ------
    ConfigurationError
        If that batch is no pair of inputs and targets.
    """
    source = data.train if data.validation is None else data.validation
    if isinstance(source, Samples):
        return source
    try:
        inputs, targets = next(source.epoch(1, 0))
        return Samples(np.asarray(inputs), np.asarray(targets))
    except (TypeError, ValueError) as error:
        msg = "examples: expected batches of inputs and targets, got another structure; use predict."
        raise ConfigurationError(msg) from error
    finally:
        close_data(data)


def objects_of(run: Run) -> Mapping[str, Any]:
    """Get a run's own objects: those this process still holds, or the run's file."""
    record = run.record
    if not record.spec.user_objects:
        return {}
    handover = held.handed_over(run.id)
    if handover is None:
        return objects.load(Path(record.folder))
    if handover.packed is not None:
        return objects.unpack(handover.packed)
    return handover.objects or {}


def _names(signature: Signature, classes: int) -> list[str]:
    """Name every class the model can tell, also those that never occurred."""
    return [*signature.labels, *map(str, range(len(signature.labels), classes))]


def _probabilities(outputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Turn logits into probabilities along the second axis; one logit alone is that of the second of two classes."""
    logits = outputs.astype(np.float64)
    if logits.ndim == 1:
        logits = logits[:, None]
    if logits.shape[1] == 1:
        positive = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
        return np.concatenate([1 - positive, positive], axis=1).astype(np.float32)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def _item(
    index: int, x: npt.NDArray[Any], truth: npt.NDArray[Any], output: npt.NDArray[Any], signature: Signature
) -> dict[str, Any]:
    """Describe one example and what the model says of it."""
    shown: dict[str, Any] = {
        "index": index,
        "image": _image(x),
        "features": None if x.ndim != 1 else [round(float(value), 4) for value in x[:64]],
        "correct": None,
        "confidence": None,
        "probabilities": None,
    }
    if signature.task == "regression":
        return shown | {"truth": _few(truth, "{:.4g}".format), "prediction": _few(output, "{:.4g}".format)}
    probabilities = _probabilities(output)[0]
    names = _names(signature, len(probabilities))
    guesses, truths = probabilities.argmax(axis=0).reshape(-1), np.asarray(truth).astype(int).reshape(-1)
    return shown | {
        "truth": _few(truths, names.__getitem__),
        "prediction": _few(guesses, names.__getitem__),
        "correct": bool(np.array_equal(guesses, truths)),
        "confidence": round(float(probabilities.max(axis=0).mean()), 4),
        "probabilities": [round(float(value), 4) for value in probabilities] if probabilities.ndim == 1 else None,
    }


def _few(values: npt.NDArray[Any], written: Callable[[Any], str]) -> str:
    """Write out the first few values."""
    flat = np.asarray(values).reshape(-1)
    return ", ".join(written(value) for value in flat[:_SHOWN].tolist()) + (", …" if len(flat) > _SHOWN else "")


def _image(x: npt.NDArray[Any]) -> list[list[float]] | None:
    """Give a sample as a grey picture with values from 0 to 1, if it is one: (1, H, W), (3, H, W) or (H, W)."""
    if x.ndim == 3 and x.shape[0] in (1, 3):  # noqa: PLR2004
        x = x.mean(axis=0)
    if x.ndim != 2:  # noqa: PLR2004
        return None
    low, high = float(x.min()), float(x.max())
    scaled = (x - low) / (high - low) if high > low else np.zeros_like(x)
    return [[round(float(value), 3) for value in row] for row in scaled]
