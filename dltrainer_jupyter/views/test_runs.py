"""Test runs as other programs read them: rows, and what became of each example as CSV and JSON, line by line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.records import TestRunRecord
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.summary import TextTable
from dltrainer_jupyter.views.words import finite, metric

if TYPE_CHECKING:
    import numpy.typing as npt

_CHUNK = 1000
"""Examples that are written together."""
_OF_CLASSES = ("truth", "prediction")
_LEFT_OUT = ("masks", "mask_rows", "boxes", "box_ends")
"""Columns that are no row an example."""


def test_run(store: Store, run_id: str, number: int) -> TestRunRecord:
    """Find a test run of a run.

    Raises
    ------
    ConfigurationError
        If there is none; the message says which there are.
    """
    found = store.test_run(run_id, number)
    if found is None:
        there = ", ".join(str(one.id) for one in store.test_runs(run_id)) or "none"
        msg = f"Run '{store.run(run_id).name}' has no test run {number}; there are: {there}."
        raise ConfigurationError(msg)
    return found


def test_run_row(record: TestRunRecord) -> dict[str, Any]:
    """Describe a test run in a list of them, as JSON types."""
    return {
        "number": record.id,
        "name": record.name,
        "created_at": record.created_at.isoformat(),
        "checkpoint": {"step": record.checkpoint_step, "epoch": record.checkpoint_epoch},
        "digest": record.digest,
        "count": record.count,
        "seconds": round(record.seconds, 6),
        "metrics": finite(dict(record.metrics)),
        "notes": record.notes,
    }


def test_run_document(record: TestRunRecord) -> dict[str, Any]:
    """Describe a test run in full, as JSON types."""
    more = {"labels": record.labels, "confusion": record.confusion, "summary": finite(record.summary)}
    return test_run_row(record) | more


def test_run_page(record: TestRunRecord) -> list[TextTable | str]:
    """Describe a test run for people: what was measured, the metrics, the notes."""
    head = (
        f"Test run {record.id}: {record.count:,} examples of {record.name}, by the checkpoint of step "
        f"{record.checkpoint_step:,} (epoch {record.checkpoint_epoch}), {record.digest[:12]}"
    )
    notes = "\n".join(record.notes)
    table = TextTable(("metric", "value"), [[name, metric(value)] for name, value in record.metrics.items()])
    return [head, table, *([notes] if notes else [])]


def rows_of(store: Store, run_id: str, number: int) -> Iterator[dict[str, Any]]:
    """Give what became of each example: a row each, of JSON types.

    Yields
    ------
    dict
        ``index``, ``loss`` and, of classes, ``truth`` and ``prediction`` (their labels), ``confidence``, ``correct``
        and ``label_1``, ``confidence_1`` …; of values ``truth_1``, ``prediction_1`` …

    Raises
    ------
    ConfigurationError
        If there is no such test run.
    """
    record = test_run(store, run_id, number)
    columns = {name: it for name, it in store.test_run_examples(number).items() if name not in _LEFT_OUT}
    count = len(columns.get("index", ()))
    for start in range(0, count, _CHUNK):
        part = {name: column[start : start + _CHUNK] for name, column in columns.items()}
        plain = dict(_plain(name, column, record.labels) for name, column in _apart(part))
        yield from (dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True))


def as_csv(store: Store, run_id: str, number: int) -> Iterator[str]:
    """Write what became of each example as CSV, some lines at a time."""
    written = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for at, row in enumerate(rows_of(store, run_id, number)):
        if writer is None:
            writer = csv.DictWriter(written, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: _safe(value) for name, value in row.items()})
        if at % _CHUNK == _CHUNK - 1:
            yield _taken(written)
    yield _taken(written)


def as_json(store: Store, run_id: str, number: int) -> Iterator[str]:
    """Write a test run and what became of each example as one JSON document, some lines at a time."""
    head = json.dumps(test_run_document(test_run(store, run_id, number)), allow_nan=False, ensure_ascii=False)
    written = io.StringIO()
    written.write(head[:-1] + ', "examples": [')
    for at, row in enumerate(rows_of(store, run_id, number)):
        written.write((",\n" if at else "\n") + json.dumps(finite(row), allow_nan=False, ensure_ascii=False))
        if at % _CHUNK == _CHUNK - 1:
            yield _taken(written)
    written.write("\n]}\n")
    yield _taken(written)


def _apart(columns: dict[str, Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Give columns of single values; those of several are numbered from 1."""
    for name, column in columns.items():
        if column.ndim == 1:
            yield name, column
            continue
        for at in range(column.shape[1] if column.ndim > 1 else 0):
            called = {"top": "label", "top_confidence": "confidence"}.get(name, name)
            yield f"{called}_{at + 1}", column[:, at]


def _plain(name: str, column: npt.NDArray[Any], labels: list[str]) -> tuple[str, list[Any]]:
    """Give a column as plain values; of classes their labels."""
    is_class = name.partition("_")[0] in (*_OF_CLASSES, "label") and column.dtype.kind in "iu"
    if is_class:
        return name, [labels[at] if 0 <= at < len(labels) else str(at) for at in column.tolist()]
    if column.dtype == np.float32:
        # As short as it can be told, not with the digits of a double.
        return name, [float(str(value)) for value in column]
    return name, column.tolist()


def _safe(value: Any) -> Any:
    """Keep a spreadsheet from taking a label for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _taken(written: io.StringIO) -> str:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text
