"""Try a checkpoint: a model of its own, which shares nothing with the one in training."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.checkpoints.reader import load_weights
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, DLTrainerError
from dltrainer_jupyter.core.protocols import Predictor, Signature
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.data.foreign.recognition import is_read_once
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.executors import held, objects
from dltrainer_jupyter.executors.files import objects_folder
from dltrainer_jupyter.loop.parts import load_data
from dltrainer_jupyter.tal.examples import described, held_back
from dltrainer_jupyter.tal.outputs import names, predictions, probabilities
from dltrainer_jupyter.tal.places import checkpoint_folder, here

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.tal.run import Run

_KEPT = 4
"""Models that stay in memory for the next prediction."""
_ATTEMPTS = 5
"""Times a checkpoint is looked up again because retention took it away in between."""

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
        return predictions(*self._outputs(x))

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
        return self._proba(*self._outputs(x))

    def _proba(self, outputs: npt.NDArray[Any], signature: Signature) -> npt.NDArray[np.float32]:
        if signature.task == "regression":
            msg = f"Run '{self._run.name}' predicts values, not classes; use predict."
            raise CheckpointError(msg)
        return probabilities(outputs)

    def answer(self, inputs: Any, *, probabilities: bool = False) -> dict[str, Any]:
        """Predict, as JSON types for another program.

        Parameters
        ----------
        inputs : array-like, shape (n, ...) or the shape of one sample
            As the data came, before preprocessing.
        probabilities : bool, default False
            Whether to tell the probability of each class, too.

        Returns
        -------
        dict
            ``predictions``; ``probabilities`` or None; ``labels``, the names of the classes, or None for values;
            ``checkpoint``, its step and epoch; ``latency_ms``, what the model itself took.
        """
        record, predictor, signature = self._predictor()
        outputs, milliseconds = _timed(predictor, apply_chain(signature.preprocessing, inputs))
        told = self._proba(outputs, signature).tolist() if probabilities else None
        classes = 0 if signature.task == "regression" else max(outputs.shape[1] if outputs.ndim > 1 else 1, 2)
        return {
            "predictions": predictions(outputs, signature).tolist(),
            "probabilities": told,
            "labels": names(signature, classes) if classes else None,
            "checkpoint": {"step": record.step, "epoch": record.epoch},
            "latency_ms": milliseconds,
        }

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
        part = held_back(load_data(spec, own))
        indices = np.arange(offset, offset + min(count, len(part))) % len(part)
        inputs, targets = part.inputs[indices], part.targets[indices]
        outputs, milliseconds = _timed(predictor, inputs)
        return {
            "checkpoint": {"step": record.step, "epoch": record.epoch},
            "task": signature.task,
            "labels": list(signature.labels),
            "latency_ms": milliseconds,
            "total": len(part),
            "items": [
                described(int(index), inputs[at], targets[at], outputs[at : at + 1], signature)
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
                weights, manifest = load_weights(checkpoint_folder(self._run.record, record))
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


def _timed(predictor: Predictor, inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], float]:
    """Predict, and tell how many milliseconds the model took."""
    started = time.perf_counter()
    outputs = predictor.outputs(inputs)
    return outputs, round(1000 * (time.perf_counter() - started), 2)


def objects_of(run: Run) -> Mapping[str, Any]:
    """Get a run's own objects: those this process still holds, or the run's file."""
    record = run.record
    if not record.spec.user_objects:
        return {}
    handover = held.handed_over(run.id)
    if handover is None:
        return objects.load(objects_folder(record, here(record)))
    if handover.packed is not None:
        return objects.unpack(handover.packed)
    return handover.objects or {}
