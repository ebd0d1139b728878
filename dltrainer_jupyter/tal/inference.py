"""Try a checkpoint: a model of its own, which shares nothing with the one in training."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, DLTrainerError
from dltrainer_jupyter.core.protocols import Predictor, Samples, Signature
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.data.foreign.recognition import is_read_once
from dltrainer_jupyter.executors.trained import Trained, build, held_back, own_objects, own_parts
from dltrainer_jupyter.loop.parts import load_data
from dltrainer_jupyter.postprocessing.predicted import Predicted
from dltrainer_jupyter.tal import kept_models
from dltrainer_jupyter.tal.examples import described
from dltrainer_jupyter.tal.finishing import finished
from dltrainer_jupyter.tal.heads import by_output
from dltrainer_jupyter.tal.inputs.anything import taken
from dltrainer_jupyter.tal.outputs import probabilities, told
from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.tal.predicted_files import predicted
from dltrainer_jupyter.tal.trying import answer, heatmaps, timed

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from dltrainer_jupyter.tal.run import Run


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
        x : array-like, shape (n, ...) or the shape of one sample, or mapping or tuple of such
            As the data came, before preprocessing; several inputs by name, or in their order. Also pictures of
            Pillow's, or paths as for :meth:`predict_files`, one or a list.

        Returns
        -------
        numpy.ndarray, shape (n,), (n, outputs) or, with a class for each position, (n, ...)
            Class labels (their names where the targets were text), or values. Of a detection a list of n arrays of
            shape (k, 6) instead: x0, y0, x1, y1 in pixels, score and class, the highest score first. Of a model with
            several outputs a mapping or tuple, as it gives them: classes or values of each that a loss by name compares
            with a target of the data, and of others what the model gives. After a postprocessing what its last step
            gives.
        """
        outputs, signature = self._outputs(x)
        finished = self.finished(outputs, signature)
        return finished.values if is_several(outputs) else told(finished, signature)

    def predict_proba(self, x: Any) -> Any:
        """Predict the probability of each class, after the steps of a postprocessing that give probabilities.

        Parameters
        ----------
        x : array-like
            As for :meth:`predict`.

        Returns
        -------
        numpy.ndarray of float32, shape (n, classes) or (n, classes, ...)
            Of several outputs a mapping or tuple; of those that aren't classes what the model gives.

        Raises
        ------
        CheckpointError
            If the run is no classification.
        """
        return self.shares(*self._outputs(x))

    def shares(self, outputs: Any, signature: Signature) -> Any:
        """Turn outputs into probabilities; of several outputs those of classes.

        Parameters
        ----------
        outputs : array or structure of arrays
            What the model gives.
        signature : Signature
            What they mean.

        Raises
        ------
        CheckpointError
            If the run is no classification.
        """
        if is_several(outputs) and signature.targets:
            return by_output(outputs, signature, self._submitted.spec, _shares_of_classes)
        if is_several(outputs):
            msg = (
                f"Run '{self._run.name}' has several outputs, whose meaning nobody told; use predict, which gives them."
            )
            raise CheckpointError(msg)
        if signature.task in ("regression", "detection"):
            found = "values" if signature.task == "regression" else "boxes"
            msg = f"Run '{self._run.name}' predicts {found}, not classes; use predict."
            raise CheckpointError(msg)
        return self.finished(outputs, signature).probabilities

    def finished(self, outputs: Any, signature: Signature) -> Predicted:
        """Apply the run's postprocessing.

        Parameters
        ----------
        outputs : array or structure of arrays
            What the model gives.
        signature : Signature
            What they mean.
        """
        with self.own_parts():
            return finished(outputs, signature, self._submitted)

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
            called by its name where it has another than its number. Of several outputs each has a column. Where a
            postprocessing gives something else, that is the prediction. Its ``attrs`` hold ``notes``, what was done to
            the files, and ``digest``, that of the checkpoint.

        Raises
        ------
        ConfigurationError
            If a file can't be read, or isn't what the model takes.

        Examples
        --------
        >>> run.best.predict_files("photographs/")  # doctest: +SKIP
        """
        return predicted(self, paths)

    def answer(self, inputs: Any = None, **more: Any) -> dict[str, Any]:
        """Predict, as JSON types for another program.

        Parameters
        ----------
        inputs : array-like, optional
            As for :meth:`predict`; or one of the others instead.
        **more
            ``files``, ``text``, ``drawing`` or ``paths`` in place of arrays; ``probabilities``, ``top`` and
            ``heatmaps``, what to tell besides.

        Returns
        -------
        dict
            ``task``, ``predictions``, ``labels``, ``checkpoint``, ``digest``, ``latency_ms`` and ``notes``, and what
            was asked for besides.
        """
        with self.own_parts():
            return answer(self, inputs, **more)

    def heatmaps(self, index: Sequence[int]) -> dict[str, Any]:
        """Show where the model looks on validation examples, for the class it tells.

        Parameters
        ----------
        index : sequence of int
            Positions in the validation set.

        Returns
        -------
        dict
            ``items`` hold of each example its ``heatmap``, the data URI of a grey picture as large as the image.
        """
        return heatmaps(self, index)

    def model(self) -> Any:
        """Give a model with the checkpoint's weights, the framework's own, for the caller to keep."""
        _, predictor, _ = self._build()
        return predictor.model  # type: ignore[attr-defined]

    def save_weights(self, path: str | PathLike[str]) -> Path:
        """Write the checkpoint's weights to a file that other programs read.

        Parameters
        ----------
        path : path or str
            As for :func:`dltrainer_jupyter.tal.save_weights`; the ending tells the format.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ConfigurationError
            If the ending is none for the run's framework, or the file can't be written.

        Examples
        --------
        >>> run.best.save_weights("classifier.safetensors")  # doctest: +SKIP
        """
        from dltrainer_jupyter.tal.beginning import save_weights

        _, predictor, _ = self._build()
        if not getattr(predictor.native, "built", True):
            # A model of Keras makes its weights when it first computes.
            predictor.outputs(self.held_back().inputs[:1])
        return save_weights(predictor.native, path)

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
        if is_several(part.inputs) or is_several(part.targets):
            msg = "examples: of several inputs or targets none are shown; use predict."
            raise ConfigurationError(msg)
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
            _, _, signature = self.ready()
            return held_back(load_data(self._run.spec, own, trained=signature.preprocessing))

    def _outputs(self, x: Any) -> tuple[npt.NDArray[Any], Signature]:
        _, predictor, signature = self.ready()
        with self.own_parts():
            given = taken(x, signature)
            return given.merged(predictor.outputs(given.inputs)), signature

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
        if (kept := kept_models.find(self._run.id, record.digest)) is not None:
            return record, *kept
        record, predictor, signature = self._build()
        kept_models.keep(self._run.id, record.digest, (predictor, signature))
        return record, predictor, signature

    def _build(self) -> Trained:
        run = self._run.record
        return build(run, lambda: self.record, here(run))


def _shares_of_classes(output: npt.NDArray[Any], signature: Signature) -> npt.NDArray[Any]:
    return output if signature.task == "regression" else probabilities(output)


def objects_of(run: Run) -> Mapping[str, Any]:
    """Get a run's own objects: those this process still holds, or the run's file."""
    record = run.record
    return own_objects(record, here(record))
