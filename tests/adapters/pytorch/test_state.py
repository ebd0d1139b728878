from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.state import load_weights, save_weights, unchanged_buffers
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import Batch, BuildContext, StepOutput, TrainState
from tests.adapters.pytorch.bench import IMAGES, LABELS, Bench, X, Y, check_exact, seeded

# --- models -------------------------------------------------------------------------------------------------


def plain() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))


def convolutional() -> nn.Module:
    layers = [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout2d(0.2), nn.Conv2d(6, 4, 3)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Tied(nn.Module):
    """One weight under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight
        self.head = nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.second(self.first(x).relu()))


class Buffers(nn.Module):
    """Buffers of every kind: hidden from ``state_dict``, whole numbers, 0-d, replaced, made late, lying over itself."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 2)
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.register_buffer("mean", torch.zeros(6), persistent=False)
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("replaced", torch.ones(2, 3))
        self.register_buffer("late", None)
        self.register_buffer("expanded", torch.tensor([2.0]).expand(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.mean.mul_(0.9).add_(x.mean(0), alpha=0.1)
            self.calls += 1
            self.replaced = self.replaced * 1.01
            self.late = x.detach().mean() if self.late is None else 0.5 * self.late
        return self.scale * self.layer((x - self.mean) * self.expanded) * self.replaced.mean()


def half() -> nn.Module:
    class Half(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x.bfloat16()).float()

    return Half(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)).bfloat16()


# --- optimizers ---------------------------------------------------------------------------------------------


def groups(net: nn.Module) -> torch.optim.Optimizer:
    first, *others = net.parameters()
    return torch.optim.AdamW([{"params": [first], "lr": 0.02}, {"params": others, "weight_decay": 0.3}], lr=0.01)


def rate_is_a_tensor(net: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(net.parameters(), lr=torch.tensor(0.01))


def own(kind: type[torch.optim.Optimizer], **options: Any) -> Any:
    return lambda net: kind(net.parameters(), **options)


_BUILT_IN: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1},
    "momentum": {"optimizer": {"type": "sgd", "momentum": 0.9, "nesterov": True}, "learning_rate": 0.1},
    "adam": {"optimizer": "adam"},
    "adamw": {"optimizer": "adamw"},
    "amsgrad": {"optimizer": {"type": "adamw", "amsgrad": True}},
    "adamw, not fused": {"optimizer": "adamw", "fast": {"fused_optimizer": False}},
    "amsgrad, not fused": {"optimizer": {"type": "adam", "amsgrad": True}, "fast": {"fused_optimizer": False}},
}
_OWN: dict[str, Any] = {
    "groups": groups,
    "rate is a tensor": rate_is_a_tensor,
    "foreach": own(torch.optim.AdamW, foreach=True),
    "rmsprop": own(torch.optim.RMSprop, momentum=0.5, centered=True),
    "adagrad": own(torch.optim.Adagrad),
    "adadelta": own(torch.optim.Adadelta),
    "adamax": own(torch.optim.Adamax),
    "nadam": own(torch.optim.NAdam),
    "radam": own(torch.optim.RAdam),
    "asgd": own(torch.optim.ASGD, lambd=0.1, t0=1),
    "rprop": own(torch.optim.Rprop),
    "adafactor": own(torch.optim.Adafactor),
}
OPTIMIZERS = _BUILT_IN | {name: {"optimizer": made} for name, made in _OWN.items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_bit_for_bit_with_every_optimizer(name: str, tmp_path: Path) -> None:
    check_exact(tmp_path, plain, **OPTIMIZERS[name])


@pytest.mark.parametrize("optimizer", ["momentum", "adamw", "adamw, not fused", "amsgrad", "groups", "adafactor"])
def test_training_goes_on_bit_for_bit_with_channels_last(optimizer: str, tmp_path: Path) -> None:
    def build() -> nn.Module:
        return convolutional().to(memory_format=torch.channels_last)

    check_exact(tmp_path, build, (IMAGES, LABELS), **OPTIMIZERS[optimizer])


@pytest.mark.parametrize("optimizer", ["momentum", "adamw", "adamw, not fused", "rmsprop"])
@pytest.mark.parametrize("build", [Tied, Buffers, half, convolutional])
def test_training_goes_on_bit_for_bit_with_every_model(build: Any, optimizer: str, tmp_path: Path) -> None:
    data = (IMAGES, LABELS) if build is convolutional else (X, Y)
    check_exact(tmp_path, build, data, **OPTIMIZERS[optimizer])


def test_slots_have_their_parameters_strides_and_their_own_dtype(tmp_path: Path) -> None:
    def build() -> nn.Module:
        return convolutional().to(memory_format=torch.channels_last)

    with Bench(seeded(build), (IMAGES, LABELS), optimizer="adamw") as bench:
        bench.step()
        bench.read(bench.write(tmp_path))
        for parameter, slots in bench.optimizer.state.items():
            assert slots["exp_avg"].stride() == slots["exp_avg_sq"].stride() == parameter.stride()
            assert (slots["step"].dtype, slots["step"].shape) == (torch.float32, ())


def test_tied_weights_are_saved_once_and_stay_tied(tmp_path: Path) -> None:
    with Bench(seeded(Tied)) as bench:
        names = bench.save().weights.keys()
        expected = ("first.bias", "first.weight", "head.bias", "head.weight", "second.bias")
        assert sorted(names) == [f"model.{name}" for name in expected]
        bench.read(bench.write(tmp_path))
        assert bench.net.first.weight is bench.net.second.weight


def test_each_group_keeps_its_rate_and_options(tmp_path: Path) -> None:
    with Bench(seeded(plain), optimizer=groups) as bench:
        bench.adapter.set_learning_rate(bench.state, 0.001)
        path = bench.write(tmp_path)
    with Bench(seeded(plain), optimizer=groups) as resumed:
        resumed.read(path)
        assert [group["lr"] for group in resumed.optimizer.param_groups] == [0.001, 0.0005]
        assert [group["weight_decay"] for group in resumed.optimizer.param_groups] == [0.01, 0.3]
        # Proportions outlive the file as well.
        resumed.adapter.set_learning_rate(resumed.state, 0.1)
        assert [group["lr"] for group in resumed.optimizer.param_groups] == [0.1, 0.05]


def test_a_saved_state_does_not_change_with_the_training() -> None:
    with Bench(seeded(plain), optimizer="adamw") as bench:
        bench.step(2)
        saved = bench.save()
        before = {name: bytes(raw.data) for name, raw in (saved.weights | saved.optimizer).items()}
        generators = dict(saved.meta["generators"])
        bench.step(3)
        assert {name: bytes(raw.data) for name, raw in (saved.weights | saved.optimizer).items()} == before
        assert saved.meta["generators"] == generators


# --- what does not fit --------------------------------------------------------------------------------------


def weights(net: nn.Module) -> Any:
    return save_weights({"model": net})


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (nn.Sequential(nn.Linear(2, 3)), "'model.0.weight' is (3, 2) torch.float32 there and (2, 2) torch.float32"),
        (nn.Sequential(nn.Linear(2, 2).double()), "'model.0.weight' is (2, 2) torch.float64 there and (2, 2) torch"),
        (nn.Sequential(nn.Linear(2, 2, bias=False)), "it lacks model.0.bias."),
        (nn.Sequential(nn.Linear(2, 2), nn.PReLU()), "it has besides model.1.weight."),
        (nn.Linear(2, 2), "it lacks model.0.bias, model.0.weight; it has besides model.bias, model.weight."),
        (
            nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),
            "besides model.1.bias, model.1.num_batches_tracked, model.1.",
        ),
    ],
)
def test_weights_of_another_model_are_refused_and_nothing_is_written(other: nn.Module, message: str) -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    before = [parameter.clone() for parameter in net.parameters()]
    with pytest.raises(CheckpointError) as error:
        load_weights({"model": net}, weights(other))
    assert message in str(error.value)
    assert all(torch.equal(*pair) for pair in zip(net.parameters(), before, strict=True))


def test_a_buffer_that_changed_its_shape_is_no_other_model() -> None:
    net, grown = Buffers(), Buffers()
    grown.replaced = torch.full((5,), 3.0)
    grown.late = torch.tensor(4.0)
    load_weights({"model": net}, weights(grown))
    assert net.replaced.tolist() == [3.0] * 5
    assert net.late.item() == 4


def test_another_optimizer_is_refused() -> None:
    with Bench(seeded(plain), optimizer="adamw") as bench, Bench(seeded(plain), optimizer=groups) as grouped:
        grouped.step()
        with pytest.raises(CheckpointError, match="optimizer has 2 parameter groups, this one 1"):
            bench.adapter.load(bench.state, grouped.save())
        other = TrainState(bench.state.nets, {"another": bench.optimizer})
        with pytest.raises(CheckpointError, match=r"optimizers \['optimizer'\], this run \['another'\]"):
            bench.adapter.load(other, bench.save())


def test_a_tensor_no_file_holds_is_named() -> None:
    class Wide(nn.Linear):
        def __init__(self) -> None:
            super().__init__(6, 2)
            self.register_buffer("phase", torch.zeros(1, dtype=torch.complex128))

    with Bench(seeded(Wide)) as bench, pytest.raises(CheckpointError, match="'model.phase' is a complex128 tensor"):
        bench.save()


# --- buffers while the model is tried -----------------------------------------------------------------------


def test_trying_the_model_leaves_its_buffers_as_they_were() -> None:
    net = Buffers().train()
    before = {name: (id(buffer), buffer.clone()) for name, buffer in net.named_buffers()}
    with unchanged_buffers({"model": net}):
        net(torch.ones(3, 6))
        assert net.calls.item() == 1
    for name, (identity, value) in before.items():
        buffer = net.get_buffer(name)
        assert id(buffer) == identity, name
        assert torch.equal(buffer, value), name


def test_a_failed_try_leaves_buffers_as_they_were_too() -> None:
    net = nn.BatchNorm1d(2).train()
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"), unchanged_buffers({"model": net}):
        net(torch.ones(1, 2))
    assert net.num_batches_tracked.item() == 0


# --- a recipe of one's own ----------------------------------------------------------------------------------


class Adversarial:
    """Two nets, two optimizers, noise in the step, and something to remember."""

    def build(self, context: BuildContext) -> TrainState:
        nets = {
            "generator": nn.Linear(3, 6),
            "critic": nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.2), nn.Linear(4, 1)),
        }
        optimizers = {name: torch.optim.AdamW(net.parameters(), lr=0.01) for name, net in nets.items()}
        return TrainState(nets, optimizers, {"average": torch.zeros(6), "steps": 0, "modes": ("fake", 1)})

    def train_step(self, state: TrainState, batch: Batch, ops: Any) -> tuple[TrainState, StepOutput]:
        noise = torch.randn(batch.size, 3)

        def critic(nets: Any) -> Any:
            fake = nets["critic"](nets["generator"](noise))
            return (fake - nets["critic"](batch.inputs)).mean(), fake

        def generator(nets: Any) -> Any:
            fake = nets["generator"](noise)
            return -nets["critic"](fake).mean(), fake

        state, _, _ = ops.update(state, critic, wrt="critic", using="critic")
        assert all(parameter.grad is None for parameter in state.nets["generator"].parameters()) or state.extra["steps"]
        state, loss, fake = ops.update(state, generator, wrt="generator", using="generator")
        state.extra["average"] = 0.9 * state.extra["average"] + 0.1 * fake.mean(0)
        state.extra["steps"] += 1
        return state, StepOutput(loss + state.extra["average"].mean(), fake, batch.targets, batch.size)

    def eval_step(self, state: TrainState, batch: Batch, ops: Any) -> StepOutput:
        outputs = state.nets["critic"](batch.inputs)
        return StepOutput(outputs.mean(), outputs, batch.targets, batch.size)


def test_several_nets_and_whatever_else_a_recipe_keeps_go_on_bit_for_bit(tmp_path: Path) -> None:
    data = (X, X[:, :1])
    before = torch.get_rng_state()
    with Bench("mlp", data, recipe=Adversarial()) as undisturbed:
        undisturbed.step(3)
        path = undisturbed.write(tmp_path)
        expected = undisturbed.step(4), undisturbed.digest()
    with Bench("mlp", data, recipe=Adversarial()) as resumed:
        resumed.read(path)
        assert resumed.state.extra["steps"] == 3
        assert resumed.state.extra["modes"] == ("fake", 1)
        assert (resumed.step(4), resumed.digest()) == expected
    assert torch.equal(torch.get_rng_state(), before)


def test_global_generators_belong_to_a_process_of_its_own(tmp_path: Path) -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.GRU(6, 4, 2, dropout=0.5, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layers(x[:, None])[0][:, 0]

    with torch.random.fork_rng():
        check_exact(tmp_path, Recurrent, owns_process=True)


def test_losses_are_finite_here() -> None:
    """A test of exactness would pass on NaNs as well."""
    with Bench(seeded(plain), optimizer="adamw") as bench:
        before = bench.digest()
        losses = bench.step(20)
        assert np.isfinite(losses).all()
        assert bench.digest() != before
