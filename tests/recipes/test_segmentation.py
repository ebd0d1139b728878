"""Runs that tell the class of each pixel, by the supervised recipe."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.adapters.pytorch.losses import Dice
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.drawing import Drawing
from dltrainer_jupyter.tal import Run
from tests.chaos.outcome import differences, outcome
from tests.halfway import held_at_call

SETTINGS: dict[str, Any] = {
    "model": {"type": "unet", "width": 4, "depth": 2, "dropout": 0.1},
    "data": {"type": "shapes", "count": 48, "size": 32, "most": 2},
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 3e-3,
    "optimizer": "adamw",
    "metrics": ["mean_iou", "dice", "pixel_accuracy", "boundary_f1"],
    "monitor": "val_mean_iou",
    "threads": 1,
    "executor": "inline",
    "verbose": False,
}
IMAGES = Drawing(32, 2, ("disc", "cross")).draw(40, 2)


def train(**changes: Any) -> Run:
    return tal.train(**{**SETTINGS, **changes})


def test_masks_are_learnt_measured_and_kept() -> None:
    run = train(augmentation=["color_jitter"])
    assert (run.state, run.spec.recipe.type, run.exact) == ("completed", "supervised", True)
    row = run.metrics().iloc[-1]
    assert row["train_loss"] < run.metrics().iloc[0]["train_loss"]
    assert {"train_mean_iou", "val_mean_iou", "val_dice", "val_pixel_accuracy", "val_boundary_f1"} <= set(row.index)
    assert "train_boundary_f1" not in row.index
    found = run.store.validation(run.id)
    for name in ("mean_iou", "dice", "pixel_accuracy", "boundary_f1"):
        assert found.summary["overall"][name] == pytest.approx(row[f"val_{name}"], abs=1e-9, nan_ok=True)
    masks = np.load(run.folder / "validation_examples" / "masks.npy")
    _, columns = run.store.examples(run.id)
    assert masks.shape == columns["masks"].shape == (10, 32, 32)


def test_a_class_for_each_pixel_is_predicted() -> None:
    run = train(epochs=1)
    classes = run.best.predict(IMAGES.images[:3])
    assert (classes.shape, classes.dtype) == ((3, 32, 32), np.int64)
    assert run.best.predict_proba(IMAGES.images[:3]).shape == (3, 5, 32, 32)
    item = run.best.examples(1)["items"][0]
    assert item["truth"].startswith("background")
    assert (item["correct"], 0 < item["confidence"] <= 1) == (None, True)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"loss": "dice", "ema": 0.9, "precision": "bf16-mixed"}])
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


def test_masks_of_ones_own_are_trained_on() -> None:
    run = train(data=(IMAGES.images, IMAGES.masks), epochs=1)
    assert run.state == "completed"
    assert run.store.validation(run.id).summary["task"] == "segmentation"
    assert {"val_mean_iou", "val_boundary_f1"} <= set(run.metrics().columns)


def test_on_keras_classes_lie_last_and_are_measured_and_predicted_all_the_same() -> None:
    keras = pytest.importorskip("keras")
    images = np.moveaxis(IMAGES.images, 1, -1).astype(np.float32) / 255
    net = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, padding="same", activation="relu")])
    net.add(keras.layers.Conv2D(3, 3, padding="same"))
    run = train(model=net, data=(images, IMAGES.masks), epochs=2, learning_rate=0.01)
    assert run.error is None
    predicted = run.last.predict(images)
    assert predicted.shape == IMAGES.masks.shape
    said = run.metrics().iloc[-1]
    assert said["val_pixel_accuracy"] == pytest.approx((predicted == IMAGES.masks).mean(), abs=0.15)
    assert run.store.validation(run.id).summary["overall"]["mean_iou"] == pytest.approx(said["val_mean_iou"], abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"augmentation": ["color_jitter", "rotation"]}, "rotation changes images but not the masks"),
        ({"preprocessing": [{"type": "resize", "size": 16}]}, "32x32 pixels are made 16x16, but the targets of seg"),
        ({"metrics": ["map"], "monitor": None}, "doesn't measure segmentation.* use boundary_f1, dice, mean_iou"),
        ({"model": "cnn"}, "Model, loss and data don't fit"),
    ],
)
def test_what_cant_be_had_is_said(changes: dict[str, Any], said: str) -> None:
    run = train(**changes)
    assert run.state == "failed"
    assert re.search(said, run.error.message)


@pytest.mark.parametrize("framework", ["jax", "tensorflow"])
def test_another_framework_is_refused_before_anything_starts(framework: str) -> None:
    said = f"The model 'unet' can't be built for {framework}; set framework: pytorch."
    with pytest.raises(ConfigurationError, match=re.escape(said)) as refused:
        train(framework=framework)
    assert refused.value.problems[0].path == ("model",)


def test_dice_is_that_of_the_classes_and_least_where_all_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 4, generator=generator)
    targets = torch.randint(0, 3, (2, 4, 4), generator=generator)
    alone = Dice(Dice.Config(cross_entropy=0, smooth=1e-6)).build()
    shares = logits.softmax(1)
    overlaps = [
        2 * shares[:, at][targets == at].sum() / (shares[:, at].sum() + (targets == at).sum()) for at in range(3)
    ]
    assert alone(logits, targets).item() == pytest.approx(1 - torch.stack(overlaps).mean().item(), abs=1e-5)
    both = Dice(Dice.Config(cross_entropy=0.5, smooth=1e-6)).build()
    expected = alone(logits, targets) + 0.5 * nn.functional.cross_entropy(logits, targets)
    assert torch.allclose(both(logits, targets), expected)
    right = 50 * nn.functional.one_hot(targets, 3).movedim(-1, 1).float()
    assert both(right, targets).item() == pytest.approx(0, abs=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_learns_to_tell_shapes_pixel_by_pixel() -> None:
    run = train(
        model={"type": "unet", "width": 8},
        data="shapes",
        epochs=14,
        batch_size=16,
        learning_rate=6e-3,
        loss="dice",
        scheduler={"type": "cosine", "warmup_epochs": 1},
    )
    assert run.metrics()["val_mean_iou"].max() >= 0.8
