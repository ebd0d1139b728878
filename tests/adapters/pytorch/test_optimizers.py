from __future__ import annotations

import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.optimizers import SGD, Adam, AdamW
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.validation import validate
from tests.adapters.pytorch.bench import Bench, seeded


def net() -> nn.Module:
    return seeded(lambda: nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)))


def rates(bench: Bench) -> list[float]:
    return [group["lr"] for group in bench.optimizer.param_groups]


# --- by name ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((SGD, {"nesterov": True}), "optimizer: nesterov needs a momentum above 0 and no dampening, got momentum 0"),
        ((SGD, {"momentum": 0.9, "dampening": 0.1, "nesterov": True}), "got momentum 0.9 and dampening 0.1."),
        ((SGD, {"momentum": 1}), "optimizer.momentum: expected less than 1, got 1."),
        ((Adam, {"betas": [0.9, 1.5]}), "optimizer.betas.1: expected less than 1, got 1.5."),
        ((Adam, {"betas": [0.9]}), "Key 'optimizer.betas.1' is missing."),
        ((AdamW, {"weight_decay": float("nan")}), "optimizer.weight_decay: expected"),
        ((AdamW, {"weight_decay": float("inf")}), "optimizer.weight_decay: expected a finite number, got inf."),
        ((AdamW, {"weight_decy": 0.1}), "Unknown key 'optimizer.weight_decy'. Did you mean 'weight_decay'?"),
    ],
)
def test_settings_torch_would_refuse_are_refused_before_a_trainer_starts(settings, message: str) -> None:
    part, values = settings
    with pytest.raises(ConfigurationError) as error:
        validate(part.Config, values, "optimizer")
    assert message in str(error.value)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_a_fused_step_is_taken_where_it_is_wanted(name: str, fused: bool) -> None:
    with Bench(net(), optimizer=name, fast={"fused_optimizer": fused}) as bench:
        assert [group["fused"] for group in bench.optimizer.param_groups] == [fused]


def test_half_precision_is_never_fused() -> None:
    class Half(nn.Linear):
        def forward(self, x):
            return super().forward(x.bfloat16()).float()

    model = seeded(lambda: Half(16, 2).bfloat16())
    with Bench(model, (torch.ones(40, 16), torch.arange(40) % 2), optimizer="sgd", learning_rate=0.5) as bench:
        before = model.weight.detach().clone()
        bench.step()
        assert (model.weight != before).all()


def test_frozen_parameters_are_left_out() -> None:
    model = net()
    model[0].requires_grad_(requires_grad=False)
    with Bench(model) as bench:
        assert [id(p) for p in bench.optimizer.param_groups[0]["params"]] == [id(p) for p in model[2].parameters()]


# --- one's own --------------------------------------------------------------------------------------------


def test_ones_own_optimizer_keeps_its_rate_unless_told_otherwise() -> None:
    def own(model):
        return torch.optim.SGD(model.parameters(), lr=0.25)

    with Bench(net(), optimizer=own) as bench:
        assert bench.adapter.learning_rate(bench.state) == 0.25
    with Bench(net(), optimizer=own, learning_rate=0.5) as bench:
        assert bench.adapter.learning_rate(bench.state) == 0.5
    with Bench(net()) as bench:
        assert bench.adapter.learning_rate(bench.state) == 1e-3


@pytest.mark.parametrize("kind", ["object", "function", "class"])
def test_an_optimizer_comes_as_object_function_or_class(kind: str) -> None:
    model = net()
    optimizer = {
        "object": lambda: torch.optim.RMSprop(model.parameters()),
        "function": lambda: lambda given: torch.optim.RMSprop(given.parameters()),
        "class": lambda: torch.optim.RMSprop,
    }[kind]()
    with Bench(model, optimizer=optimizer) as bench:
        assert isinstance(bench.optimizer, torch.optim.RMSprop)
        bench.step()


def test_frozen_parameters_may_be_in_ones_own_optimizer() -> None:
    model = net()
    model[0].requires_grad_(requires_grad=False)
    before = model[0].weight.clone()
    with Bench(model, optimizer=torch.optim.AdamW(model.parameters())) as bench:
        bench.step(3)
    assert torch.equal(model[0].weight, before)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (
            lambda _model: torch.optim.SGD(seeded(lambda: nn.Linear(2, 2)).parameters()),
            "2 of its parameters don't belong",
        ),
        (lambda model: model, "expected a torch.optim.Optimizer or a function of the model, got Sequential"),
        (0.1, "expected a torch.optim.Optimizer or a function of the model, got float"),
        (torch.optim.LBFGS, "LBFGS evaluates the loss several times in a step, which can't be done here"),
    ],
)
def test_an_optimizer_that_cannot_be_used_is_refused(optimizer, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^optimizer: .*{message}"):
        Bench(net(), optimizer=optimizer)


def test_a_model_with_nothing_to_train_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="model: nothing to train"):
        Bench(nn.Flatten())


# --- the rate ---------------------------------------------------------------------------------------------


def grouped(*values: float):
    return lambda model: torch.optim.SGD(
        [{"params": [p], "lr": value} for p, value in zip(model.parameters(), values, strict=False)], lr=1.0
    )


def test_groups_keep_their_proportions() -> None:
    with Bench(net(), optimizer=grouped(0.4, 0.1, 0.2)) as bench:
        assert bench.adapter.learning_rate(bench.state) == 0.4
        for rate in (0.8, 0.0, 0.04):  # a schedule may reach zero and come back
            bench.adapter.set_learning_rate(bench.state, rate)
            assert rates(bench) == pytest.approx([rate, rate / 4, rate / 2])


def test_a_group_that_does_not_learn_stays_so() -> None:
    with Bench(net(), optimizer=grouped(0.0, 0.1, 0.2)) as bench:
        assert bench.adapter.learning_rate(bench.state) == 0.1
        bench.adapter.set_learning_rate(bench.state, 0.3)
        assert rates(bench) == pytest.approx([0.0, 0.3, 0.6])


def test_the_rate_of_a_single_group_is_set_to_the_bit() -> None:
    with Bench(net(), optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.3)) as bench:
        for rate in (0.1, 1 / 3, 1e-7):
            bench.adapter.set_learning_rate(bench.state, rate)
            assert rates(bench) == [rate]


def test_a_rate_may_be_a_tensor() -> None:
    with Bench(net(), optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=torch.tensor(0.5))) as bench:
        assert bench.adapter.learning_rate(bench.state) == 0.5
        bench.adapter.set_learning_rate(bench.state, 0.25)
        assert rates(bench) == [0.25]


# --- losses that are not finite ---------------------------------------------------------------------------


class Sometimes(nn.Linear):
    """Gives NaN for the second step."""

    def __init__(self) -> None:
        super().__init__(6, 2)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            self.calls += 1
        return super().forward(x) * (float("nan") if self.calls == 2 else 1.0)


def test_an_update_with_a_bad_loss_is_left_out() -> None:
    with Bench(seeded(Sometimes), on_nan="skip", optimizer="adamw") as bench:
        bench.step()
        before = bench.digest()
        assert bench.step() == pytest.approx([float("nan")], nan_ok=True)
        assert bench.digest() == before
        bench.step()
        assert bench.digest() != before


def test_an_update_with_a_bad_loss_is_made_if_asked_for() -> None:
    with Bench(seeded(Sometimes), on_nan="continue") as bench:
        bench.step(2)
        assert torch.isnan(bench.net.weight).all()
