"""Answers of a checkpoint for another program: to arrays, files, text and drawings, and where the model looked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.choosing import is_several, names_in
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Explains, Predictor, Signature
from dltrainer_jupyter.core.structures import mapped, samples_in
from dltrainer_jupyter.data.prepared import prepared
from dltrainer_jupyter.tal.heads import rows
from dltrainer_jupyter.tal.inputs.files import File, Given, from_drawing, from_files, from_paths, from_text
from dltrainer_jupyter.tal.inputs.images import decoded, grey_uri
from dltrainer_jupyter.tal.outputs import as_json, classes_of, likeliest, names, told

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.tal.inference import TrainedModel

MOST_HEATMAPS = 64
_MOST_TOP = 10_000
"""Samples whose likeliest classes are told."""
_READERS: dict[str, Callable[[Any, Signature], Given]] = {
    "paths": from_paths,
    "text": from_text,
    "drawing": from_drawing,
}


def answer(
    model: TrainedModel,
    inputs: Any = None,
    *,
    files: Sequence[Mapping[str, str]] | None = None,
    text: str | None = None,
    drawing: str | None = None,
    paths: Sequence[str] | None = None,
    probabilities: bool = False,
    top: int = 5,
    heatmaps: bool = False,
) -> dict[str, Any]:
    """Predict, as JSON types.

    Parameters
    ----------
    model : TrainedModel
        Who predicts.
    inputs : array-like, shape (n, ...) or the shape of one sample, or mapping or tuple of such
        As the data came, before preprocessing; or one of the others instead.
    files : sequence of mapping
        ``name`` and ``data``, the content in base64; see :func:`dltrainer_jupyter.tal.inputs.files.from_files`.
    text : str
        Comma-separated values, or lines for a model of text.
    drawing : str
        The data URI of a picture.
    paths : sequence of str
        Files of this machine, or folders of them.
    probabilities : bool, default False
        Whether to tell the probability of each class, too.
    top : int, default 5
        How many of the likeliest classes to tell of each sample.
    heatmaps : bool, default False
        Whether to show where on the image the model looked for the class that it tells.

    Returns
    -------
    dict
        The ``task``; ``predictions``, one a sample, of several outputs each; ``probabilities`` likewise, or None;
        ``labels``, the names of the classes, or None for values and several outputs; ``top``, or None; ``checkpoint``,
        its step and epoch; its ``digest``; ``latency_ms``, what the model itself took; ``names`` of the samples, or
        None for arrays; ``notes``; ``thumbnails`` and ``heatmaps``, or None.

    Raises
    ------
    ConfigurationError
        If what is given isn't what the model takes, or nothing or several things are.
    """
    record, predictor, signature = model.ready()
    given = _given(signature, {"inputs": inputs, "files": files, "text": text, "drawing": drawing, "paths": paths})
    if top < 0:
        msg = f"top: expected 0 or more, got {top}."
        raise ConfigurationError(msg)
    if heatmaps:
        _refuse_several(given.inputs, "inputs")
        _check_heatmaps(len(given.inputs))
    outputs, milliseconds = timed(predictor, given.inputs)
    outputs = given.merged(outputs)
    one, count = not is_several(outputs), samples_in(outputs)
    if heatmaps and one and count != len(given.inputs):
        msg = "heatmaps: they show where on one image the model looks, and preprocessing makes several samples of it."
        raise ConfigurationError(msg)
    finished = model.finished(outputs, signature)
    shares = rows(mapped(model.shares(outputs, signature), np.ndarray.tolist)) if probabilities else None
    best = likeliest(finished, signature, top) if one and top and count <= _MOST_TOP else None
    notes = [*given.notes, *notes_of(predictor)]
    if one and top and count > _MOST_TOP:
        notes.append(f"the likeliest classes are left out for more than {_MOST_TOP:,} samples")
    return {
        "task": signature.task,
        "predictions": rows(mapped(told(finished, signature), as_json)),
        "probabilities": shares,
        "labels": labels_of(outputs, signature) if one else None,
        "top": best,
        "checkpoint": {"step": record.step, "epoch": record.epoch},
        "digest": record.digest,
        "latency_ms": milliseconds,
        "names": given.names or None,
        "notes": notes,
        "thumbnails": given.thumbnails,
        "heatmaps": _pictures(predictor, given.inputs, outputs, signature) if heatmaps else None,
    }


def heatmaps(model: TrainedModel, index: Sequence[int]) -> dict[str, Any]:
    """Show where the model looks on validation examples, for the class it tells, as JSON types.

    Parameters
    ----------
    model : TrainedModel
        Who looks.
    index : sequence of int
        Positions in the validation set.

    Returns
    -------
    dict
        ``checkpoint``, ``digest`` and ``items``: of each example ``index`` and ``heatmap``, the data URI of a grey
        picture as large as the image.

    Raises
    ------
    ConfigurationError
        If the model has nothing that lies like an image, or there is no such example.
    """
    _check_heatmaps(len(index))
    record, predictor, signature = model.ready()
    part = model.held_back()
    if beyond := [one for one in index if not 0 <= one < len(part)]:
        msg = f"index: expected 0 to {len(part) - 1:,}, the validation examples there are, got {beyond[0]:,}."
        raise ConfigurationError(msg)
    _refuse_several(part.inputs, "inputs")
    inputs = part.inputs[np.array(index, np.int64)]
    shown = _pictures(predictor, inputs, predictor.outputs(inputs), signature)
    return {
        "checkpoint": {"step": record.step, "epoch": record.epoch},
        "digest": record.digest,
        "items": [{"index": int(one), "heatmap": picture} for one, picture in zip(index, shown, strict=True)],
    }


def timed(predictor: Predictor, inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], float]:
    """Predict, and tell how many milliseconds the model took."""
    started = time.perf_counter()
    outputs = predictor.outputs(inputs)
    return outputs, round(1000 * (time.perf_counter() - started), 2)


def labels_of(outputs: npt.NDArray[Any], signature: Signature) -> list[str] | None:
    """Name the classes that a model tells; None where it tells values."""
    if signature.task == "regression":
        return None
    if signature.task == "detection":
        return list(signature.labels)
    return names(signature, max(outputs.shape[1] if outputs.ndim > 1 else 1, 2))


def notes_of(predictor: Predictor) -> list[str]:
    """Give what a predictor has to say of itself, such as where it computes."""
    return list(getattr(predictor, "notes", ()))


def _given(signature: Signature, sources: Mapping[str, Any]) -> Given:
    """Read the one source that there is."""
    there = {name: value for name, value in sources.items() if value is not None}
    if len(there) != 1:
        msg = f"Expected one of inputs, files, text or drawing, got {' and '.join(there) or 'none of them'}."
        raise ConfigurationError(msg)
    ((kind, value),) = there.items()
    if kind == "files":
        return from_files((File(one["name"], decoded(one["data"], one["name"])) for one in value), signature)
    if kind == "inputs":
        made = prepared(signature, value)
        return Given(made.inputs, [], [], None, made.merged)
    return _READERS[kind](value, signature)


def _refuse_several(value: Any, what: str) -> None:
    if is_several(value):
        msg = f"heatmaps: they show where on an image the model looks, and it has several {what} ({names_in(value)})."
        raise ConfigurationError(msg)


def _check_heatmaps(count: int) -> None:
    if count > MOST_HEATMAPS:
        msg = f"heatmaps: expected at most {MOST_HEATMAPS} samples at a time, got {count:,}."
        raise ConfigurationError(msg)


def _pictures(
    predictor: Predictor, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], signature: Signature
) -> list[str]:
    _refuse_several(outputs, "outputs")
    if not isinstance(predictor, Explains):
        msg = f"heatmaps: {type(predictor).__name__} can't say where its model looked."
        raise ConfigurationError(msg)
    if signature.task != "classification" or outputs.ndim > 2:  # noqa: PLR2004 - samples and classes
        msg = f"heatmaps: they show what speaks for a class of the whole image, and this model does {signature.task}."
        raise ConfigurationError(msg)
    return [grey_uri(one) for one in predictor.heatmaps(inputs, classes_of(outputs))]
