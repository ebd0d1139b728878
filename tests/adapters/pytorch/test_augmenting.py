from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from dltrainer_jupyter import tal
from dltrainer_jupyter.adapters.pytorch import pixels
from dltrainer_jupyter.adapters.pytorch.augmenting import Augmentation
from dltrainer_jupyter.core.errors import TrainingFailed
from dltrainer_jupyter.tal.session import open_store
from tests.adapters.augmenting import AugmentingChecks
from tests.adapters.images import CLASSES, DIGITS
from tests.halfway import held_at_call

if TYPE_CHECKING:
    import numpy as np

MOVED = ({"type": "rotation", "degrees": 10}, {"type": "crop", "padding": 1})


class TestAugmenting(AugmentingChecks):
    augmentation = Augmentation
    pixels = pixels

    def tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array.copy())

    def reseed(self) -> None:
        torch.manual_seed(0)
        torch.rand(3)


def train(**settings):
    return tal.train(
        **{"model": "cnn", "data": "digits", "learning_rate": 3e-3, "metrics": ["accuracy"], "verbose": False}
        | settings
    )


def digest(run) -> str:
    return max(run.checkpoints, key=lambda checkpoint: checkpoint.step).digest


@pytest.mark.slow
def test_a_suspended_run_goes_on_with_the_same_bits() -> None:
    through = train(augmentation=MOVED, epochs=7, threads=1).wait(100)
    assert through.metrics()["val_accuracy"].max() >= 0.96
    with held_at_call(100) as there:
        broken = train(augmentation=MOVED, epochs=7, threads=1)
        assert there.wait(60)
        suspension = broken.suspend()
    suspension.wait(60)
    assert broken.state == "suspended"
    broken.resume()
    broken.wait(100)
    assert digest(broken) == digest(through)
    assert broken.metrics().equals(through.metrics())


@pytest.mark.slow
def test_any_number_of_workers_of_a_loader_gives_the_same() -> None:
    digests = set()
    for workers in (0, 2):
        samples = TensorDataset(torch.from_numpy(DIGITS), torch.from_numpy(CLASSES))
        loader = DataLoader(samples, 4, shuffle=True, num_workers=workers)
        run = train(data=loader, augmentation=[*MOVED, "mixup"], epochs=2, loss="cross_entropy", model=_small())
        digests.add(digest(run.wait(60)))
    assert len(digests) == 1


def _small() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def test_an_attempt_records_what_its_augmentation_is_a_function_of() -> None:
    run = train(augmentation=MOVED, epochs=1, executor="inline")
    environment = open_store().attempts(run.id)[-1].environment
    assert environment["augmentation"] == "seed, epoch, batch"
    assert "kornia" in environment


@pytest.mark.parametrize("loss", ["cross_entropy", {"type": "cross_entropy", "label_smoothing": 0.1}, None])
def test_cross_entropy_takes_mixed_classes(loss) -> None:
    run = train(augmentation=["mixup", "cutmix"], epochs=2, executor="inline", loss=loss, metrics=["accuracy", "f1"])
    row = run.metrics().iloc[-1]
    assert row["train_loss"] > row["val_loss"]
    assert 0.2 < row["train_accuracy"] < 1
    assert row["val_accuracy"] > 0.5


def test_a_loss_of_ones_own_may_take_them_too() -> None:
    run = train(augmentation=["mixup"], epochs=1, executor="inline", loss=nn.CrossEntropyLoss())
    assert run.state == "completed"


def test_binary_cross_entropy_takes_mixed_labels() -> None:
    run = train(model="mlp", data="breast_cancer", loss="bce", augmentation=["mixup"], epochs=3, executor="inline")
    assert run.metrics()["train_accuracy"].iloc[-1] > 0.8


def test_a_loss_that_does_not_take_mixed_classes_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        TrainingFailed, match=r"loss: it doesn't take the targets that mixup makes, .*use cross_entropy"
    ):
        train(augmentation=["mixup"], epochs=1, loss=nn.MultiMarginLoss()).wait(60)


def test_a_table_is_no_image() -> None:
    with pytest.raises(TrainingFailed, match=r"augmentation: rotation needs images .* samples have shape \(13,\)"):
        train(model="mlp", data="wine", augmentation=["rotation"], epochs=1).wait(60)


def test_predictions_are_not_augmented() -> None:
    run = train(augmentation=[{"type": "flip", "horizontal": 1}], epochs=6, executor="inline")
    # It has seen nothing but mirrored digits, so it knows those, and digits as they are much less.
    mirrored = (run.last.predict(DIGITS[..., ::-1] * 16) == CLASSES).mean()
    assert mirrored > (run.last.predict(DIGITS * 16) == CLASSES).mean()
    assert run.metrics()["val_accuracy"].iloc[-1] < run.metrics()["train_accuracy"].iloc[-1] - 0.2
