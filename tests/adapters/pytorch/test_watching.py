from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.adapters.pytorch.randomness import Generators
from dltrainer_jupyter.adapters.pytorch.watching import Watch
from tests.adapters.pytorch.bench import Bench, X, Y

SEQUENCE = torch.linspace(-1, 1, 24).reshape(3, 2, 4)


def watched(function: Callable[[], Any]) -> Watch:
    with torch.no_grad(), Watch(Generators(0, "check")) as watch:
        function()
    return watch


def called(layer: Callable[[], nn.Module], *inputs: torch.Tensor) -> Callable[[], Any]:
    with torch.random.fork_rng():
        module = layer()
    return lambda: module(*inputs)


_SECRETIVE = {
    "lstm": called(lambda: nn.LSTM(4, 5, 2, dropout=0.5), SEQUENCE),
    "gru": called(lambda: nn.GRU(4, 5, 2, dropout=0.5), SEQUENCE),
    "rnn_tanh": called(lambda: nn.RNN(4, 5, 2, dropout=0.5), SEQUENCE),
    "multi_head_attention_forward": called(lambda: nn.MultiheadAttention(4, 2, dropout=0.5), *[SEQUENCE] * 3),
    "scaled_dot_product_attention": lambda: functional.scaled_dot_product_attention(*[SEQUENCE] * 3, dropout_p=0.5),
    "gumbel_softmax": lambda: functional.gumbel_softmax(SEQUENCE),
    "rrelu": called(nn.RReLU, SEQUENCE),
    "alpha_dropout": called(nn.AlphaDropout, SEQUENCE),
    "feature_alpha_dropout": called(nn.FeatureAlphaDropout, SEQUENCE),
    "dropout": lambda: torch.dropout(SEQUENCE, 0.5, train=True),
    "feature_dropout": lambda: torch.feature_dropout(SEQUENCE, 0.5, train=True),
    "native_dropout": lambda: torch.native_dropout(SEQUENCE, 0.5, train=True),
    "fractional_max_pool2d": lambda: functional.fractional_max_pool2d(torch.ones(1, 1, 8, 8), 2, output_size=3),
}


@pytest.mark.parametrize("name", sorted(_SECRETIVE))
def test_what_takes_no_generator_is_named(name: str) -> None:
    with torch.random.fork_rng():
        before = torch.get_rng_state()
        watch = watched(_SECRETIVE[name])
        assert not torch.equal(torch.get_rng_state(), before), "it did not draw from the global generator after all"
    assert watch.foreign == {name}
    assert watch.private == set()


_QUIET = {
    "a single recurrent layer": called(lambda: nn.LSTM(4, 5), SEQUENCE),
    "recurrent dropout in evaluation": called(lambda: nn.LSTM(4, 5, 2, dropout=0.5).eval(), SEQUENCE),
    "attention without dropout": called(lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), SEQUENCE),
    "attention in evaluation": called(lambda: nn.MultiheadAttention(4, 2, dropout=0.5).eval(), *[SEQUENCE] * 3),
    "rrelu in evaluation": called(lambda: nn.RReLU().eval(), SEQUENCE),
    "batch norm": called(lambda: nn.BatchNorm1d(2), SEQUENCE),
    "convolution": called(lambda: nn.Conv1d(2, 3, 2), SEQUENCE),
    "dropout in evaluation": called(lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval(), SEQUENCE),
}


@pytest.mark.parametrize("what", sorted(_QUIET))
def test_what_draws_nothing_is_not_named(what: str) -> None:
    watch = watched(_QUIET[what])
    assert (watch.drawn, watch.foreign, watch.private) == (set(), set(), set())


def test_what_takes_a_generator_is_drawn_and_not_foreign() -> None:
    watch = watched(lambda: functional.dropout(torch.rand(3), 0.5))
    assert (watch.drawn, watch.foreign, watch.private) == ({"rand", "dropout"}, set(), set())


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_scripted_code_hides_nothing() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Dropout(0.5)))
    with torch.random.fork_rng():
        assert watched(lambda: scripted(SEQUENCE)).foreign == {"bernoulli_"}


def test_a_generator_of_the_models_own_is_named() -> None:
    own = torch.Generator()
    assert watched(lambda: torch.rand(3, generator=own)).private == {"rand"}


def test_an_error_leaves_no_mode_behind() -> None:
    with pytest.raises(ZeroDivisionError), Watch(Generators(0, "check")) as watch:
        _ = 1 / 0
    with torch.random.fork_rng():
        torch.rand(3)
    assert watch.drawn == set()


# --- what the run says of it ----------------------------------------------------------------------------


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.GRU(6, 4, 2, dropout=0.5, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x[:, None])[0][:, 0]


class Private(nn.Linear):
    def __init__(self) -> None:
        super().__init__(6, 2)
        self.seed = 3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + torch.randn(x.shape, generator=torch.Generator().manual_seed(self.seed)))


class Secretive(nn.Linear):
    def __init__(self) -> None:
        super().__init__(6, 2)

    def get_extra_state(self) -> Any:
        return {"calls": 0}

    def set_extra_state(self, state: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("model", "in_thread", "in_process"),
    [
        (Recurrent, "gru draws from a generator that other cells share; --executor process keeps it apart", None),
        (Private, *["randn draws from a generator of the model's own, which no checkpoint keeps"] * 2),
        (Secretive, *["Secretive has an extra state (get_extra_state), which no checkpoint keeps"] * 2),
        (lambda: nn.Sequential(nn.Linear(6, 2), nn.Dropout()), None, None),
    ],
)
def test_a_run_says_why_it_is_not_exact(model, in_thread, in_process) -> None:
    with torch.random.fork_rng():
        for owns_process, expected in ((False, in_thread), (True, in_process)):
            with Bench(model, (X, Y), owns_process=owns_process) as bench:
                assert bench.adapter.inexact_because() == expected
