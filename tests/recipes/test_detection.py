from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.protocols import Recipe, Signature
from dltrainer_jupyter.data.drawing import Drawing
from dltrainer_jupyter.recipes.detection import Detection
from dltrainer_jupyter.recipes.detection_loss import assign, detection_loss, focal_loss, giou, grid
from dltrainer_jupyter.tal import Run
from tests.chaos.outcome import differences, outcome
from tests.halfway import held_at_call

SETTINGS: dict[str, Any] = {
    "model": {"type": "detector", "width": 4},
    "data": {"type": "shapes", "task": "detection", "count": 48, "size": 32, "most": 2},
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 3e-3,
    "optimizer": "adamw",
    "metrics": ["map", "map50", "map75"],
    "monitor": "val_map50",
    "threads": 1,
    "executor": "inline",
    "verbose": False,
}
WEIGHTS = {"alpha": 0.25, "gamma": 2.0, "box_weight": 1.0, "radius": 1.5}


def train(**changes: Any) -> Run:
    return tal.train(**{**SETTINGS, **changes})


# --- the loss ---------------------------------------------------------------------------------------------------


def test_a_point_learns_the_smallest_object_in_whose_middle_it_lies() -> None:
    points = grid(4, 4, 4.0, torch.device("cpu"))
    assert points[:5].tolist() == [[2, 2], [6, 2], [10, 2], [14, 2], [2, 6]]
    targets = torch.tensor([[[0.0, 0, 16, 16, 1], [4, 4, 9, 9, 0], [-1, -1, -1, -1, -1]]])
    found = assign(points, targets, radius=5.0)
    learns = torch.where(found.positive > 0, found.kinds, -1).view(4, 4).tolist()
    assert learns == [[-1, -1, -1, -1], [-1, 0, 1, -1], [-1, 1, 1, -1], [-1, -1, -1, -1]]
    assert found.edges[0, 5].tolist() == [2, 2, 3, 3]
    assert found.middle[0, 10].item() == pytest.approx(6 / 10)


def test_nothing_is_learnt_from_padding() -> None:
    points = grid(4, 4, 4.0, torch.device("cpu"))
    assert assign(points, torch.full((2, 3, 5), -1.0), 6.0).positive.sum() == 0


@given(edges=st.lists(st.floats(0.5, 30), min_size=8, max_size=8))
def test_giou_is_that_of_the_boxes(edges: list[float]) -> None:
    one, other = torch.tensor(edges[:4]), torch.tensor(edges[4:])
    boxes = [(-left, -above, right, below) for left, above, right, below in (edges[:4], edges[4:])]
    low, high = zip(*boxes, strict=True), zip(*boxes, strict=True)
    low, high = list(low), list(high)

    def area(x0: float, y0: float, x1: float, y1: float) -> float:
        return max(x1 - x0, 0) * max(y1 - y0, 0)

    both = area(max(low[0]), max(low[1]), min(high[2]), min(high[3]))
    around = area(min(low[0]), min(low[1]), max(high[2]), max(high[3]))
    either = area(*boxes[0]) + area(*boxes[1]) - both
    assert giou(one, other).item() == pytest.approx(both / either - (around - either) / around, abs=1e-5)


def test_what_is_told_well_counts_little() -> None:
    logits, targets = torch.tensor([4.0, 0.0]), torch.tensor([1.0, 1.0])
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    assert torch.allclose(focal_loss(logits, targets, 0.25, 0.0), 0.25 * plain)
    share = focal_loss(logits, targets, 0.25, 2.0) / (0.25 * plain)
    assert share.tolist() == pytest.approx([(1 / (1 + np.exp(4))) ** 2, 0.25], rel=1e-4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_what_is_certain_spoils_no_gradient(gamma: float) -> None:
    logits = torch.tensor([200.0, -200.0, 200.0, -200.0], requires_grad=True)
    focal_loss(logits, torch.tensor([1.0, 0.0, 0.0, 1.0]), 0.25, gamma).sum().backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[2:].abs() > 0.1).all()


def test_the_truth_itself_has_hardly_any_loss_and_an_empty_image_a_finite_one() -> None:
    targets = torch.from_numpy(Drawing(32, 1, ("disc", "cross")).draw(4, 0).boxes)
    wanted = assign(grid(8, 8, 4.0, torch.device("cpu")), targets, 6.0)
    outputs = torch.full((4, 7, 8, 8), -20.0)
    outputs[:, :4] = wanted.edges.transpose(1, 2).reshape(4, 4, 8, 8)
    outputs[:, 4] = torch.logit(wanted.middle.clamp(0.001, 0.999)).view(4, 8, 8)
    kinds = torch.nn.functional.one_hot(wanted.kinds, 2) * wanted.positive[..., None]
    outputs[:, 5:] += 40 * kinds.transpose(1, 2).reshape(4, 2, 8, 8)
    least = detection_loss(outputs, targets, 4.0, **WEIGHTS)
    # What is left is the entropy of how much in the middle points are.
    middle = wanted.middle[wanted.positive > 0].clamp(0.001, 0.999)
    entropy = torch.nn.functional.binary_cross_entropy(middle, middle)
    assert least.item() == pytest.approx(entropy.item(), abs=0.01)
    outputs[:, :4] *= 1.5
    assert detection_loss(outputs, targets, 4.0, **WEIGHTS) > least + 0.2
    empty = detection_loss(outputs.requires_grad_(), torch.full((4, 1, 5), -1.0), 4.0, **WEIGHTS)
    empty.backward()
    assert torch.isfinite(empty)
    assert torch.isfinite(outputs.grad).all()


# --- what is refused --------------------------------------------------------------------------------------------


def test_it_is_a_recipe_that_may_be_compiled() -> None:
    recipe = Detection(Detection.Config())
    assert isinstance(recipe, Recipe)
    assert recipe.only_updates


def test_a_model_that_is_no_detector_is_refused() -> None:
    context = SimpleNamespace(signature=Signature("detection", (3, 32, 32), 2), model=lambda: torch.nn.Linear(2, 2))
    with pytest.raises(ConfigurationError, match="Linear has none; use the model detector"):
        Detection(Detection.Config()).build(context)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "shapes", "metrics": [], "monitor": None}, "needs boxes as targets, but this data is for seg"),
        ({"data": "digits", "metrics": [], "monitor": None}, "detection needs targets of shape"),
        ({"loss": "mse"}, "has a loss of its own, which 'mse' can't replace"),
        ({"recipe": "supervised"}, "boxes are learnt by the recipe 'detection'"),
        ({"augmentation": ["color_jitter", "flip"]}, "flip changes images but not the boxes"),
        ({"preprocessing": [{"type": "resize", "size": 16}]}, "targets of detection count in pixels"),
    ],
)
def test_what_cant_be_had_is_said(changes: dict[str, Any], said: str) -> None:
    run = train(**changes)
    assert run.state == "failed"
    assert re.search(said, run.error.message)


def test_a_metric_of_another_task_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match="'accuracy' doesn't measure detection.* use map, map50, map75"):
        train(metrics=["accuracy"], monitor=None)


@pytest.mark.parametrize("framework", ["tensorflow", "jax"])
def test_another_framework_is_refused_before_anything_starts(framework: str) -> None:
    said = f"The model 'detector' can't be built for {framework}; set framework: pytorch."
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        train(framework=framework)


# --- runs -------------------------------------------------------------------------------------------------------


def test_a_detector_is_trained_by_its_recipe_without_being_told() -> None:
    run = train(augmentation=["color_jitter"])
    assert (run.state, run.spec.recipe.type) == ("completed", "detection")
    assert run.exact
    row = run.metrics().iloc[-1]
    assert {"train_loss", "val_loss", "val_map", "val_map50", "val_map75"} <= set(row.index)
    assert not {name for name in row.index if name.startswith("train_map")}
    assert row["val_loss"] < run.metrics().iloc[0]["val_loss"]


def test_the_best_checkpoint_finds_boxes() -> None:
    run = train(epochs=1, model={"type": "detector", "width": 4, "least_score": 0.0, "most": 7})
    images = Drawing(32, 2, ("disc",)).draw(3, 9).images
    found = run.best.predict(images)
    assert [image.shape[1] for image in found] == [6, 6, 6]
    assert all(0 < len(image) <= 7 for image in found)
    for image in found:
        assert (image[:, 2:4] >= image[:, :2]).all()
        assert (np.diff(image[:, 4]) <= 0).all()
        assert set(image[:, 5]) <= {0, 1, 2, 3}
    answer = run.best.answer(images)
    assert [np.shape(image) for image in answer["predictions"]] == [image.shape for image in found]
    with pytest.raises(CheckpointError, match="predicts boxes, not classes"):
        run.best.predict_proba(images)
    item = run.best.examples(1)["items"][0]
    assert item["confidence"] is None


def test_boxes_of_ones_own_are_trained_on() -> None:
    drawn = Drawing(32, 2, ("disc", "cross")).draw(30, 2)
    run = train(data=(drawn.images, drawn.boxes), epochs=1)
    assert run.state == "completed"
    with pytest.raises(ConfigurationError, match="needs targets of shape"):
        train(data=(drawn.images, drawn.boxes[:, 0]), epochs=1)


@pytest.mark.parametrize("settings", [{}, {"ema": 0.9, "precision": "bf16-mixed", "gradient_accumulation": 2}])
def test_a_suspended_run_goes_on_to_the_same_bits(settings: dict[str, Any]) -> None:
    whole = train(epochs=4, **settings)
    with held_at_call(3) as there:
        parted = train(epochs=4, executor="thread", **settings)
        assert there.wait(60)
        suspension = parted.suspend()
    suspension.wait(60)
    assert parted.state == "suspended"
    assert 0 < parted.step < whole.step
    parted.resume(executor="thread")
    parted.wait(60)
    assert differences(outcome(parted), outcome(whole)) == []


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_compiled_step_is_as_large_a_step() -> None:
    # 32 to learn from are whole batches, so there is one graph to learn and one to validate.
    data = {**SETTINGS["data"], "count": 40}
    plain, compiled = train(epochs=1, data=data), train(epochs=1, data=data, compile=True)
    first, second = (run.metrics().iloc[-1]["train_loss"] for run in (plain, compiled))
    assert first == pytest.approx(second, rel=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_learns_to_find_shapes() -> None:
    run = train(
        model="detector",
        data={"type": "shapes", "task": "detection"},
        epochs=25,
        batch_size=16,
        learning_rate=5e-3,
        scheduler={"type": "cosine", "warmup_epochs": 1},
    )
    assert run.metrics()["val_map50"].max() >= 0.7
