"""Single examples of a validation or a test run: chosen, put in order, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.example_items import item_of
from dltrainer_jupyter.views.gallery import EMPTY, Gallery, boxes_of, mask_of
from dltrainer_jupyter.views.numbers import number
from dltrainer_jupyter.views.sorting import MOST, Sort
from dltrainer_jupyter.views.test_runs import test_run as find_test_run

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from dltrainer_jupyter.core.protocols import Array


class _Found(NamedTuple):
    """What is known of examples, and of the set they are from."""

    epoch: int | None
    labels: list[str]
    summary: Mapping[str, Any]
    columns: Mapping[str, Array]


def examples(
    store: Store,
    run_id: str,
    folder: Path,
    *,
    epoch: int | None = None,
    test_run: int | None = None,
    truth: int | None = None,
    predicted: int | None = None,
    correct: bool | None = None,
    sort: Sort = "index",
    offset: int = 0,
    count: int = 48,
) -> dict[str, Any]:
    """Give some examples of a validation, or of a test run.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    folder : Path
        The run's, where pictures of validation examples may lie; a test run on the same set has them, too.
    epoch : int, optional
        After which epoch; the newest validation that kept some if left out.
    test_run : int, optional
        The number of a test run, in place of a validation.
    truth, predicted : int, optional
        Only those of this class, and those taken for this class.
    correct : bool, optional
        Only those that are right, or wrong.
    sort : str, default "index"
        ``confidence``, ``loss`` or ``score``, ascending or with a minus descending; what isn't known comes last.
    offset, count : int, default 0 and 48
        Which of them; at most 200.

    Returns
    -------
    dict
        ``epoch``, ``task``, ``labels``, ``total`` (that the filters leave), ``kept`` (of the set's), ``count_of_set``,
        ``feature_names`` and ``items``, each as :func:`~dltrainer_jupyter.views.example_items.item_of` gives it, with
        ``top``, ``image``, ``features``, ``mask``, ``true_mask``, ``boxes``, ``true_boxes`` and ``size``. A filter for
        what a task doesn't have means none.

    Raises
    ------
    ConfigurationError
        If there is no such validation or test run.
    """
    with store.look():
        found = _of_validation(store, run_id, epoch) if test_run is None else _of_test_run(store, run_id, test_run)
    columns = found.columns
    rows = _sorted(columns, _filtered(columns, truth=truth, prediction=predicted, correct=correct), sort)
    has_pictures = test_run is None or found.summary.get("is_held_back")
    gallery = Gallery.open(folder) if has_pictures and len(rows) else None
    return {
        "epoch": found.epoch,
        "task": found.summary.get("task"),
        "labels": found.labels,
        "total": len(rows),
        "kept": len(columns.get("index", ())),
        "count_of_set": found.summary.get("count"),
        "feature_names": None if gallery is None else gallery.names,
        "items": [_item(columns, int(row), found.labels, gallery) for row in rows[offset : offset + min(count, MOST)]],
    }


def examples_table(
    store: Store,
    run_id: str,
    *,
    epoch: int | None = None,
    test_run: int | None = None,
    truth: int | str | None = None,
    predicted: int | str | None = None,
    correct: bool | None = None,
    sort: Sort = "index",
) -> pd.DataFrame:
    """Give all examples that are kept as a table, without pictures.

    Parameters
    ----------
    store, run_id, epoch, test_run, correct, sort
        As for :func:`examples`.
    truth, predicted : int or str, optional
        Only those of this class, and those taken for this class; by number or name.

    Returns
    -------
    pandas.DataFrame
        A row an example: ``index truth prediction confidence correct loss score``, those that the task has. Classes are
        called by their names; of several values each has a column, ``truth_0`` and so on.

    Raises
    ------
    ConfigurationError
        If there is no such validation, test run, class or order.
    """
    import pandas as pd

    with store.look():
        found = _of_validation(store, run_id, epoch) if test_run is None else _of_test_run(store, run_id, test_run)
    columns, labels = found.columns, found.labels
    wanted = {"truth": _class_of(truth, labels), "prediction": _class_of(predicted, labels), "correct": correct}
    rows = _sorted(columns, _filtered(columns, **wanted), sort)
    table: dict[str, Any] = {}
    for name in ("index", "truth", "prediction", "confidence", "correct", "loss", "score"):
        if name not in columns:
            continue
        values = np.asarray(columns[name])[rows]
        if name in ("truth", "prediction") and values.dtype.kind in "iu":
            table[name] = [_called(number_of_it, labels) for number_of_it in values.tolist()]
        elif values.ndim > 1 and values.shape[1] > 1:
            table |= {f"{name}_{at}": values[:, at] for at in range(values.shape[1])}
        else:
            table[name] = values.reshape(-1)
    return pd.DataFrame(table)


def _class_of(value: int | str | None, labels: Sequence[str]) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if value not in labels:
        kind = "class"
        raise UnknownNameError(kind, value, labels)
    return list(labels).index(value)


def _called(number_of_it: int, labels: Sequence[str]) -> str | None:
    if number_of_it < 0:
        return None
    return labels[number_of_it] if number_of_it < len(labels) else str(number_of_it)


def _of_validation(store: Store, run_id: str, epoch: int | None) -> _Found:
    kept = store.examples(run_id, epoch)
    if kept is None:
        if epoch is not None and store.validation(run_id, epoch) is None:
            msg = f"Run '{store.run(run_id).name}' was not validated after epoch {epoch:,}; choose a validated epoch."
            raise ConfigurationError(msg)
        newest = store.validation(run_id, epoch)
        summary = {} if newest is None or newest.summary is None else newest.summary
        return _Found(epoch, [] if newest is None else newest.labels, summary, {})
    at, columns = kept
    validation = store.validation(run_id, at)
    assert validation is not None  # noqa: S101 - examples are part of it
    return _Found(at, validation.labels, validation.summary or {}, columns)


def _of_test_run(store: Store, run_id: str, number_of_it: int) -> _Found:
    record = find_test_run(store, run_id, number_of_it)
    summary = {"count": record.count} | dict(record.summary or {})
    return _Found(record.checkpoint_epoch, record.labels, summary, store.test_run_examples(number_of_it))


def _filtered(columns: Mapping[str, Array], **wanted_values: int | bool | None) -> npt.NDArray[np.intp]:
    """Find the rows whose columns have these values."""
    wanted = np.ones(len(columns.get("index", ())), bool)
    for name, value in wanted_values.items():
        if value is not None:
            column = columns.get(name)
            # Values of a regression are no classes.
            known = column is not None and column.ndim == 1 and column.dtype.kind in "iub"
            wanted &= (column == value) if known else False
    return np.flatnonzero(wanted)


def _sorted(columns: Mapping[str, Array], rows: npt.NDArray[np.intp], sort: Sort) -> npt.NDArray[np.intp]:
    if sort not in (orders := get_args(Sort)):
        kind = "order of examples"
        raise UnknownNameError(kind, sort, orders)
    name, descending = sort.lstrip("-"), sort.startswith("-")
    if name == "index" or name not in columns:
        return rows
    keys = np.asarray(columns[name])[rows].astype(np.float64)
    ordered: npt.NDArray[np.intp] = rows[np.argsort(-keys if descending else keys, kind="stable")]
    return ordered


def _item(columns: Mapping[str, Array], row: int, labels: Sequence[str], gallery: Gallery | None) -> dict[str, Any]:
    item = item_of(columns, row, labels)
    return {
        **item,
        "top": _top(columns, row, labels),
        **(dict(EMPTY) if gallery is None else gallery.of(item["index"])),
        "mask": mask_of(columns, row),
        "boxes": boxes_of(columns, row),
    }


def _top(columns: Mapping[str, Array], row: int, labels: Sequence[str]) -> list[dict[str, Any]] | None:
    if "top" not in columns or "top_confidence" not in columns:
        return None
    pairs = zip(columns["top"][row].tolist(), columns["top_confidence"][row].tolist(), strict=True)
    return [
        {
            "class": number_of_it,
            "label": _called(number_of_it, labels),
            "confidence": number(sure),
        }
        for number_of_it, sure in pairs
        if number_of_it >= 0
    ]
