"""Schedulers and metrics that are a person's own objects, or factories of what is built; on PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import StepLR

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import TrainingFailed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int64")
EPOCHS, STEPS, RATE = 4, 4, 0.1
SMALL: dict[str, Any] = {
    "model": {"type": "mlp", "hidden": [4]},
    "data": (X, Y),
    "epochs": EPOCHS,
    "batch_size": 16,
    "learning_rate": RATE,
    "executor": "inline",
    "verbose": False,
}


def rates_of(**more: Any) -> list[float]:
    run = tal.train(**{**SMALL, **more})
    assert run.state == "completed", run.record.error
    return run.metrics()["learning_rate"].tolist()


def rates_by_hand(make: Any, *, each_step: bool, **settings: Any) -> list[float]:
    """Give the rate of the last step of each epoch, of PyTorch's own loop."""
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(1))], lr=RATE, **settings)
    scheduler = make(optimizer)
    rates = []
    for _ in range(EPOCHS):
        for _ in range(STEPS):
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            if each_step:
                scheduler.step()
        if not each_step:
            scheduler.step()
        rates.append(rate)
    return rates


def in_sequence(optimizer):
    first, then = lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 2), lr_scheduler.ExponentialLR(optimizer, 0.5)
    return lr_scheduler.SequentialLR(optimizer, [first, then], milestones=[2])


def one_cycle(optimizer):
    return lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=EPOCHS * STEPS, cycle_momentum=False)


@pytest.mark.parametrize(
    ("make", "each_step", "scheduler"),
    [
        (lambda optimizer: StepLR(optimizer, 2, 0.1), False, None),
        (lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 16), True, "step"),
        (lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.9**epoch), False, None),
        (in_sequence, False, None),
        (one_cycle, True, None),
    ],
    ids=["step", "cosine-by-step", "lambda", "sequence", "one-cycle"],
)
def test_a_function_of_the_optimizer_makes_one_of_pytorchs(make, each_step, scheduler) -> None:
    given = make if scheduler is None else {"type": make, "interval": scheduler}
    assert rates_of(scheduler=given) == pytest.approx(rates_by_hand(make, each_step=each_step))


def test_a_scheduler_with_its_optimizer() -> None:
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD([{"params": [model.weight]}, {"params": [model.bias], "lr": 0.2}], lr=RATE)
    scheduler = lr_scheduler.LinearLR(optimizer, 0.5, 1.0, 2)
    given = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "learning_rate": None}
    assert rates_of(**given) == pytest.approx([0.05, 0.075, 0.1, 0.1])


def test_the_plateau_of_pytorch_goes_by_the_monitored_metric() -> None:
    rates = rates_of(scheduler=lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=10.0))
    assert rates == pytest.approx([0.1, 0.01, 0.001, 0.0001])


def test_a_run_that_is_extended_or_cloned_goes_on_with_the_same_schedule() -> None:
    def make(optimizer, epochs):
        return StepLR(optimizer, epochs // 2, 0.1)

    run = tal.train(**{**SMALL, "scheduler": {"type": make, "interval": "epoch"}, "epochs": 2})
    assert run.clone().checkpoints[-1].digest == run.checkpoints[-1].digest
    run.resume(epochs=4).wait(60)
    run.wait(60)
    assert run.metrics()["learning_rate"].tolist() == pytest.approx([0.1, 0.01, 0.01, 0.01])


def test_an_object_as_schedule() -> None:
    class Halved:
        def factor(self, step: int) -> float:
            return 0.5 ** (step // 8)

    assert rates_of(scheduler=Halved()) == pytest.approx([0.1, 0.1, 0.05, 0.05])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=16), "changes 'betas' as well"),
        (lambda optimizer: len(optimizer.param_groups), "scheduler: expected a name, a function of step or epoch"),
        (lambda step, learning_rate: -learning_rate - step, "a finite number that isn't negative, got -0.1"),
        (StepLR(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1), 1), "belongs to another optimizer"),
    ],
    ids=["momentum", "a number", "negative", "another optimizer"],
)
def test_schedulers_that_cant_be_followed(given, words) -> None:
    run = tal.train(**{**SMALL, "scheduler": given})
    with pytest.raises(TrainingFailed):
        run.wait(60)
    assert words in run.record.error.message


def test_a_metric_is_made_of_the_model() -> None:
    class Norm:
        name = "norm"

        def __init__(self, model: nn.Module) -> None:
            self.weights = [parameter.detach() for parameter in model.parameters()]
            self.count = 0

        def update(self, preds: Any, target: Any) -> None:
            self.count += len(preds)

        def compute(self) -> float:
            return float(sum(weight.square().sum() for weight in self.weights)) if self.count else 0.0

        def reset(self) -> None:
            self.count = 0

    def outputs_are(model):
        classes = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1].out_features

        def shape(y_true, y_pred):
            return float(y_pred.max() < classes)

        return shape

    run = tal.train(**{**SMALL, "metrics": [Norm, outputs_are]})
    assert run.state == "completed", run.record.error
    assert (run.metrics()["val_norm"] > 0).all()
    assert run.metrics()["val_shape"].tolist() == [1.0] * EPOCHS
    assert run.test().metrics["shape"] == 1.0
