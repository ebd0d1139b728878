"""What a checkpoint says of files, on standard output."""

from __future__ import annotations

import csv
import itertools
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.views.words import percent

if TYPE_CHECKING:
    from dltrainer_jupyter.tal.inference import TrainedModel


def predicted(model: TrainedModel, files: Sequence[str], top: int) -> dict[str, Any]:
    """Predict files, as JSON types.

    Raises
    ------
    ConfigurationError
        If one can't be read, or isn't what the model takes; the message names it.
    """
    if top < 1:
        msg = f"--top: expected 1 or more, got {top}."
        raise ConfigurationError(msg)
    found = model.answer(paths=files, top=top)
    return found | {"checkpoint": {**found["checkpoint"], "digest": found["digest"]}}


def say_lines(found: Mapping[str, Any]) -> None:
    """Print a line a sample: which, its likeliest classes, or what else is predicted; notes go where errors go."""
    for note in found["notes"]:
        click.echo(note, err=True)
    names = found["names"]
    is_one_file = len(names) > 1 and len({name.rpartition(", ")[0] or name for name in names}) == 1
    for at, (name, one) in enumerate(zip(names, found["predictions"], strict=True)):
        if found["top"] is not None:
            said = ", ".join(f"{it['label']} ({percent(it['confidence'])})" for it in found["top"][at])
        else:
            said = _said(one, found)
        click.echo(f"{f'row {at + 1}' if is_one_file else name}: {said}")


def _said(one: Any, found: Mapping[str, Any]) -> str:
    """Say a prediction in a line: boxes by what they hold, a mask by how much of it each class takes."""
    if found["task"] == "detection":
        boxes = (f"{found['labels'][int(box[5])]} ({percent(box[4])}) at {_numbers(box[:4])}" for box in one)
        return "; ".join(boxes) or "nothing"
    if _is_mask(one):
        shares = Counter(itertools.chain.from_iterable(one)).most_common()
        return ", ".join(f"{label} ({percent(count / sum(map(len, one)))})" for label, count in shares)
    if isinstance(one, dict):
        return ", ".join(f"{name} {_said(value, found)}" for name, value in one.items())
    return ", ".join(map(str, one)) if isinstance(one, list) else str(one)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)


def _is_mask(one: Any) -> bool:
    return isinstance(one, list) and bool(one) and isinstance(one[0], list)


def say_csv(found: Mapping[str, Any]) -> None:
    """Print comma-separated values: the file, the prediction, and each of the likeliest classes with its confidence.

    Of a detection a row a box.

    Raises
    ------
    ConfigurationError
        If predictions are masks, which are no rows.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    top, predictions = found["top"], found["predictions"]
    if found["task"] == "detection":
        writer.writerow(["file", "x0", "y0", "x1", "y1", "confidence", "label"])
        for name, boxes in zip(found["names"], predictions, strict=True):
            writer.writerows([name, *box[:5], found["labels"][int(box[5])]] for box in boxes)
        return
    if _is_mask(predictions[0]):
        msg = "--csv: the predictions are masks, which are no rows; use --json."
        raise ConfigurationError(msg)
    if isinstance(predictions[0], dict):
        heads, predictions = [f"prediction_{name}" for name in predictions[0]], [[*one.values()] for one in predictions]
    else:
        width = len(predictions[0]) if isinstance(predictions[0], list) else 1
        heads = ["prediction"] if width == 1 else [f"prediction_{number}" for number in range(1, width + 1)]
    more = [] if top is None else [f"{kind}_{n}" for n in range(1, len(top[0]) + 1) for kind in ("label", "confidence")]
    writer.writerow(["file", *heads, *more])
    for at, one in enumerate(predictions):
        likely = [] if top is None else [value for it in top[at] for value in (it["label"], it["confidence"])]
        writer.writerow([found["names"][at], *(one if isinstance(one, list) else [one]), *likely])
