"""Try a checkpoint: a model of its own, which shares nothing with the one in training."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, DLTrainerError
from dltrainer_jupyter.core.protocols import Predictor, Samples, Signature
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.data.foreign.recognition import is_read_once
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.executors.trained import Trained, build, held_back, own_objects, own_parts
from dltrainer_jupyter.loop.parts import load_data
from dltrainer_jupyter.tal.examples import described
from dltrainer_jupyter.tal.inputs.files import from_paths
from dltrainer_jupyter.tal.outputs import has_names, likeliest, listed, predictions, probabilities
from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.tal.trying import answer, heatmaps, notes_of, timed

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from dltrainer_jupyter.tal.run import Run

_KEPT = 4
"""Models that stay in memory for the next prediction."""

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
    def run(self) -> Run:
        """Whose."""
        return self._run

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

    def predict(self, x: Any) -> Any:
        """Predict.

        Parameters
        ----------
        x : array-like, shape (n, ...) or the shape of one sample
            As the data came, before preprocessing.

        Returns
        -------
        numpy.ndarray, shape (n,), (n, outputs) or, with a class for each position, (n, ...)
            Class labels (their names where the targets were text), or values. Of a detection a list of n arrays of
            shape (k, 6) instead: x0, y0, x1, y1 in pixels, score and class, the highest score first. Of a model with
            several outputs a mapping or tuple of them, as it gives them.
        """
        outputs, signature = self._outputs(x)
        return outputs if is_several(outputs) else predictions(outputs, signature)

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
        return self.shares(*self._outputs(x))

    def shares(self, outputs: npt.NDArray[Any], signature: Signature) -> npt.NDArray[np.float32]:
        """Turn outputs into probabilities.

        Raises
        ------
        CheckpointError
            If the run is no classification.
        """
        if is_several(outputs):
            msg = (
                f"Run '{self._run.name}' has several outputs, whose meaning nobody told; use predict, which gives them."
            )
            raise CheckpointError(msg)
        if signature.task in ("regression", "detection"):
            found = "values" if signature.task == "regression" else "boxes"
            msg = f"Run '{self._run.name}' predicts {found}, not classes; use predict."
            raise CheckpointError(msg)
        return probabilities(outputs)

    def predict_files(self, paths: Any) -> pd.DataFrame:
        """Predict files: pictures, tables, arrays or text, or folders of them.

        Parameters
        ----------
        paths : path, str, or sequence of them
            PNG, JPEG, WebP, GIF, BMP and TIFF; ``.npy`` and ``.npz``; ``.csv``, ``.tsv`` and ``.txt``.

        Returns
        -------
        pandas.DataFrame
            A row a sample: ``file``, ``prediction`` and, of classes, ``confidence`` and ``class_index``; a class is
            called by its name where it has another than its number. Its ``attrs`` hold ``notes``, what was done to the
            files, and ``digest``, that of the checkpoint.

        Raises
        ------
        ConfigurationError
            If a file can't be read, or isn't what the model takes.

        Examples
        --------
        >>> run.best.predict_files("photographs/")  # doctest: +SKIP
        """
        import pandas as pd

        single = isinstance(paths, str) or hasattr(paths, "__fspath__")
        record, predictor, signature = self.ready()
        with self.own_parts():
            given = from_paths([paths] if single else paths, signature)
        outputs = predictor.outputs(given.inputs)
        columns: dict[str, Any] = {"file": given.names, "prediction": listed(outputs, signature)}
        if (best := likeliest(outputs, signature, 1)) is not None:
            columns["confidence"] = [sample[0]["confidence"] for sample in best]
            columns["class_index"] = [sample[0]["class"] for sample in best]
            if has_names(signature):
                columns["prediction"] = [sample[0]["label"] for sample in best]
        table = pd.DataFrame(columns)
        table.attrs = {"notes": [*given.notes, *notes_of(predictor)], "digest": record.digest}
        return table

    def answer(self, inputs: Any = None, **more: Any) -> dict[str, Any]:
        """Predict, as JSON types for another program; see :func:`dltrainer_jupyter.tal.trying.answer`."""
        with self.own_parts():
            return answer(self, inputs, **more)

    def heatmaps(self, index: Sequence[int]) -> dict[str, Any]:
        """Show where the model looks on validation examples; see :func:`dltrainer_jupyter.tal.trying.heatmaps`."""
        return heatmaps(self, index)

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
        record, predictor, signature = self.ready()
        part = self.held_back()
        indices = np.arange(offset, offset + min(count, len(part))) % len(part)
        inputs, targets = part.inputs[indices], part.targets[indices]
        outputs, milliseconds = timed(predictor, inputs)
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

    def held_back(self) -> Samples:
        """Give the run's validation examples, preprocessed; of a stream its first batch.

        Raises
        ------
        ConfigurationError
            If they can't be had a second time.
        """
        own = objects_of(self._run)
        if is_read_once(own.get("data")):
            msg = "examples: a generator gives its batches only once, and they are the training's; use predict."
            raise ConfigurationError(msg)
        with self.own_parts():
            return held_back(load_data(self._run.spec, own))

    def _outputs(self, x: Any) -> tuple[npt.NDArray[Any], Signature]:
        _, predictor, signature = self.ready()
        with self.own_parts():
            return predictor.outputs(apply_chain(signature.preprocessing, x)), signature

    def own_parts(self) -> AbstractContextManager[None]:
        """Let this thread find the parts that the run keeps a copy of first."""
        return own_parts(self._submitted, here(self._submitted))

    @functools.cached_property
    def _submitted(self) -> RunRecord:
        """The run as it was, for what never changes: read once, not for each prediction."""
        return self._run.record

    def ready(self) -> tuple[CheckpointRecord, Predictor, Signature]:
        """Give the checkpoint as it is now, and its model: from memory, or built."""
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

    def _build(self) -> Trained:
        run = self._run.record
        return build(run, lambda: self.record, here(run))


def objects_of(run: Run) -> Mapping[str, Any]:
    """Get a run's own objects: those this process still holds, or the run's file."""
    record = run.record
    return own_objects(record, here(record))
