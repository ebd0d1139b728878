"""Two validations side by side: what is told apart differently, which examples changed side, which settings differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.classes import no_confusion
from dltrainer_jupyter.views.configuration import complete, flat
from dltrainer_jupyter.views.example_items import item_of
from dltrainer_jupyter.views.gallery import EMPTY, Gallery, boxes_of, mask_of

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

Side = Literal["better", "worse"]
MOST = 100
"""Examples that are described at once."""
_SAME_SET = ("data", "validation.split", "seed")
"""Settings that say which examples are held back, and in which order."""


class _Seen(NamedTuple):
    """What became of examples after an epoch of a run."""

    run: RunRecord
    epoch: int
    columns: Mapping[str, Array]


def confusion_difference(
    store: Store, run_id: str, one: int | None, other: int | None = None, *, other_run: str | None = None
) -> dict[str, Any]:
    """Subtract a confusion matrix from a later one, or from another run's.

    Parameters
    ----------
    store : Store
        Where the runs are.
    run_id : str
        The run of the first matrix.
    one, other : int or None
        Epochs of the first and the second; the newest validated if left out.
    other_run : str, optional
        The run of the second matrix; the same if left out.

    Returns
    -------
    dict
        ``labels``, the two ``epochs``, and ``matrix``: for each true class (rows) and predicted one (columns) how many
        more there are in the second.

    Raises
    ------
    ConfigurationError
        If one of them has no matrix, or their classes aren't the same.
    """
    first, second = store.validation(run_id, one), store.validation(other_run or run_id, other)
    for found, run, epoch in ((first, run_id, one), (second, other_run or run_id, other)):
        if found is None or found.confusion is None:
            raise ConfigurationError(no_confusion(store, run, epoch))
    assert first is not None  # noqa: S101 - refused above
    assert second is not None  # noqa: S101 - as above
    if first.labels != second.labels:
        msg = f"Expected two runs with the same classes, got {_brief(first.labels)} and {_brief(second.labels)}."
        raise ConfigurationError(msg)
    difference = np.asarray(second.confusion, np.int64) - np.asarray(first.confusion, np.int64)
    return {"labels": first.labels, "epochs": [first.epoch, second.epoch], "matrix": difference.tolist()}


def changed(
    store: Store,
    run_id: str,
    one: int | None,
    other: int | None = None,
    *,
    other_run: str | None = None,
    folder: Path | None = None,
    side: Side | None = None,
    offset: int = 0,
    count: int = 48,
) -> dict[str, Any]:
    """Find the examples that changed side: right before and wrong now, or the other way round.

    Where no answer is right or wrong (regression, and what has a score), all that became better or worse are found, the
    largest changes first.

    Parameters
    ----------
    store : Store
        Where the runs are.
    run_id : str
        The run of the first validation.
    one, other : int or None
        Epochs of the first and the second validation; the newest with examples if left out.
    other_run : str, optional
        The run of the second validation, which must have held back the same examples; the same run if left out.
    folder : pathlib.Path, optional
        Of the first run, where its pictures lie; without it there are none.
    side : {"better", "worse"}, optional
        Only these.
    offset, count : int
        Which of them are described.

    Returns
    -------
    dict
        ``better`` and ``worse``, how many there are of each; ``compared``, of how many; ``epochs``; and ``items``, each
        described as in the second validation, with its ``side`` and, as ``before``, how it was in the first.

    Raises
    ------
    ConfigurationError
        If one of them kept no examples, or they aren't of the same set.
    """
    first, second = _seen(store, run_id, one), _seen(store, other_run or run_id, other)
    if other_run is not None:
        refuse_other_set(store, first.run, second.run)
    here, there = _shared(first, second)
    gain = _gain(first.columns, second.columns, here, there)
    better, worse = gain > 0, gain < 0
    wanted = {"better": better, "worse": worse, None: better | worse}[side]
    order = np.argsort(-np.abs(gain), kind="stable")
    chosen = order[wanted[order]][offset : offset + min(count, MOST)]
    gallery = None if folder is None or not len(chosen) else Gallery.open(folder)
    validation = store.validation(second.run.id, second.epoch)
    labels = [] if validation is None else validation.labels
    return {
        "better": int(better.sum()),
        "worse": int(worse.sum()),
        "compared": len(gain),
        "epochs": [first.epoch, second.epoch],
        "total": int(wanted.sum()),
        "items": [
            _described(second.columns, int(there[at]), labels, gallery)
            | {
                "side": "better" if gain[at] > 0 else "worse",
                "before": _before(item_of(first.columns, int(here[at]), labels)),
            }
            for at in chosen
        ],
    }


def refuse_other_set(store: Store, one: RunRecord, other: RunRecord) -> None:
    """Raise if two runs don't hold back the same examples.

    Raises
    ------
    ConfigurationError
        Names the setting that differs.
    """
    whole = [complete(store, run) for run in (one, other)]
    first, second = map(flat, whole)
    for key in sorted(first.keys() | second.keys()):
        if not key.startswith(_SAME_SET) or (key in first and key in second and first[key] == second[key]):
            continue
        if key in first and key in second:
            values = first[key], second[key]
        else:
            # Other data, with settings of their own, or without any: one word then.
            key, values = "data", (whole[0]["data"], whole[1]["data"])  # noqa: PLW2901 - the loop ends here
        msg = (
            f"Runs '{one.name}' and '{other.name}' have different validation sets: {key} is {values[0]!r} and "
            f"{values[1]!r}. Examples can be compared where data, validation.split and seed are the same."
        )
        raise ConfigurationError(msg)


def configuration_difference(store: Store, runs: list[str]) -> dict[str, Any]:
    """Say which settings of some runs differ, with those in force.

    Returns
    -------
    dict
        ``runs`` (id and name) and ``settings``: by key with dots, a value for each run; None where it isn't set.
    """
    records = [store.run(run) for run in runs]
    settings = [flat(complete(store, record)) for record in records]
    keys = sorted({key for setting in settings for key in setting} - {"name"})
    differing = {key: [setting.get(key) for setting in settings] for key in keys}
    return {
        "runs": [{"id": record.id, "name": record.name} for record in records],
        "settings": {key: values for key, values in differing.items() if any(it != values[0] for it in values)},
    }


def _seen(store: Store, run_id: str, epoch: int | None) -> _Seen:
    run, found = store.run(run_id), store.examples(run_id, epoch)
    if found is None:
        msg = (
            f"Run '{run.name}' kept no examples{_after(epoch)}; they are kept at each validation unless "
            "validation.examples is 0."
        )
        raise ConfigurationError(msg)
    return _Seen(run, *found)


def _shared(first: _Seen, second: _Seen) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Find the examples that both kept, and see that they are the same ones."""
    one, other = np.asarray(first.columns["index"]), np.asarray(second.columns["index"])
    _, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    if not len(here):
        msg = f"Runs '{first.run.name}' and '{second.run.name}' kept no example in common."
        raise ConfigurationError(msg)
    truths = first.columns.get("truth"), second.columns.get("truth")
    if (
        truths[0] is not None
        and truths[1] is not None
        and not _are_equal(np.asarray(truths[0])[here], np.asarray(truths[1])[there])
    ):
        msg = (
            f"Runs '{first.run.name}' and '{second.run.name}' have different validation sets: the same places hold "
            "other truths."
        )
        raise ConfigurationError(msg)
    return here, there


def _are_equal(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    # A truth that is no number is the same in both.
    return np.array_equal(one, other, equal_nan="f" in one.dtype.kind + other.dtype.kind)


def _gain(
    first: Mapping[str, Array], second: Mapping[str, Array], here: npt.NDArray[np.intp], there: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Say by how much each example became better; where it is right or wrong, only a change of side counts.

    A loss that is no number any more is the worst there is; a score that is none was never defined, and says nothing.
    """

    def pair(name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return np.asarray(first[name])[here].astype(np.float64), np.asarray(second[name])[there].astype(np.float64)

    if "correct" in first and "correct" in second:
        before, now = pair("correct")
        if "confidence" in first and "confidence" in second:
            # The surer an answer was and is, the more has changed.
            return (now - before) * (1 + sum(map(np.nan_to_num, pair("confidence"))))
        return now - before
    if "score" in first and "score" in second:
        before, now = pair("score")
        return np.nan_to_num(now - before)
    before, now = (np.nan_to_num(loss, nan=np.finfo(np.float64).max) for loss in pair("loss"))
    return before - now


def _described(
    columns: Mapping[str, Array], row: int, labels: Sequence[str], gallery: Gallery | None
) -> dict[str, Any]:
    item = item_of(columns, row, labels)
    picture = dict(EMPTY) if gallery is None else gallery.of(item["index"])
    return {**item, **picture, "mask": mask_of(columns, row), "boxes": boxes_of(columns, row)}


def _before(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("prediction", "confidence", "correct", "score", "loss")}


def _after(epoch: int | None) -> str:
    return " yet" if epoch is None else f" after epoch {epoch:,}"


def _brief(labels: list[str]) -> str:
    shown = ", ".join(labels[:5])
    return f"{len(labels):,} ({shown}{', …' if len(labels) > 5 else ''})"  # noqa: PLR2004 - as many as are shown
