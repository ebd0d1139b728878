"""Single examples, chosen and put in order, with their pictures."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.loop.gallery import FOLDER
from dltrainer_jupyter.testing.store_samples import checkpoint
from dltrainer_jupyter.views.examples import examples, examples_table
from dltrainer_jupyter.views.gallery import Gallery

if TYPE_CHECKING:
    from dltrainer_jupyter.store import Store
    from dltrainer_jupyter.store.attempts import Attempt

Begin = Callable[..., "Attempt"]
LABELS = ["cat", "dog", "fox"]
CLASSES = {
    "index": np.array([0, 2, 5, 7], np.int64),
    "truth": np.array([0, 1, 1, 2], np.int32),
    "prediction": np.array([0, 2, 1, -1], np.int32),
    "confidence": np.array([0.9, 0.6, 0.7, np.nan], np.float32),
    "correct": np.array([True, False, True, False]),
    "loss": np.array([0.1, 2.0, 0.3, np.nan], np.float32),
    "top": np.array([[0, 1], [2, 1], [1, 0], [-1, -1]], np.int32),
    "top_confidence": np.array([[0.9, 0.1], [0.6, 0.3], [0.7, 0.2], [np.nan, np.nan]], np.float32),
}
VALUES = {
    "index": np.array([0, 1], np.int64),
    "truth": np.array([[1.0, 2.0], [3.0, 4.0]], np.float32),
    "prediction": np.array([[1.5, 2.0], [3.0, 4.25]], np.float32),
    "loss": np.array([0.125, 0.03125], np.float32),
}


def _kept(begin: Begin, columns: dict[str, Any], *, task: str = "classification", epoch: int = 1) -> Attempt:
    attempt = begin()
    summary = {"task": task, "count": 9, "sampled": 4, "notes": []}
    record = ValidationRecord(epoch, 10, None, LABELS if task == "classification" else [], summary, columns)
    attempt.epoch(EpochRecord(epoch, 10, {}), record, None)
    return attempt


def _write(folder: Path, about: dict[str, Any], **arrays: Any) -> None:
    place = folder / FOLDER
    place.mkdir(parents=True)
    (place / "about.json").write_text(json.dumps(about))
    for name, array in arrays.items():
        np.save(place / f"{name}.npy", array)


def _pixels(uri: str) -> Any:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).tolist()


def _indices(told: dict[str, Any]) -> list[int]:
    return [item["index"] for item in told["items"]]


def test_an_example_says_all_that_is_known_of_it(store: Store, begin: Begin, tmp_path: Path) -> None:
    _kept(begin, CLASSES)
    told = examples(store, "run-1", tmp_path)
    assert {key: value for key, value in told.items() if key != "items"} == {
        "epoch": 1,
        "task": "classification",
        "labels": LABELS,
        "total": 4,
        "kept": 4,
        "count_of_set": 9,
        "feature_names": None,
    }
    assert told["items"][1] == {
        "index": 2,
        "truth": "dog",
        "prediction": "fox",
        "truth_class": 1,
        "prediction_class": 2,
        "confidence": 0.6,
        "loss": 2.0,
        "correct": False,
        "score": None,
        "top": [{"class": 2, "label": "fox", "confidence": 0.6}, {"class": 1, "label": "dog", "confidence": 0.3}],
        "image": None,
        "features": None,
        "mask": None,
        "true_mask": None,
        "boxes": None,
        "true_boxes": None,
        "size": None,
    }
    undecided = told["items"][3]
    assert (undecided["prediction"], undecided["prediction_class"], undecided["confidence"]) == (None, None, None)
    assert undecided["top"] == []
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    ("asked", "indices"),
    [
        ({"truth": 1}, [2, 5]),
        ({"truth": 1, "predicted": 2}, [2]),
        ({"correct": False}, [2, 7]),
        ({"correct": True, "sort": "confidence"}, [5, 0]),
        ({"sort": "confidence"}, [2, 5, 0, 7]),
        ({"sort": "-confidence"}, [0, 5, 2, 7]),
        ({"sort": "-loss"}, [2, 5, 0, 7]),
        ({"sort": "loss", "offset": 1, "count": 2}, [5, 2]),
        ({"truth": "dog"}, [2, 5]),
        ({"offset": 9}, []),
    ],
)
def test_some_in_some_order(
    store: Store, begin: Begin, tmp_path: Path, asked: dict[str, Any], indices: list[int]
) -> None:
    _kept(begin, CLASSES)
    assert _indices(examples(store, "run-1", tmp_path, **asked)) == indices


def test_values_are_no_classes(store: Store, begin: Begin, tmp_path: Path) -> None:
    _kept(begin, VALUES, task="regression")
    told = examples(store, "run-1", tmp_path, sort="loss")
    assert [item["prediction"] for item in told["items"]] == ["3, 4.25", "1.5, 2"]
    assert told["items"][0]["top"] is None
    for asked in ({"truth": 1}, {"correct": True}, {"sort": "confidence"}):
        with pytest.raises(ConfigurationError, match="examples of regression don't have it; they can be sorted by"):
            examples_table(store, "run-1", **asked)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"correct": "no"}, "correct: expected True or False, got 'no'."),
        ({"truth": 77}, r"truth: expected a class from 0 to 2 or its name \(cat, dog, fox\), got 77"),
        ({"predicted": "fix"}, "Unknown class 'fix'. Did you mean 'fox'?"),
        ({"sort": "score"}, "can be filtered by truth, predicted, correct and sorted by index, confidence, loss"),
    ],
)
def test_what_cannot_apply_is_refused(store: Store, begin: Begin, asked: dict[str, Any], expected: str) -> None:
    _kept(begin, CLASSES)
    with pytest.raises(ConfigurationError, match=expected):
        examples_table(store, "run-1", **asked)


def test_pictures_belong_to_positions(store: Store, begin: Begin, tmp_path: Path) -> None:
    _kept(begin, CLASSES)
    grey = np.arange(2 * 6, dtype=np.uint8).reshape(2, 2, 3)
    _write(tmp_path, {"kind": "image", "size": [4, 6]}, index=np.array([2, 7]), inputs=grey)
    told = examples(store, "run-1", tmp_path)
    assert [item["image"] is None for item in told["items"]] == [True, False, True, False]
    assert _pixels(told["items"][3]["image"]) == grey[1].tolist()
    assert told["items"][3]["size"] == [4, 6]
    coloured = np.arange(2 * 6 * 3, dtype=np.uint8).reshape(2, 2, 3, 3)
    _write(tmp_path / "other", {"kind": "image"}, index=np.array([2, 7]), inputs=coloured)
    found = Gallery.open(tmp_path / "other")
    assert found is not None
    assert _pixels(found.of(7)["image"]) == coloured[1].tolist()


def test_rows_have_names(store: Store, begin: Begin, tmp_path: Path) -> None:
    _kept(begin, VALUES, task="regression")
    rows = np.array([[1, 2], [3, np.nan]], np.float32)
    _write(tmp_path, {"kind": "rows", "features": ["age", "height"]}, index=np.array([0, 1]), inputs=rows)
    told = examples(store, "run-1", tmp_path)
    assert told["feature_names"] == ["age", "height"]
    assert [item["features"] for item in told["items"]] == [[1.0, 2.0], [3.0, None]]
    assert [item["image"] for item in told["items"]] == [None, None]


def test_boxes_and_masks_of_each(store: Store, begin: Begin, tmp_path: Path) -> None:
    columns = {
        "index": np.array([1, 3], np.int64),
        "score": np.array([0.5, 0.25], np.float32),
        "loss": np.array([1.0, 2.0], np.float32),
        "boxes": np.array([[0, 1, 2, 3, 0.5, 1], [4, 5, 6, 7, 0.25, 0], [1, 1, 2, 2, 0.125, 0]], np.float32),
        "box_ends": np.array([1, 3], np.int64),
        "masks": np.array([[[0, 1], [2, 0]]], np.uint8),
        "mask_rows": np.array([1], np.int32),
    }
    _kept(begin, columns, task="detection")
    _write(
        tmp_path,
        {"kind": "image", "size": [8, 8]},
        index=np.array([1, 3]),
        inputs=np.zeros((2, 8, 8), np.uint8),
        masks=np.ones((2, 8, 8), np.uint8),
        boxes=np.array([[0, 0, 1, 1, 2]], np.float32),
        box_ends=np.array([0, 1]),
    )
    first, second = examples(store, "run-1", tmp_path)["items"]
    assert first["boxes"] == [[0, 1, 2, 3, 0.5, 1]]
    assert second["boxes"] == [[4, 5, 6, 7, 0.25, 0], [1, 1, 2, 2, 0.125, 0]]
    assert (first["true_boxes"], second["true_boxes"]) == ([], [[0, 0, 1, 1, 2]])
    assert first["mask"] is None
    assert _pixels(second["mask"]) == [[0, 1], [2, 0]]
    assert _pixels(first["true_mask"]) == np.ones((8, 8)).tolist()
    assert (second["score"], second["correct"], second["truth"]) == (0.25, None, None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: (place / "about.json").unlink(),
        lambda place: (place / "about.json").write_text("{"),
        lambda place: (place / "about.json").write_text("[1]"),
        lambda place: (place / "inputs.npy").unlink(),
        lambda place: (place / "inputs.npy").write_bytes(b""),
        lambda place: (place / "inputs.npy").write_bytes(b"\x93NUMPY"),
        lambda place: np.save(place / "inputs.npy", np.array([{"a": 1}], object)),
        lambda place: np.save(place / "inputs.npy", np.zeros((1, 2, 2), np.uint8)),
        lambda place: np.save(place / "inputs.npy", np.zeros((4, 2), np.float64)),
        lambda place: np.save(place / "index.npy", np.float64(1)),
    ],
)
def test_pictures_that_cannot_be_read_are_none(
    store: Store, begin: Begin, tmp_path: Path, spoil: Callable[[Path], Any]
) -> None:
    _kept(begin, CLASSES)
    _write(tmp_path, {"kind": "image"}, index=CLASSES["index"], inputs=np.zeros((4, 2, 2), np.uint8))
    assert examples(store, "run-1", tmp_path)["items"][0]["image"] is not None
    spoil(tmp_path / FOLDER)
    assert {item["image"] for item in examples(store, "run-1", tmp_path)["items"]} == {None}


def test_a_run_without_examples_has_none(store: Store, begin: Begin, tmp_path: Path) -> None:
    attempt = begin()
    assert examples(store, "run-1", tmp_path)["items"] == []
    attempt.epoch(
        EpochRecord(1, 10, {}), ValidationRecord(1, 10, None, LABELS, {"task": "classification", "count": 9}), None
    )
    told = examples(store, "run-1", tmp_path, epoch=1)
    assert (told["total"], told["kept"], told["count_of_set"]) == (0, 0, 9)
    with pytest.raises(ConfigurationError, match="not validated after epoch 2"):
        examples(store, "run-1", tmp_path, epoch=2)


def test_those_of_a_test_run_have_no_picture_of_the_validation(store: Store, begin: Begin, tmp_path: Path) -> None:
    attempt = _kept(begin, CLASSES)
    _write(tmp_path, {"kind": "image"}, index=CLASSES["index"], inputs=np.zeros((4, 2, 2), np.uint8))
    saved = checkpoint(attempt, 10, "last")
    attempt.commit_checkpoint(saved)
    made = store.add_test_run(
        saved,
        name="others",
        count=2,
        seconds=1.0,
        metrics={},
        labels=LABELS,
        confusion=None,
        summary={"task": "classification"},
        examples={name: column[:2] for name, column in CLASSES.items()},
    )
    told = examples(store, "run-1", tmp_path, test_run=made.id, sort="-loss")
    assert (_indices(told), told["count_of_set"], told["items"][0]["image"]) == ([2, 0], 2, None)
    with pytest.raises(ConfigurationError, match=f"no test run 99; there are: {made.id}"):
        examples(store, "run-1", tmp_path, test_run=99)


def test_a_table_of_all(store: Store, begin: Begin) -> None:
    _kept(begin, CLASSES)
    table = examples_table(store, "run-1", sort="-loss")
    assert list(table.columns) == ["index", "truth", "prediction", "confidence", "correct", "loss"]
    assert table["prediction"].tolist()[:3] == ["fox", "dog", "cat"]
    assert table["prediction"].isna().tolist() == [False, False, False, True]
    assert examples_table(store, "run-1", truth="dog", correct=False)["index"].tolist() == [2]
    assert examples_table(store, "run-1", predicted=1)["index"].tolist() == [5]
    with pytest.raises(UnknownNameError, match="Unknown class 'dig'. Did you mean 'dog'"):
        examples_table(store, "run-1", truth="dig")
    with pytest.raises(UnknownNameError, match="Unknown order of examples '-los'. Did you mean '-loss'"):
        examples_table(store, "run-1", sort="-los")  # type: ignore[arg-type]


def test_a_table_of_values(store: Store, begin: Begin) -> None:
    _kept(begin, VALUES, task="regression")
    table = examples_table(store, "run-1")
    assert list(table.columns) == ["index", "truth_0", "truth_1", "prediction_0", "prediction_1", "loss"]
    assert table["prediction_1"].tolist() == [2.0, 4.25]
