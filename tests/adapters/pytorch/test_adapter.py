from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from tests.adapters.pytorch.bench import Bench, X, seeded


def net() -> nn.Module:
    return seeded(lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)))


# --- a model of one's own ---------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [nn.Linear(6, 2), lambda: nn.Linear(6, 2)])
def test_a_model_comes_as_object_or_function(given) -> None:
    with Bench(given) as bench:
        assert isinstance(bench.net, nn.Linear)


@pytest.mark.parametrize("given", [lambda: 3, 3])
def test_what_is_no_model_is_refused(given) -> None:
    with pytest.raises(
        ConfigurationError, match="model: expected a torch.nn.Module or a function that makes one, got int"
    ):
        Bench(given)


def test_a_model_with_lazy_layers_has_to_be_called_first() -> None:
    model = seeded(lambda: nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2)))
    with pytest.raises(ConfigurationError, match=r"the size of 0.weight isn't known yet; .* has to be called once"):
        Bench(model)
    with torch.random.fork_rng():
        model(torch.ones(1, 6))
    with Bench(model) as bench:
        bench.step()


def test_a_model_that_is_trained_in_place_gets_its_layers_back() -> None:
    model = net()
    layers = [type(layer) for layer in model]
    with Bench(model) as bench:
        assert bench.net is model
        assert [type(layer) for layer in model] != layers
        bench.step()
    assert [type(layer) for layer in model] == layers
    assert "generators" not in vars(model[2])
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())


def test_layers_are_given_back_after_an_error_as_well() -> None:
    model = net()
    with pytest.raises(ZeroDivisionError), Bench(model):
        _ = 1 / 0
    assert type(model[2]) is nn.Dropout


# --- evaluation -------------------------------------------------------------------------------------------


def test_evaluation_puts_every_module_back_into_its_mode() -> None:
    model = net()
    with Bench(model) as bench:
        model[1].eval()  # frozen statistics
        modes = [module.training for module in model.modules()]
        with bench.adapter.evaluation(bench.state):
            assert not any(module.training for module in model.modules())
            assert not torch.is_grad_enabled()
        assert [module.training for module in model.modules()] == modes
        with pytest.raises(ZeroDivisionError), bench.adapter.evaluation(bench.state):
            _ = 1 / 0
        assert [module.training for module in model.modules()] == modes


def test_what_a_model_remembers_of_an_evaluation_may_be_trained_on() -> None:
    class Remembering(nn.Linear):
        last: torch.Tensor | None = None

        def forward(self, x):
            if self.last is not None:
                x = x + 0.01 * self.last.mean(0)
            self.last = x.detach()
            return super().forward(x)

    with Bench(seeded(lambda: Remembering(6, 2))) as bench:
        bench.step()
        bench.evaluate()
        assert np.isfinite(bench.step(2)).all()


def test_evaluating_changes_nothing() -> None:
    with Bench(net()) as bench:
        bench.step(2)
        before = bench.digest()
        assert bench.evaluate() == bench.evaluate()
        assert bench.digest() == before


def test_dropout_in_a_layer_that_never_evaluates_is_the_same_each_time_and_leaves_no_trace() -> None:
    class Always(nn.Dropout):
        def forward(self, input):  # noqa: A002
            return nn.functional.dropout(input, self.p, training=True)

    model = seeded(lambda: nn.Sequential(nn.Linear(6, 8), Always(0.5), nn.Linear(8, 2)))
    with Bench(model) as bench:
        before = bench.save().meta["generators"]
        assert bench.evaluate() == bench.evaluate()
        assert bench.save().meta["generators"] == before


# --- to the host ------------------------------------------------------------------------------------------


def test_losses_come_in_one_array() -> None:
    with Bench(net()) as bench:
        found = bench.adapter.losses([torch.tensor(1.5), torch.tensor(2.5, dtype=torch.float64)][:1])
        assert (found.dtype, found.tolist()) == (np.float32, [1.5])


@pytest.mark.parametrize(
    ("dtype", "expected"), [(torch.float32, "float32"), (torch.bfloat16, "float32"), (torch.int64, "int64")]
)
def test_batches_come_joined(dtype: torch.dtype, expected: str) -> None:
    with Bench(net()) as bench:
        found = bench.adapter.arrays([torch.ones(2, 3, dtype=dtype), torch.zeros(1, 3, dtype=dtype)])
        assert (found.dtype, found.shape, found.sum()) == (expected, (3, 3), 6)


def test_arrays_go_to_metrics_as_tensors() -> None:
    with Bench(net()) as bench:
        assert torch.equal(bench.adapter.tensors(np.arange(3)), torch.arange(3))


# --- weights of another run -------------------------------------------------------------------------------


def test_a_run_may_begin_with_weights_of_another() -> None:
    with Bench(net()) as bench, Bench(seeded(net, seed=9)) as fresh:
        bench.step(3)
        saved = bench.save()
        fresh.adapter.begin_with(fresh.state, saved.weights)
        found = fresh.save()
        assert {n: bytes(r.data) for n, r in found.weights.items()} == {
            n: bytes(r.data) for n, r in saved.weights.items()
        }
        assert found.optimizer == {}


# --- prediction -------------------------------------------------------------------------------------------


def predictor(bench: Bench, objects=None):
    kind = type(bench.adapter)
    return kind.predictor(bench.spec, objects or bench.objects, bench.signature, bench.save().weights)


def test_a_prediction_equals_the_evaluated_model() -> None:
    with Bench(net()) as bench:
        bench.step(3)
        with bench.adapter.evaluation(bench.state):
            expected = bench.net(torch.from_numpy(X)).numpy()
        assert np.array_equal(predictor(bench).outputs(X), expected)


def test_a_predictor_shares_nothing_with_the_model_in_training() -> None:
    with Bench(net()) as bench:
        bench.step()
        found = predictor(bench)
        first = found.outputs(X)
        assert [type(layer) for layer in found.model] == [nn.Linear, nn.BatchNorm1d, nn.Dropout, nn.Linear]
        assert not any(module.training for module in found.model.modules())
        mine = {parameter.data_ptr() for parameter in bench.net.parameters()}
        assert mine.isdisjoint(parameter.data_ptr() for parameter in found.model.parameters())
        bench.step(3)
        assert np.array_equal(found.outputs(X), first)
        digest = bench.digest()
        found.outputs(X)
        assert bench.digest() == digest


def test_predicting_leaves_inputs_and_the_global_generator_alone() -> None:
    class Rude(nn.Linear):
        def forward(self, x):
            x.mul_(2).add_(torch.rand(1))
            return super().forward(x)

    with Bench(seeded(lambda: Rude(6, 2))) as bench:
        given, before = X.copy(), torch.get_rng_state()
        predictor(bench).outputs(given)
        assert np.array_equal(given, X)
        assert torch.equal(torch.get_rng_state(), before)


def test_many_samples_are_predicted_in_parts() -> None:
    with Bench("mlp") as bench:
        found = predictor(bench)
        many = np.tile(X, (60, 1))
        outputs = found.outputs(many)
        assert outputs.shape == (len(many), 2)
        assert np.allclose(outputs[-40:], found.outputs(X), atol=1e-6)
        assert found.outputs(X[:0]).shape == (0, 2)


def test_building_a_predictor_leaves_the_owners_model_alone() -> None:
    model = net().eval()
    twin = copy.deepcopy(model)
    with Bench(copy.deepcopy(model)) as bench:
        bench.step()
        predictor(bench, {"model": model})
    assert not model.training
    assert all(torch.equal(*pair) for pair in zip(model.state_dict().values(), twin.state_dict().values(), strict=True))
