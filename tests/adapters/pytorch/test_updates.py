"""Accumulation, clipping and mixed precision against plain PyTorch loops written by hand."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.adapter import PyTorchAdapter
from dltrainer_jupyter.adapters.pytorch.precision import Precision
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, StepOutput
from dltrainer_jupyter.core.spec import Part, RunSpec
from tests.adapters.pytorch.bench import Bench, X, check_exact, seeded
from tests.adapters.pytorch.test_state import Adversarial, Buffers, plain

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 11


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 2))


def loud(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """A loss whose gradients overflow in 16 bits at first, and are often clipped."""
    return 40 * nn.functional.cross_entropy(outputs, targets)


class ByHand:
    """What people write in a cell of their own."""

    def __init__(self, bench: Bench, *, every: int = 1, dtype: torch.dtype | None = None, bound: Any = None) -> None:
        self.net = seeded(net)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=1e-3, fused=True)
        self.scaler = torch.amp.GradScaler("cpu", enabled=dtype is torch.float16)
        self.left_out = 0
        for step in range(STEPS):
            batch = bench._batch(step)
            with nullcontext() if dtype is None else torch.autocast("cpu", dtype):
                loss = loud(self.net(batch.inputs), batch.targets)
            self.scaler.scale(loss / every).backward()
            if step % every == every - 1:
                before = self.scaler.get_scale()
                if bound is not None:
                    self.scaler.unscale_(self.optimizer)
                    bound(self.net.parameters())
                self.scaler.step(self.optimizer)
                self.scaler.update()
                self.left_out += self.scaler.get_scale() < before
                self.optimizer.zero_grad()


def norm(parameters: Any) -> None:
    nn.utils.clip_grad_norm_(parameters, 2.0)


def value(parameters: Any) -> None:
    nn.utils.clip_grad_value_(parameters, 0.3)


WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "accumulation": ({"gradient_accumulation": 3}, {"every": 3}),
    "norm": ({"gradient_clipping": 2.0}, {"bound": norm}),
    "value": ({"gradient_clipping": {"value": 0.3}}, {"bound": value}),
    "bf16": ({"precision": "bf16-mixed"}, {"dtype": torch.bfloat16}),
    "fp16": ({"precision": "16-mixed"}, {"dtype": torch.float16}),
    "all": (
        {"gradient_accumulation": 2, "gradient_clipping": 2, "precision": "16-mixed", "on_nan": "skip"},
        {"every": 2, "dtype": torch.float16, "bound": norm},
    ),
}


def bench(**settings: Any) -> Bench:
    return Bench(seeded(net), loss=loud, **{"optimizer": {"type": "adamw", "weight_decay": 0.01}} | settings)


def tensors(net: nn.Module) -> list[torch.Tensor]:
    return list(net.state_dict().values())


@pytest.mark.parametrize("way", WAYS)
def test_weights_are_those_of_a_loop_written_by_hand(way: str) -> None:
    settings, by_hand = WAYS[way]
    with bench(**settings) as ours:
        ours.step(STEPS)
        theirs = ByHand(ours, **by_hand)
        assert all(torch.equal(*pair) for pair in zip(tensors(ours.net), tensors(theirs.net), strict=True))
        if by_hand.get("dtype") is torch.float16:
            assert 0 < theirs.left_out < 5
            assert ours.save().meta["scales"]["optimizer"]["scale"] == theirs.scaler.get_scale()


def test_each_way_makes_a_difference() -> None:
    """Else equality with loops by hand would say nothing."""
    found = set()
    for settings, _ in WAYS.values():
        with bench(**settings) as ours:
            ours.step(STEPS)
            found.add(ours.net[0].weight.sum().item())
    assert len(found) == len(WAYS)


# --- in the saved state -------------------------------------------------------------------------------------

_SETTINGS: dict[str, Any] = {
    "accumulation": {"gradient_accumulation": 4},
    "accumulation, skipping": {"gradient_accumulation": 3, "on_nan": "skip"},
    "average": {"ema": 0.9},
    "average at once": {"ema": {"decay": 0.6, "warmup": False}, "gradient_clipping": 0.1},
    "fp16": {"precision": "16-mixed", "loss": loud, "ema": 0.9},
    "all": {
        "gradient_accumulation": 2,
        "gradient_clipping": {"value": 0.1},
        "precision": "16-mixed",
        "ema": 0.99,
        "loss": loud,
    },
}


@pytest.mark.parametrize("settings", _SETTINGS.values(), ids=_SETTINGS)
@pytest.mark.parametrize("build", [plain, Buffers])
def test_training_goes_on_bit_for_bit(build: Any, settings: dict[str, Any], tmp_path: Path) -> None:
    check_exact(tmp_path, build, optimizer="adamw", **settings)


def test_several_optimizers_accumulate_each_for_itself(tmp_path: Path) -> None:
    class Uneven(Adversarial):
        """One net learns twice as often as the other, so their windows close at different times."""

        def train_step(self, state: Any, batch: Batch, ops: Any) -> tuple[Any, StepOutput]:
            def critic(nets: Any) -> Any:
                outputs = nets["critic"](batch.inputs)
                return 4 * outputs.square().mean(), outputs

            state, _, _ = ops.update(state, critic, wrt="critic", using="critic")
            return super().train_step(state, batch, ops)

    settings = {"gradient_accumulation": 3, "precision": "16-mixed", "ema": 0.9, "recipe": Uneven()}
    with Bench("mlp", (X, X[:, :1]), **settings) as undisturbed:
        undisturbed.step(10)
        path = undisturbed.write(tmp_path)
        saved = undisturbed.save()
        assert saved.meta["waiting"] == {"critic": 2, "generator": 1}
        # Some updates overflowed.
        assert (0 < saved.meta["averages"]["generator"] < 3, 0 < saved.meta["averages"]["critic"] < 6) == (True, True)
        expected = undisturbed.step(5), undisturbed.digest(), undisturbed.save().meta["scales"]
    with Bench("mlp", (X, X[:, :1]), **settings | {"recipe": Uneven()}) as resumed:
        resumed.read(path)
        assert (resumed.step(5), resumed.digest(), resumed.save().meta["scales"]) == expected


def test_a_batch_that_is_left_out_leaves_what_waits_alone() -> None:
    calls = 0

    def sometimes(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return nn.functional.cross_entropy(outputs, targets) * (torch.nan if calls == 3 else 1)

    # The first call is the trial before the first step.
    with Bench(seeded(net), loss=sometimes, gradient_accumulation=2, on_nan="skip", ema=0.5) as bench:
        losses = bench.step(2)
        assert [bool(torch.isnan(torch.tensor(loss))) for loss in losses] == [False, True]
        assert (bench.save().meta["waiting"], bench.save().meta["averages"]) == ({"optimizer": 1}, {"model": 0})
        bench.step()
        assert (bench.save().meta["waiting"], bench.save().meta["averages"]) == ({}, {"model": 1})


def test_a_batch_that_is_left_out_leaves_no_trace_in_statistics() -> None:
    with Bench(seeded(net), on_nan="skip") as bench:
        bench.step()
        before, batch = bench.digest(), bench._batch(1)
        not_a_number = batch._replace(inputs=batch.inputs * torch.nan)
        _, output = bench.adapter.train_step(bench.recipe, bench.state, not_a_number)
        assert torch.isnan(output.loss)
        assert bench.digest() == before
        assert np.isfinite(bench.step()).all()
        assert bench.digest() != before


def test_no_gradients_are_saved_where_none_wait() -> None:
    with Bench(seeded(net)) as bench:
        bench.step()
        assert not any(name.startswith("$gradient") for name in bench.save().optimizer)
        bench.adapter.ops.keeps_gradients = True
        gradients = [name for name in bench.save().optimizer if name.startswith("$gradient")]
        assert len(gradients) == len(list(bench.net.parameters()))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"gradient_accumulation": 4}, {"gradient_accumulation": 2}, "gradients of 3 batches .* after each 2"),
        ({"gradient_accumulation": 4}, {}, "gradients of 3 batches that wait .* after each 1; set gradient_accum"),
        ({"precision": "16-mixed"}, {"precision": "bf16-mixed"}, "has a loss scale, .* set precision: 16-mixed"),
        ({"ema": 0.9}, {}, "has a moving average .* keeps none; set ema as it was"),
        ({}, {"ema": 0.9}, "has no moving average .* leave ema out"),
        ({"optimizer": "adamw"}, {}, "optimizer is AdamW, this run's Adam"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused_and_nothing_is_written(before, after, message: str) -> None:
    with Bench(seeded(net), **before) as other, Bench(seeded(net, seed=3), **after) as bench:
        other.step(3)
        digest, meta = bench.digest(), bench.save().meta
        with pytest.raises(CheckpointError, match=message):
            bench.adapter.load(bench.state, other.save())
        assert (bench.digest(), bench.save().meta) == (digest, meta)


# --- precision ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_evaluation_and_prediction_compute_as_training_does(precision: str) -> None:
    kinds = []

    class Telling(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            outputs = super().forward(x)
            kinds.append(outputs.dtype)
            return outputs

    wanted = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}[precision]
    with Bench(seeded(lambda: Telling(6, 2)), precision=precision) as bench:
        bench.step()
        with bench.adapter.evaluation(bench.state) as measured:
            output = bench.adapter.eval_step(bench.recipe, measured, bench._batch(0))
            assert (bench.adapter.arrays([output.outputs]).dtype, output.loss.dtype) == ("float32", torch.float32)
            expected = bench.net(torch.from_numpy(X)).float().numpy()
        predictor = PyTorchAdapter.predictor(bench.spec, bench.objects, bench.signature, bench.save().weights)
        assert (predictor.outputs(X) == expected).all()
        assert bench.net.weight.dtype == torch.float32
    assert set(kinds) == {wanted}


def test_a_device_that_cannot_is_refused_when_the_trainer_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    spec = RunSpec(model="mlp", data=Part.user_object("own"), precision="16-mixed", device="cpu")
    with pytest.raises(ConfigurationError, match="can't compute in 16-mixed on cpu; choose 32-true, bf16-mixed"):
        PyTorchAdapter(spec, owns_process=False).open()
    Precision("32-true", torch.device("cpu"))
