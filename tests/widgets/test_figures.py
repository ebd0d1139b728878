from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot
import numpy as np
import pytest

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.widgets.figures import MOST_POINTS, NothingToPlotError, figure
from dltrainer_jupyter.widgets.picture import colour

if TYPE_CHECKING:
    from collections.abc import Callable


def lines_of(made: Any) -> dict[str, Any]:
    return {mark.labels[0]: mark for mark in made.marks if isinstance(mark, bqplot.Lines)}


def test_curves_are_the_loss_in_training_and_validation(trainer: Any) -> None:
    lines = lines_of(figure(trainer.run))
    assert set(lines) == {"train", "validation"}
    assert len(lines["train"].x) == 90
    np.testing.assert_array_equal(lines["validation"].x, [45, 90])
    np.testing.assert_allclose(lines["validation"].y, [1.1, 0.55])
    assert lines["validation"].colors == [colour(trainer.run.id)]
    assert lines["train"].colors != lines["validation"].colors


def test_a_metric_by_its_name_with_the_best_point_marked(trainer: Any) -> None:
    made = figure(trainer.run, "accuracy")
    np.testing.assert_allclose(lines_of(made)["train"].y, [0.75, 0.8333], atol=1e-4)
    (best,) = (mark for mark in made.marks if isinstance(mark, bqplot.Scatter))
    assert (list(best.x), list(best.y)) == ([90], [pytest.approx(0.8233, abs=1e-4)])


def test_a_long_curve_has_so_many_points_as_svg_bears(train: Callable) -> None:
    trainer = train()
    trainer.steps(50_000)
    assert MOST_POINTS / 2 < len(lines_of(figure(trainer.run))["train"].x) <= MOST_POINTS


def test_the_matrix_shows_counts_and_can_be_selected(trainer: Any) -> None:
    made = figure(trainer.run, "confusion")
    grid = made.marks[0]
    assert grid.color.shape == (10, 10)
    assert grid.color[0, 1] == 2
    assert grid.interactions == {"click": "select"}
    selected: list[Any] = []
    grid.observe(lambda change: selected.append(change.new), "selected")
    grid.selected = [(0, 1)]
    assert len(selected) == 1
    written = [text for mark in made.marks if mark is not grid for text in mark.text]
    assert sorted(written) == sorted(["35"] * 10 + ["2"])


def test_a_kind_that_is_misspelt_gets_a_suggestion(trainer: Any) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'confusion'"):
        figure(trainer.run, "confuson")


@pytest.mark.parametrize("kind", ["curves", "confusion"])
def test_what_was_not_measured_yet_is_said(new_run: Callable, kind: str) -> None:
    with pytest.raises(NothingToPlotError, match="digits-cnn"):
        figure(new_run(), kind)


def test_a_run_gives_its_figure_and_its_panel_by_itself(trainer: Any) -> None:
    assert lines_of(trainer.run.plot("curves"))
    panel = trainer.run.panel()
    assert panel.snapshot["run"]["id"] == trainer.run.id
    panel.close()
