"""Single examples of a validation or a test run: chosen, put in order, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.example_choice import chosen_rows
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
    truth: int | str | None = None,
    predicted: int | str | None = None,
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
    truth, predicted : int or str, optional
        Only those of this class, and those taken for this class; by number or name.
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
        ``top``, ``image``, ``features``, ``mask``, ``true_mask``, ``boxes``, ``true_boxes`` and ``size``.

    Raises
    ------
    ConfigurationError
        If there is no such validation or test run, or examples can't be filtered or sorted so.
    """
    with store.look():
        found = _of_validation(store, run_id, epoch) if test_run is None else _of_test_run(store, run_id, test_run)
    columns = found.columns
    asked: dict[str, Any] = {"truth": truth, "predicted": predicted, "correct": correct, "sort": sort}
    rows = chosen_rows(columns, found.labels, found.summary.get("task"), **asked)
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
    held_back: npt.NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Give all examples that are kept as a table, without pictures.

    Parameters
    ----------
    store, run_id, epoch, test_run, correct, sort
        As for :func:`examples`.
    truth, predicted : int or str, optional
        Only those of this class, and those taken for this class; by number or name.
    held_back : numpy.ndarray of int64, optional
        Which samples of the data were held back, in order, where that is known.

    Returns
    -------
    pandas.DataFrame
        A row an example: ``index sample truth prediction confidence correct loss score``, those that the task has.
        ``index`` is the place in the set that was measured, ``sample`` that in the data which ``held_back`` tells.
        Classes are called by their names; of several values each has a column, ``truth_0`` and so on.

    Raises
    ------
    ConfigurationError
        If there is no such validation, test run, class or order.
    """
    import pandas as pd

    with store.look():
        found = _of_validation(store, run_id, epoch) if test_run is None else _of_test_run(store, run_id, test_run)
    columns, labels = found.columns, found.labels
    asked: dict[str, Any] = {"truth": truth, "predicted": predicted, "correct": correct, "sort": sort}
    rows = chosen_rows(columns, labels, found.summary.get("task"), **asked)
    table: dict[str, Any] = {}
    if columns and (test_run is None or found.summary.get("is_held_back")):
        columns = {**columns, **_samples(columns["index"], found.summary.get("count"), held_back)}
    for name in ("index", "sample", "truth", "prediction", "confidence", "correct", "loss", "score"):
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


def _samples(index: Array, count: int | None, held_back: npt.NDArray[np.int64] | None) -> dict[str, Array]:
    """Tell where examples lie in the data, if as many were measured as were held back."""
    if held_back is None or count != len(held_back):
        return {}
    return {"sample": held_back[np.asarray(index)]}


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
