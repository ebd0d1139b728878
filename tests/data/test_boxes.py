from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.boxes import encode_boxes, of_pixels
from dltrainer_jupyter.data.targets import encode

BOXES = np.array([[[0, 0, 4, 5, 1], [2, 2, 9, 9, 2]], [[1, 1, 3, 3, 0], [-1, -1, -1, -1, -1]]])


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
def test_boxes_are_taken_as_they_are(dtype: str) -> None:
    found = encode_boxes(BOXES.astype(dtype))
    assert (found.task, found.outputs, found.labels) == ("detection", 3, ("0", "1", "2"))
    assert found.values.dtype == np.float32
    assert np.array_equal(found.values, BOXES)


def changed(place: tuple[int, ...], value: float) -> np.ndarray:
    boxes = BOXES.astype(float)
    boxes[place] = value
    return boxes


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        (BOXES[0], r"got int64 of shape \(2, 5\)"),
        (BOXES[..., :4], r"rows x0, y0, x1, y1, class .* got int64 of shape \(2, 2, 4\)"),
        (BOXES.astype(str), "got <U"),
        (np.full((2, 2, 5), -1), "every row of the targets has class -1"),
        (changed((0, 0, 4), 0.5), "class numbers in the last column of the targets, got 0.5"),
        (changed((1, 0, 2), 1), "sample 1 has one of 1, 1, 1, 3"),
        (changed((1, 0, 2), np.nan), "NaN or infinite"),
    ],
)
def test_what_are_no_boxes_is_refused(boxes: np.ndarray, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        encode_boxes(boxes)


@pytest.mark.parametrize(
    ("inputs", "targets", "task"),
    [
        ((4, 3, 8, 9), (4, 8, 9), "segmentation"),
        ((4, 8, 9, 3), (4, 8, 9), "segmentation"),
        ((4, 3, 8, 9), (4, 9, 8), "classification"),
        ((4, 8), (4, 8), "classification"),
        ((4, 3, 8, 9), (4,), "classification"),
    ],
)
def test_a_class_for_each_pixel_makes_it_segmentation(
    inputs: tuple[int, ...], targets: tuple[int, ...], task: str
) -> None:
    values = np.arange(np.prod(targets)).reshape(targets) % 3
    assert of_pixels(encode(values), np.zeros(inputs)).task == task


def test_values_for_each_pixel_stay_values() -> None:
    assert of_pixels(encode(np.ones((4, 8, 9)) / 2), np.zeros((4, 3, 8, 9))).task == "regression"
