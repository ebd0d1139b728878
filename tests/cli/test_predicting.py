"""Predictions that are no single class or value, on standard output."""

from __future__ import annotations

from typing import Any

import pytest

from dltrainer_jupyter.cli import predicting
from dltrainer_jupyter.core.errors import ConfigurationError

BOXES: dict[str, Any] = {
    "task": "detection",
    "labels": ["disc", "cross"],
    "names": ["a.png", "b.png", "c.png"],
    "predictions": [[], [[1.0, 2.0, 3.5, 4.0, 0.75, 1]], [[0, 0, 1, 1, 0.5, 0], [0, 0, 9, 9, 0.25, 1]]],
    "top": None,
    "notes": [],
}
MASKS = BOXES | {"task": "segmentation", "names": ["a.png"], "predictions": [[[0, 0, 4], [0, 0, 0]]]}


def test_boxes_are_rows_whatever_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    predicting.say_csv(BOXES)
    assert capsys.readouterr().out.splitlines() == [
        "file,x0,y0,x1,y1,confidence,label",
        "b.png,1.0,2.0,3.5,4.0,0.75,cross",
        "c.png,0,0,1,1,0.5,disc",
        "c.png,0,0,9,9,0.25,cross",
    ]
    predicting.say_lines(BOXES)
    assert capsys.readouterr().out.splitlines() == [
        "a.png: nothing",
        "b.png: cross (75.0 %) at 1, 2, 4, 4",
        "c.png: disc (50.0 %) at 0, 0, 1, 1; cross (25.0 %) at 0, 0, 9, 9",
    ]


def test_a_mask_is_told_in_shares_and_is_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    predicting.say_lines(MASKS)
    assert capsys.readouterr().out == "a.png: 0 (83.3 %), 4 (16.7 %)\n"
    with pytest.raises(ConfigurationError, match="the predictions are masks, which are no rows; use --json"):
        predicting.say_csv(MASKS)


def test_several_outputs_are_told_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    found = BOXES | {
        "task": "classification",
        "labels": None,
        "names": ["some.npz, 1", "some.npz, 2"],
        "predictions": [{"digit": 3, "size": [0.5, 1.5]}, {"digit": 4, "size": [2.0, 0.0]}],
    }
    predicting.say_lines(found)
    assert capsys.readouterr().out.splitlines() == ["row 1: digit 3, size 0.5, 1.5", "row 2: digit 4, size 2.0, 0.0"]
    predicting.say_csv(found)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "file,prediction_digit,prediction_size",
        '"some.npz, 1",3,"[0.5, 1.5]"',
    ]


def test_what_comes_near_is_not_a_hundred(capsys: pytest.CaptureFixture[str]) -> None:
    sure = [[{"label": "3", "confidence": 0.9996}], [{"label": "4", "confidence": 1.0}]]
    predicting.say_lines(
        BOXES | {"task": "classification", "names": ["a.png", "b.png"], "predictions": [3, 4], "top": sure}
    )
    assert capsys.readouterr().out.splitlines() == ["a.png: 3 (> 99.9 %)", "b.png: 4 (100.0 %)"]
