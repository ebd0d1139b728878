"""A compiled step learns what an eager one does, resumes bit for bit, and says in one line what it can't do."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
import torch._dynamo
from torch import nn

from dltrainer_jupyter.adapters.pytorch.compiled import CompiledGradients, add_gradients
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.recipes.supervised import Supervised
from tests.adapters.pytorch.bench import Bench, check_exact, seeded

# PyTorch's compiler imports parts of PyTorch's past.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


def net() -> nn.Module:
    """Has statistics, and drops values of a layer twice."""
    return nn.Sequential(nn.Linear(6, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), Twice(), nn.Linear(16, 2))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dropout(x) * self.dropout(x)


@pytest.mark.slow
def test_it_learns_what_an_eager_step_does() -> None:
    """The same values are dropped, and statistics are kept."""
    with Bench(seeded(net)) as eager, Bench(seeded(net), compile=True) as compiled:
        expected, found = eager.step(9), compiled.step(9)
        assert found == pytest.approx(expected, rel=1e-4)
        for one, other in zip(compiled.net.buffers(), eager.net.buffers(), strict=True):
            torch.testing.assert_close(one, other)
        assert compiled.save().meta["generators"] == eager.save().meta["generators"]
        assert (compiled.environment["compile"], eager.environment["compile"]) == (True, False)
        assert compiled.evaluate() == pytest.approx(eager.evaluate(), rel=1e-4)


@pytest.mark.slow
def test_what_the_next_replay_writes_over_is_copied() -> None:
    """A GPU replays a graph into the memory it had; on a CPU nothing is recorded, and all else is the same."""
    model, autocast = nn.Linear(3, 2), nullcontext
    x = torch.ones(4, 3)

    def loss_of(nets: Any) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = nets["model"](x)
        return outputs.square().mean(), outputs

    given = loss_of, {"model": model}, list(model.parameters()), None
    kept, plain = CompiledGradients(autocast, cuda_graphs=True), CompiledGradients(autocast)
    try:
        first, wanted = kept(*given), plain(*given)
        torch.testing.assert_close(first, wanted, rtol=0, atol=0)
        assert first.copied().gradients[0] is not first.gradients[0]
    finally:
        plain.close()
        kept.close()


def test_cuda_graphs_are_refused_where_there_is_no_gpu() -> None:
    expected = "compile: cuda_graphs needs a CUDA device, the run has cpu; use compile: true."
    with pytest.raises(ConfigurationError, match=re.escape(expected)), Bench(net(), compile="cuda_graphs"):
        pass


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("settings", [{}, {"gradient_accumulation": 3, "ema": 0.9}], ids=["plain", "accumulation"])
def test_replayed_steps_learn_and_go_on_bit_for_bit(settings: dict[str, Any], tmp_path: Path) -> None:
    with (
        Bench(seeded(net), device="cuda", **settings) as eager,
        Bench(seeded(net), device="cuda", compile="cuda_graphs", **settings) as replayed,
    ):
        assert replayed.step(9) == pytest.approx(eager.step(9), rel=1e-4)
    check_exact(tmp_path, net, compile="cuda_graphs", device="cuda", **settings)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            {"gradient_accumulation": 3, "gradient_clipping": 0.5, "ema": 0.9},
            id="accumulation",
            marks=pytest.mark.slow,
        ),
        pytest.param({"precision": "16-mixed", "on_nan": "skip"}, id="scaled", marks=pytest.mark.slow),
    ],
)
def test_training_goes_on_bit_for_bit(settings: dict[str, Any], tmp_path: Path) -> None:
    check_exact(tmp_path, net, compile=True, **settings)
    with Bench(seeded(net), **settings) as eager, Bench(seeded(net), compile=True, **settings) as compiled:
        assert compiled.step(6) == pytest.approx(eager.step(6), rel=1e-2)


@pytest.mark.slow
def test_nothing_of_a_run_is_left_in_pytorchs_settings_or_caches() -> None:
    config = torch._dynamo.config
    before = config.trace_autograd_ops
    for _ in range(3):
        with config.patch(recompile_limit=1), Bench(seeded(lambda: nn.Linear(6, 2)), compile=True) as bench:
            bench.step()
            assert config.trace_autograd_ops
    assert config.trace_autograd_ops == before


def test_gradients_lie_as_their_parameters_do() -> None:
    parameter = nn.Parameter(torch.zeros(2, 3, 4, 4).to(memory_format=torch.channels_last))
    frozen = nn.Parameter(torch.zeros(2))
    gradient = torch.arange(96.0).reshape(2, 3, 4, 4)
    for times in (1, 2):
        add_gradients([parameter, frozen], [gradient, None])
        assert parameter.grad.stride() == parameter.stride()
        assert torch.equal(parameter.grad, times * gradient)
    assert frozen.grad is None


class Summed(nn.Module):
    """Two parameters with one gradient, and one whose gradient is a tensor that the model keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.base, self.delta = nn.Parameter(torch.randn(2, 6)), nn.Parameter(torch.zeros(2, 6))
        self.shift = nn.Parameter(torch.zeros(4))
        self.register_buffer("weights", torch.arange(4.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.base + self.delta) + (self.shift * self.weights).sum()


@pytest.mark.parametrize(
    "settings",
    [
        {"gradient_accumulation": 2},
        {"gradient_clipping": 0.01},
        {"gradient_accumulation": 2, "gradient_clipping": 0.01},
        {"precision": "16-mixed", "gradient_clipping": 0.01},
    ],
)
@pytest.mark.slow
def test_parameters_may_have_the_same_gradient(settings: dict[str, Any]) -> None:
    """Each is bounded, divided and added to once."""
    settings = {"optimizer": {"type": "sgd", "momentum": 0.9}, "learning_rate": 0.1} | settings
    with Bench(seeded(Summed), **settings) as eager, Bench(seeded(Summed), compile=True, **settings) as compiled:
        eager.step(6)
        compiled.step(6)
        for one, other in zip(compiled.net.state_dict().values(), eager.net.state_dict().values(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_gradients_share_their_memory_with_nothing() -> None:
    """Not with the inputs either, and what is alone isn't copied."""
    one, other, third = (nn.Parameter(torch.zeros(3)) for _ in range(3))
    parameters, given = [one, other, third], torch.arange(3.0)
    compiled = CompiledGradients(nullcontext)
    try:
        loss, outputs, gradients = compiled(
            lambda _: (torch.dot(one, given) + torch.exp(other + third).sum(), given), {}, parameters, None
        )
        alone = compiled(lambda _: (torch.exp(one).sum(), given), {}, [one], None).gradients
    finally:
        compiled.close()
    add_gradients(parameters, gradients)
    memory = {tensor.untyped_storage().data_ptr() for tensor in (given, loss, one.grad, other.grad, third.grad)}
    assert len(memory) == 5
    assert torch.equal(one.grad, outputs)
    one.grad = None
    add_gradients([one], alone)
    assert one.grad is alone[0]


# --- what can't be compiled -------------------------------------------------------------------------------


class Counting(nn.Linear):
    """Has a number that changes in each step, for which everything is compiled anew."""

    def __init__(self) -> None:
        super().__init__(6, 2)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return super().forward(x) * self.calls


class Looking(nn.Linear):
    """Looks at a value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs = super().forward(x)
        return outputs if outputs.sum() > 0 else outputs * 2


class Drawing(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(nn.functional.dropout(x, 0.5, self.training))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Looking(6, 2), "the step can't be compiled .*[Dd]ata-dependent.*; change that, or leave compile out"),
        (Counting, "the step was compiled again and again, .* let batches have few sizes, or leave compile out"),
        (lambda: Drawing(6, 2), "dropout can't draw .* use layers such as nn.Dropout, or leave compile out"),
    ],
)
@pytest.mark.slow
def test_a_model_that_cannot_be_compiled_says_so(build: Callable[[], nn.Module], message: str) -> None:
    with (
        torch._dynamo.config.patch(recompile_limit=2),
        pytest.raises(ConfigurationError, match=f"^compile: {message}.$") as error,
        Bench(build(), compile=True) as bench,
    ):
        bench.step(4)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("register", ["register_hook", "register_post_accumulate_grad_hook"])
def test_hooks_of_parameters_are_refused_by_name(register: str) -> None:
    model = net()
    handle = getattr(model[0].weight, register)(lambda _: None)
    message = "compile: a compiled graph wouldn't call the hooks of 0.weight; remove them, or leave compile out."
    with Bench(model, compile=True) as bench:
        with pytest.raises(ConfigurationError, match=f"^{re.escape(message)}$"):
            bench.step()
        handle.remove()
        bench.step()


class Silent(Supervised):
    """Doesn't say what its steps are made of."""

    only_updates = False


def test_recipes_that_do_more_than_updates_are_not_compiled() -> None:
    message = "compile: the recipe 'own' doesn't say that its steps are nothing but ops.update (only_updates = True); "
    with pytest.raises(ConfigurationError, match=f"^{re.escape(message)}.*leave compile out.$"):
        Bench(net(), recipe=Silent(Silent.Config()), compile=True)


def test_other_recipes_that_only_update_are() -> None:
    with Bench(seeded(net)) as eager, Bench(seeded(net), recipe=Supervised(Supervised.Config()), compile=True) as own:
        assert own.step(3) == pytest.approx(eager.step(3), rel=1e-4)
