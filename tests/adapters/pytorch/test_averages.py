from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.adapter import PyTorchAdapter
from dltrainer_jupyter.adapters.pytorch.averages import Average
from dltrainer_jupyter.core.spec import AverageSpec
from tests.adapters.pytorch.bench import Bench, X, seeded
from tests.adapters.pytorch.test_state import Buffers, Tied, half, plain
from tests.adapters.pytorch.test_updates import loud


def by_hand(bench: Bench, steps: int, decay: float, *, warmup: bool, every: int = 1) -> dict[str, torch.Tensor]:
    """Average the weights after each update, in a loop over all of them."""
    average = {name: tensor.clone() for name, tensor in bench.net.state_dict().items()}
    for step in range(steps):
        bench.step()
        if step % every == every - 1:
            updates = step // every
            kept = min(decay, (1 + updates) / (10 + updates)) if warmup else decay
            for name, tensor in bench.net.state_dict().items():
                if tensor.is_floating_point():
                    average[name].lerp_(tensor, 1 - kept)
                else:
                    average[name].copy_(tensor)
    return average


@pytest.mark.parametrize("build", [plain, Tied, half])
@pytest.mark.parametrize(("decay", "warmup", "every"), [(0.9, True, 1), (0.15, True, 1), (0.8, False, 3)])
def test_an_average_is_that_of_a_loop_written_by_hand(build, decay: float, warmup: bool, every: int) -> None:
    spec = {"ema": {"decay": decay, "warmup": warmup}, "gradient_accumulation": every, "optimizer": "adamw"}
    with Bench(seeded(build), learning_rate=0.02, **spec) as bench:
        expected = by_hand(bench, 8, decay, warmup=warmup, every=every)
        own = copy.deepcopy(bench.net.state_dict())
        with bench.adapter.evaluation(bench.state) as measured:
            assert measured.nets["model"] is bench.net
            found = {name: tensor.clone() for name, tensor in bench.net.state_dict().items()}
        assert all(torch.equal(found[name], expected[name]) for name in expected)
        assert all(torch.equal(*pair) for pair in zip(bench.net.state_dict().values(), own.values(), strict=True))
        assert not torch.equal(next(iter(found.values())), next(iter(own.values())))


def test_updates_that_overflow_leave_the_average_as_it_is() -> None:
    settings = {"precision": "16-mixed", "ema": 0.9, "loss": loud, "learning_rate": 0.01}
    with Bench(seeded(plain), **settings) as bench:
        happened = 0
        average = {name: parameter.detach().clone() for name, parameter in bench.net.named_parameters()}
        for _ in range(12):
            before = bench.net[0].weight.clone()
            bench.step()
            if not torch.equal(before, bench.net[0].weight):
                kept = min(0.9, (1 + happened) / (10 + happened))
                happened += 1
                for name, parameter in bench.net.named_parameters():
                    average[name].lerp_(parameter.detach(), 1 - kept)
        assert 0 < happened < 12
        saved = bench.save()
        assert saved.meta["averages"] == {"model": happened}
        with bench.adapter.evaluation(bench.state):
            for name, parameter in bench.net.named_parameters():
                assert torch.allclose(parameter, average[name], rtol=1e-5, atol=1e-7), name


def test_what_is_left_out_leaves_no_trace_even_where_it_is_infinite() -> None:
    """A gradient that overflows may have left infinity in statistics of the batch."""
    net = nn.BatchNorm1d(2)
    average = Average("model", net, AverageSpec(decay=0.5, warmup=False), torch.device("cpu"))
    average.update(torch.zeros(()))
    before = {name: raw.data.tobytes() for name, raw in average.save().items()}
    assert net.running_mean is not None
    assert net.num_batches_tracked is not None
    net.running_mean.fill_(torch.inf)
    net.num_batches_tracked.add_(1)
    average.update(torch.ones(()))
    assert {name: raw.data.tobytes() for name, raw in average.save().items()} == before
    assert average.updates == 1


def test_buffers_that_come_late_or_change_their_shape_are_averaged_from_then_on() -> None:
    with Bench(seeded(Buffers), ema={"decay": 0.5, "warmup": False}) as bench:
        names = bench.save().weights.keys()
        assert "model@ema.mean" in names
        assert "model@ema.late" not in names
        bench.step()
        first, identity = bench.net.late.clone(), id(bench.net.late)
        bench.net.replaced = torch.ones(5)
        bench.step()
        second = bench.net.late.clone()
        before = bench.digest()
        with bench.adapter.evaluation(bench.state):
            assert torch.equal(bench.net.late, first.lerp(second, 0.5))
            assert bench.net.replaced.tolist() == pytest.approx([1.01] * 5)
            bench.net.mean = torch.zeros(6)
        assert bench.digest() == before
        assert torch.equal(bench.net.late, second)
        assert id(bench.net.late) != identity


def test_an_error_while_measuring_brings_the_weights_back() -> None:
    with Bench(seeded(plain), ema=0.9) as bench:
        bench.step(3)
        before = bench.digest()
        with pytest.raises(ZeroDivisionError), bench.adapter.evaluation(bench.state):
            _ = 1 / 0
        assert bench.digest() == before


def test_predictions_are_those_of_the_measured_average() -> None:
    with Bench(seeded(plain), ema=0.9, learning_rate=0.05) as bench:
        bench.step(6)
        with bench.adapter.evaluation(bench.state):
            expected = bench.net(torch.from_numpy(X)).numpy()
        weights = bench.save().weights
        found = PyTorchAdapter.predictor(bench.spec, bench.objects, bench.signature, weights).outputs(X)
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("ema", [None, 0.9])
def test_another_run_begins_with_the_average(ema: float | None) -> None:
    with Bench(seeded(plain), ema=0.9, learning_rate=0.05) as bench, Bench(seeded(plain, seed=4), ema=ema) as other:
        bench.step(6)
        weights = bench.save().weights
        other.adapter.begin_with(other.state, weights)
        begun = other.save()
        averages = {name: raw for name, raw in weights.items() if "@ema" in name}
        for name, raw in averages.items():
            assert bytes(begun.weights[name.replace("@ema", "")].data) == bytes(raw.data)
            if ema is not None:
                assert bytes(begun.weights[name].data) == bytes(raw.data)
        assert begun.meta["averages"] == ({} if ema is None else {"model": 0})


def test_layers_that_keep_their_weights_in_one_piece_stay_whole() -> None:
    """Exchanging tensors instead of values would tear an LSTM's flattened weights apart."""

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.LSTM(6, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layers(x[:, None])[0][:, 0]

    with Bench(seeded(Recurrent), ema=0.9) as bench:
        bench.step(2)
        places = [parameter.data_ptr() for parameter in bench.net.parameters()]
        bench.evaluate()
        assert [parameter.data_ptr() for parameter in bench.net.parameters()] == places
