"""What a report says of the last validation: numbers of the whole set and of each class, and how answers lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dltrainer_jupyter.views.configuration import flat
from dltrainer_jupyter.views.report.blocks import Block, Lines, Picture, Section, Table
from dltrainer_jupyter.views.report.pictures import WIDTH, bars_picture, confusion_picture, rates_picture
from dltrainer_jupyter.views.words import MISSING, metric

_WHOLE = frozenset({"support", "predicted"})
"""Columns of a table of classes that count examples."""
_COUNTED = {"segmentation": "pixels", "detection": "objects"}
"""What belongs to classes, where it isn't the examples."""
_NO_COLUMNS = frozenset({"label", "class"})


def findings(found: Mapping[str, Any], *, pictures: bool) -> list[Section]:
    """Describe the last validation, with what its task has.

    Parameters
    ----------
    found : mapping
        As :func:`dltrainer_jupyter.views.report.document.document` made it.
    pictures : bool
        Whether charts are drawn.
    """
    validation = found["evaluation"]
    if validation is None:
        return []
    summary, epoch, run = validation["summary"], validation["epoch"], found["run"]["id"]
    sections = [
        Section(f"Validation after epoch {epoch:,}", _overall(validation), "run.evaluation()"),
        Section("Classes", _classes(found["confusion"], summary, run, pictures=pictures), 'run.plot("per_class")'),
        Section("Outputs", _table(summary.get("outputs") or (), "output"), "run.evaluation()"),
    ]
    if pictures:
        sections += [
            Section("Rates", _rates(summary, validation["labels"]), f'run.plot("{_rate(summary)}")'),
            Section("Residuals", _bars(summary, "residuals", "Prediction less truth", run), 'run.plot("residuals")'),
            Section("Overlaps", _bars(summary, "iou", "Overlap of detections with objects", run)),
        ]
    return [section for section in sections if section.blocks]


def _overall(validation: Mapping[str, Any]) -> list[Block]:
    summary = validation["summary"]
    pairs = [("step", f"{validation['step']:,}")]
    if summary.get("count") is not None:
        pairs.append(("examples", f"{summary['count']:,}"))
    pairs += [
        (name.replace(".", " ").replace("_", " "), metric(value))
        for name, value in flat(summary.get("overall") or {}).items()
    ]
    return [Table(("", ""), pairs), *map(Lines, summary.get("notes") or ())]


def _classes(
    confusion: Mapping[str, Any] | None, summary: Mapping[str, Any], run_id: str, *, pictures: bool
) -> list[Block]:
    blocks: list[Block] = []
    if pictures and confusion is not None:
        png, width = confusion_picture(confusion, run_id)
        blocks.append(Picture(png, "Confusion matrix: true classes down, predicted ones across.", width))
    return blocks + _table(summary.get("classes") or (), "class", _COUNTED.get(summary.get("task", ""), "examples"))


def _table(rows: Sequence[Mapping[str, Any]], of: str, counted: str = "") -> list[Block]:
    """Write a row for each class or output, with the numbers that any of them has."""
    if not rows:
        return []
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in _NO_COLUMNS]
    written = [
        [str(row.get("label", at)), *(_writer(name)(row.get(name)) for name in names)]
        for at, row in enumerate(rows, start=1)
    ]
    return [Table([of, *({"support": counted}.get(name, name.replace("_", " ")) for name in names)], written)]


def _writer(name: str) -> Callable[[Any], str]:
    return (lambda value: MISSING if value is None else f"{value:,}") if name in _WHOLE else metric


def _rate(summary: Mapping[str, Any]) -> str:
    return "roc" if summary.get("roc") else "pr"


def _rates(summary: Mapping[str, Any], labels: Sequence[str]) -> list[Block]:
    png = rates_picture(summary.get("roc") or {}, summary.get("pr") or {}, labels)
    return [] if png is None else [Picture(png, "True over false positives, and precision over recall.", WIDTH)]


def _bars(summary: Mapping[str, Any], part: str, words: str, run_id: str) -> list[Block]:
    lies = summary.get(part)
    if not lies or not any(lies.get("counts") or ()):
        return []
    png, width = bars_picture(lies["edges"], lies["counts"], words.lower(), run_id)
    return [Picture(png, f"{words}: how many there are of each size.", width)]
