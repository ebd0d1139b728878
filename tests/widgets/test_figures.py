from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot
import numpy as np
import pytest

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.core.tracking import Histogram
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
    (best,) = (mark for mark in made.marks if isinstance(mark, bqplot.Scatter) and mark.marker == "diamond")
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


# --- what is chosen by a click ----------------------------------------------------------------------------


def summary(task: str) -> dict[str, Any]:
    """Give what an examiner says of a validation."""
    line = {"x": [0.0, 0.5, None], "y": [0.0, 0.75, 1.0]}
    rows = [{"label": name, "support": 9, "precision": 0.5, "recall": 0.25, "f1": 1 / 3, "auc": 0.9} for name in "abc"]
    bins = {"confidence": [None, 0.3, 0.9], "accuracy": [None, 0.25, 1.0], "count": [0, 4, 9]}
    parts = {
        "classification": {"classes": rows, "roc": {"0": line, "macro": line}, "pr": {"1": line}, "calibration": bins},
        "regression": {"residuals": {"edges": [-1.0, 0.0, 1.0], "counts": [3, 7]}, "outputs": [{"mae": 1.0}]},
    }
    return {"task": task, "count": 10, "sampled": 10, "notes": [], "overall": {"ece": 0.02}} | parts[task]


@pytest.fixture
def validated(train: Callable) -> Callable[[str], Any]:
    """Give a function that makes a run with a validation and what an examiner found in it."""

    def make(task: str = "classification") -> Any:
        trainer = train()
        trainer.steps(45)
        columns = {
            "index": np.arange(30),
            "truth": np.zeros(30, np.int32),
            "prediction": np.ones(30, np.int32),
            "confidence": np.full(30, 0.75, np.float32),
            "loss": np.arange(30, dtype=np.float32),
            "correct": np.zeros(30, bool),
        }
        matrix = [[5, 4, 0], [0, 9, 0], [1, 1, 1]] if task == "classification" else None
        labels = list("abc") if task == "classification" else []
        found = ValidationRecord(1, 45, matrix, labels, summary(task), columns)
        trainer.attempt.epoch(EpochRecord(1, 45, {"train_loss": 0.5, "val_loss": 0.75}), found, None)
        edges = np.linspace(-1, 1, 5)
        for kind, name in (("weights", "model.a.weight"), ("gradients", "model.a.weight"), ("activations", "model.a")):
            trainer.attempt.add_histograms([Histogram(kind, name, 1, 45, edges, np.array([1, 2, 3, 4]))])
        return trainer.run

    return make


CLICKS = [
    ("curves", {}, 1, {"series": "val_loss", "step": 45, "value": 0.75}),
    ("confusion", {}, (0, 1), {"truth": "a", "prediction": "b", "count": 4}),
    ("roc", {}, 1, {"label": "a (0.9000)", "x": 0.5, "y": 0.75}),
    ("pr", {}, 0, {"label": "b", "x": 0.0, "y": 0.0}),
    ("calibration", {}, 1, {"confidence": 0.9, "accuracy": 1.0, "count": 9}),
    ("histograms", {}, 3, {"epoch": 1, "value": 0.75, "count": 4}),
]


@pytest.mark.parametrize(("kind", "options", "clicked", "expected"), CLICKS, ids=lambda it: it if str(it) == it else "")
def test_what_is_clicked_is_told_to_python(
    validated: Callable, kind: str, options: dict[str, Any], clicked: Any, expected: dict[str, Any]
) -> None:
    made = validated().plot(kind, **options)
    told: list[Any] = []
    made.observe(lambda change: told.append(change.new), "chosen")
    (mark,) = [mark for mark in made.marks if mark.interactions == {"click": "select"}]
    mark.selected = [clicked]
    mark.selected = []
    assert told == [pytest.approx(expected), None]


def test_bars_of_residuals_and_of_classes(validated: Callable) -> None:
    made = validated("regression").plot("residuals")
    made.marks[0].selected = [1]
    assert made.chosen == {"low": 0.0, "high": 1.0, "count": 7}
    classes = validated().plot("per_class")
    assert classes.marks[0].y.shape == (3, 3)
    classes.marks[0].selected = [2]
    assert classes.chosen["label"] == "c"


def test_classes_are_counted_where_no_examiner_was(trainer: Any) -> None:
    bars = trainer.run.plot("per_class", epoch=1).marks[0]
    assert list(bars.labels) == ["precision", "recall", "f1"]
    assert bars.y[1][0] == pytest.approx(35 / 37)


def test_examples_lie_in_a_grid_the_worst_first(validated: Callable) -> None:
    made = validated().plot("examples")
    made.marks[-1].selected = [0]
    assert (made.chosen["index"], made.chosen["prediction"]) == (29, "b")
    assert len(made.marks[-1].x) == 24
    assert made.marks[-2].text[0] == "b, not a"


def test_histograms_by_name_and_by_kind(validated: Callable) -> None:
    run = validated()
    assert run.plot("histograms").axes[0].label == "weights"
    assert run.plot("histograms", name="gradients/model.a.weight").axes[0].label == "gradients"
    assert run.plot("histograms", name="model.a").axes[0].label == "activations"
    with pytest.raises(UnknownNameError, match=r"Did you mean 'model\.a\.weight'"):
        run.plot("histograms", name="model.a.wieght")


def test_a_figure_is_clicked_or_panned(trainer: Any) -> None:
    made = figure(trainer.run)
    assert made.interaction is None
    made.panning = True
    assert isinstance(made.interaction, bqplot.PanZoom)
    made.panning = False
    assert made.interaction is None


@pytest.mark.parametrize("kind", ["roc", "pr", "calibration", "residuals", "per_class", "histograms", "examples"])
def test_a_kind_of_which_nothing_was_measured_says_so(new_run: Callable, kind: str) -> None:
    with pytest.raises(NothingToPlotError, match="digits-cnn"):
        figure(new_run(), kind)


@pytest.mark.parametrize(("kind", "task"), [("roc", "regression"), ("residuals", "classification")])
def test_a_kind_of_another_task_names_its_own(validated: Callable, kind: str, task: str) -> None:
    with pytest.raises(NothingToPlotError, match=f"this is {task}"):
        figure(validated(task), kind)


def test_an_option_a_kind_does_not_have_is_refused(trainer: Any) -> None:
    for kind, options in (("curves", {"epoch": 1}), ("confusion", {"name": "a"}), ("accuracy", {"epoch": 1})):
        with pytest.raises(UnknownNameError, match="option of a figure"):
            figure(trainer.run, kind, **options)
    for kind in ("confusion", "roc"):
        with pytest.raises(NothingToPlotError, match="after epoch 9; there are 1"):
            figure(trainer.run, kind, epoch=9)
