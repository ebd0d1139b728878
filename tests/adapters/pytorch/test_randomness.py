from __future__ import annotations

import copy
import pickle
import threading

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from dltrainer_jupyter.adapters.pytorch.randomness import DRAWS, Generators, Injected, drop, own_dropouts
from dltrainer_jupyter.core.errors import ConfigurationError
from tests.adapters.pytorch.bench import IMAGES, LABELS, Bench, seeded

CPU = torch.device("cpu")
KINDS = [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d]


@pytest.fixture(autouse=True)
def global_generator_untouched():
    """Nothing here may draw from the generator that belongs to everybody."""
    before = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), before)


def inputs_for(dimensions: int, *, batched: bool = True) -> torch.Tensor:
    shape = (2, 5, *(3,) * dimensions)
    return torch.rand(shape if batched else shape[1:], generator=torch.Generator().manual_seed(1)) + 0.5


def torchs_own(function, seed: int) -> torch.Tensor:
    """Give what PyTorch computes with the global generator in the state that ours is in."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return function()


class Fixed(Generators):
    """Generators whose seed a test knows."""

    def __init__(self, seed: int) -> None:
        super().__init__(0, "test")
        self._seed = seed


# --- generators -----------------------------------------------------------------------------------------


def test_draws_depend_on_the_seed_and_the_use_alone() -> None:
    def draws(seed: int, use: str) -> list[float]:
        return torch.rand(3, generator=Generators(seed, use).on(CPU)).tolist()

    assert draws(0, "layers") == draws(0, "layers")
    assert len({tuple(draws(*of)) for of in ((0, "layers"), (1, "layers"), (0, "weights"))}) == 3


def test_a_state_is_gone_on_from_even_where_more_was_drawn_since() -> None:
    generators = Generators(0, "layers")
    untouched = generators.state()
    first = torch.rand(3, generator=generators.on(CPU)).tolist()
    state = generators.state()
    second = torch.rand(3, generator=generators.on(CPU)).tolist()
    generators.load_state(state)
    assert torch.rand(3, generator=generators.on(CPU)).tolist() == second
    generators.load_state(untouched)
    assert torch.rand(3, generator=generators.on(CPU)).tolist() == first


def test_what_is_drawn_aside_leaves_no_trace() -> None:
    generators, undisturbed = Generators(0, "layers"), Generators(0, "layers")
    aside = []
    for _ in range(2):
        with generators.aside("evaluation"):
            aside.append(torch.rand(3, generator=generators.on(CPU)).tolist())
            assert generators.state() == undisturbed.state()
        expected = torch.rand(3, generator=undisturbed.on(CPU))
        assert torch.equal(torch.rand(3, generator=generators.on(CPU)), expected)
    assert aside[0] == aside[1]


# --- dropout --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3D")
@pytest.mark.parametrize("batched", [False, True])
def test_a_layer_gives_torchs_own_bits(kind, inplace, p, batched) -> None:
    x = inputs_for(KINDS.index(kind), batched=batched)
    net = nn.Sequential(kind(p, inplace=inplace))
    expected = torchs_own(lambda: net(x.clone()), 3)
    own_dropouts(net, Fixed(3))
    given = x.clone()
    found = net(given)
    assert torch.equal(found, expected)
    assert torch.equal(given, found if inplace else x)


@pytest.mark.filterwarnings("ignore:dropout2d. Received a")
@pytest.mark.parametrize("dimensions", [0, 1, 3])
def test_dropout2d_treats_unusual_axes_as_torch_does(dimensions: int) -> None:
    x = inputs_for(dimensions)
    expected = torchs_own(lambda: functional.dropout2d(x, 0.5), 3)
    assert torch.equal(drop(x, 0.5, Fixed(3), dimensions=2), expected)


def test_memory_layout_and_dtype_stay() -> None:
    x = torch.ones(2, 3, 4, 4, dtype=torch.bfloat16).to(memory_format=torch.channels_last)
    expected = torchs_own(lambda: functional.dropout(x, 0.5), 3)
    found = drop(x, 0.5, Fixed(3))
    assert torch.equal(found, expected)
    assert (found.dtype, found.stride()) == (expected.dtype, expected.stride())


def test_the_gradient_is_torchs_own() -> None:
    x = inputs_for(2).requires_grad_()
    (expected,) = torch.autograd.grad(torchs_own(lambda: functional.dropout2d(x, 0.5), 3).square().sum(), x)
    (found,) = torch.autograd.grad(drop(x, 0.5, Fixed(3), dimensions=2).square().sum(), x)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_passes_through(kind) -> None:
    net = nn.Sequential(kind(0.5)).eval()
    own_dropouts(net, Generators(0, "layers"))
    x = inputs_for(KINDS.index(kind))
    assert net(x) is x


def test_an_empty_batch_passes_through() -> None:
    assert drop(torch.empty(0, 3), 0.5, Generators(0, "layers")).shape == (0, 3)


def test_undoing_gives_back_the_very_layers() -> None:
    net = nn.Sequential(*(kind(0.1, inplace=True) for kind in KINDS), nn.ReLU())
    before = [(type(module), dict(module.__dict__)) for module in net.modules()]
    undo = own_dropouts(net, Generators(0, "layers"))
    assert [type(module) for module in net] != [kind for kind, _ in before[1:]]
    undo()
    assert [(type(module), dict(module.__dict__)) for module in net.modules()] == before
    undo()  # once more changes nothing


def test_a_replaced_layer_still_is_what_it_was() -> None:
    net = nn.Sequential(*(kind(0.1) for kind in KINDS))
    shown = repr(net)
    own_dropouts(net, Generators(0, "layers"))
    assert repr(net) == shown
    assert all(isinstance(module, kind) for module, kind in zip(net, KINDS, strict=True))


def pickled(net: nn.Module) -> nn.Module:
    return pickle.loads(pickle.dumps(net))  # noqa: S301 - made in the same line


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_a_copy_of_a_net_in_training_is_a_plain_net(duplicate) -> None:
    net = nn.Sequential(nn.Dropout(0.25), nn.Dropout2d(0.5)).eval()
    own_dropouts(net, Generators(0, "layers"))
    twin = duplicate(net)
    assert [type(module) for module in twin] == [nn.Dropout, nn.Dropout2d]
    assert [(module.p, module.training) for module in twin] == [(0.25, False), (0.5, False)]
    assert "generators" not in vars(twin[0])


def test_a_layer_shared_by_two_nets_is_replaced_once() -> None:
    shared = nn.Dropout()
    undos = [own_dropouts(nn.Sequential(shared), Generators(0, "layers")) for _ in range(2)]
    for undo in reversed(undos):
        undo()
    assert type(shared) is nn.Dropout


def test_a_derived_layer_keeps_its_own_forward() -> None:
    class Louder(nn.Dropout):
        def forward(self, input):  # noqa: A002
            return 2 * super().forward(input)

    net = nn.Sequential(Louder(0.0))
    own_dropouts(net, Generators(0, "layers"))
    assert net(torch.ones(1)).item() == 2


# --- injection ------------------------------------------------------------------------------------------

_HALF = torch.full((4, 3), 0.5)
_CALLS = {
    "rand": lambda: torch.rand(3),
    "randn": lambda: torch.randn((2, 2), dtype=torch.float64),
    "randint": lambda: torch.randint(9, (3,)),
    "randperm": lambda: torch.randperm(7),
    "rand_like": lambda: torch.rand_like(_HALF),
    "randn_like": lambda: torch.randn_like(_HALF),
    "randint_like": lambda: torch.randint_like(_HALF, 9),
    "bernoulli": lambda: torch.bernoulli(_HALF),
    "multinomial": lambda: torch.multinomial(_HALF, 2),
    "normal": lambda: torch.normal(_HALF, _HALF),
    "poisson": lambda: torch.poisson(9 * _HALF),
    "binomial": lambda: torch.binomial(9 + 0 * _HALF, _HALF),
    "_standard_gamma": lambda: torch.distributions.Gamma(_HALF, _HALF).sample(),
    "_sample_dirichlet": lambda: torch.distributions.Dirichlet(_HALF).sample(),
    "bernoulli_": lambda: _HALF.clone().bernoulli_(0.5),
    "uniform_": lambda: _HALF.clone().uniform_(),
    "normal_": lambda: _HALF.clone().normal_(),
    "exponential_": lambda: _HALF.clone().exponential_(),
    "random_": lambda: _HALF.clone().random_(),
    "log_normal_": lambda: _HALF.clone().log_normal_(),
    "cauchy_": lambda: _HALF.clone().cauchy_(),
    "geometric_": lambda: _HALF.clone().geometric_(0.5),
}


def test_every_operation_of_the_table_is_tried_here() -> None:
    assert set(_CALLS) == DRAWS


@pytest.mark.parametrize("name", sorted(_CALLS))
def test_an_operation_gets_the_runs_generator(name: str) -> None:
    expected = torchs_own(_CALLS[name], 3)
    mode = Injected(Fixed(3))
    with mode:
        found = _CALLS[name]()
    assert torch.equal(found, expected)
    assert mode.drawn == {name}


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("dropout", lambda: functional.dropout(_HALF, 0.4)),
        ("dropout", lambda: functional.dropout(_HALF.clone(), p=0.4, inplace=True)),
        ("dropout1d", lambda: functional.dropout1d(_HALF[None], 0.4)),
        ("dropout2d", lambda: functional.dropout2d(_HALF[None, None], 0.4)),
        ("dropout3d", lambda: functional.dropout3d(_HALF[None, None, None], 0.4)),
    ],
)
def test_functional_dropout_gets_the_runs_generator(name: str, call) -> None:
    expected = torchs_own(call, 3)
    mode = Injected(Fixed(3))
    with mode:
        assert torch.equal(call(), expected)
    assert mode.drawn == {name}


def test_functional_dropout_in_place_changes_its_input() -> None:
    x = torch.ones(100)
    with Injected(Generators(0, "layers")):
        assert functional.dropout(x, 0.5, inplace=True) is x
    assert set(x.tolist()) == {0.0, 2.0}


def test_functional_dropout_that_drops_nothing_draws_nothing() -> None:
    mode = Injected(Generators(0, "layers"))
    with mode:
        assert functional.dropout(_HALF, 0.5, training=False) is _HALF
        functional.dropout(_HALF, 0.0)
        with pytest.raises(ValueError, match="probability has to be between 0 and 1"):
            functional.dropout(_HALF, 2.0)
    assert mode.drawn == set()


def test_a_generator_somebody_chose_is_left_in_place() -> None:
    chosen = torch.Generator().manual_seed(9)
    expected = torch.rand(3, generator=torch.Generator().manual_seed(9))
    mode = Injected(Generators(0, "layers"))
    with mode:
        assert torch.equal(torch.rand(3, generator=chosen), expected)
    assert mode.drawn == set()


INITIALISERS = [
    nn.init.uniform_,
    nn.init.normal_,
    nn.init.trunc_normal_,
    nn.init.xavier_uniform_,
    nn.init.xavier_normal_,
    nn.init.kaiming_uniform_,
    nn.init.kaiming_normal_,
    nn.init.orthogonal_,
    lambda tensor: nn.init.sparse_(tensor, 0.5),
]


@pytest.mark.parametrize("initialise", INITIALISERS)
def test_initial_weights_are_the_runs_own(initialise) -> None:
    def made(seed: int) -> torch.Tensor:
        with Injected(Generators(seed, "initial weights")):
            return initialise(torch.empty(6, 5))

    assert torch.equal(made(0), made(0))
    assert not torch.equal(made(0), made(1))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Conv2d(2, 3, 3),
        lambda: nn.LSTM(3, 4),
        lambda: nn.Embedding(5, 3),
        lambda: nn.MultiheadAttention(4, 2),
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2),
        lambda: nn.Bilinear(2, 3, 4),
        lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3)),
        lambda: nn.utils.parametrizations.orthogonal(nn.Linear(3, 3)),
    ],
)
def test_layers_are_built_from_the_seed_alone(layer) -> None:
    def made() -> dict[str, torch.Tensor]:
        with Injected(Generators(0, "initial weights")):
            return layer().state_dict()

    first = made()
    with torch.random.fork_rng():
        torch.manual_seed(99)
        second = made()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_injection_stays_in_its_thread() -> None:
    state = torch.get_rng_state()
    elsewhere: list[torch.Tensor] = []
    with Injected(Generators(0, "layers")):
        thread = threading.Thread(target=lambda: elsewhere.append(torch.rand(3)))
        thread.start()
        thread.join()
    torch.set_rng_state(state)
    expected = torch.rand(3)
    torch.set_rng_state(state)
    assert torch.equal(elsewhere[0], expected)


# --- recomputation --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("use_reentrant", [False, True])
def test_recomputed_randomness_is_refused_instead_of_learning_from_wrong_gradients(use_reentrant: bool) -> None:
    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.entry = nn.Linear(6, 6)
            self.inner = nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5))
            self.exit = nn.Linear(6, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = checkpoint(self.inner, self.entry(x), use_reentrant=use_reentrant)
            return self.exit(hidden)

    with Bench(seeded(Checkpointed)) as bench, pytest.raises(ConfigurationError, match="torch.utils.checkpoint"):
        bench.step()


# --- a whole training -----------------------------------------------------------------------------------


class Noisy(nn.Module):
    """Draws in every way there is that can be given a generator."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout2d(0.3)
        self.inplace = nn.Dropout(0.2, inplace=True)
        self.head = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dropout(self.norm(self.convolution(x)).relu()).mean((2, 3))
        x = self.inplace(x + 0.1 * torch.randn_like(x))
        if torch.rand(()) < 0.5:
            x = functional.dropout(x, 0.1, self.training)
        return self.head(x * x.new_empty(4).bernoulli_(0.9))


def noisy_training() -> tuple[str, list[float]]:
    with Bench(Noisy, (IMAGES, LABELS), optimizer="adamw") as bench:
        losses = bench.step(4)
        losses.append(bench.evaluate())
        losses += bench.step(4)
        assert bench.adapter.inexact_because() is None
        return bench.digest(), losses


def test_another_thread_that_draws_and_reseeds_changes_nothing() -> None:
    expected = noisy_training()
    done, drawing = threading.Event(), threading.Event()

    def hammer() -> None:
        while not done.is_set():
            torch.manual_seed(1)
            torch.rand(10)
            drawing.set()

    before = torch.get_rng_state()
    thread = threading.Thread(target=hammer)
    thread.start()
    try:
        assert drawing.wait(60)
        found = [noisy_training() for _ in range(3)]
    finally:
        done.set()
        thread.join()
        torch.set_rng_state(before)
    assert found == [expected] * 3


def test_measuring_leaves_the_draws_of_training_alone() -> None:
    def trained(*, evaluates: bool) -> str:
        with Bench(Noisy, (IMAGES, LABELS)) as bench:
            for _ in range(3):
                bench.step()
                if evaluates:
                    assert bench.evaluate() == bench.evaluate()
            return bench.digest()

    assert trained(evaluates=True) == trained(evaluates=False)


@pytest.mark.parametrize("model", ["mlp", {"type": "cnn"}, Noisy])
def test_a_model_is_built_from_the_seed_alone(model) -> None:
    def built(seed: int) -> str:
        with Bench(model, (IMAGES, LABELS), seed=seed) as bench:
            return bench.digest()

    first = built(0)
    with torch.random.fork_rng():
        torch.manual_seed(123)
        assert built(0) == first
    assert built(1) != first
