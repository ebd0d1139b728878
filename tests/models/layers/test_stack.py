"""What is said of layers that don't fit, and how a stack is written."""

from __future__ import annotations

import pytest
import torch

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.registry import notebook
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.models.layers.flow import Flow
from dltrainer_jupyter.models.layers.outline import outline
from dltrainer_jupyter.models.layers.stacked import LayerPart
from dltrainer_jupyter.models.stack import Stack
from dltrainer_jupyter.tal.description import describe

IMAGE = Signature("classification", (3, 16, 16), 10)
LAYERS = [{"type": "conv", "features": 8, "name": "eye"}, "pool", "flatten", {"type": "dense", "units": 16}]


def lines(layers, flow, outputs=10):
    return outline([LayerPart.model_validate(it) for it in layers], flow, outputs)


def test_shapes_and_parameters_are_known_without_a_framework() -> None:
    found = lines(LAYERS, Flow((3, 16, 16)))
    assert [it.name for it in found] == ["eye", "pool", "flatten", "dense", "output"]
    assert [it.gives for it in found] == [(8, 16, 16), (8, 8, 8), (512,), (16,), (10,)]
    assert [it.parameters for it in found] == [224, 0, 0, 8208, 170]
    assert [it.added for it in found] == [False] * 4 + [True]


def test_a_last_layer_that_gives_what_is_wanted_needs_no_output() -> None:
    assert [it.name for it in lines(["flatten", {"type": "dense", "units": 10}], Flow((4, 4)))] == ["flatten", "dense"]


def test_layers_of_one_type_are_numbered() -> None:
    found = lines([{"type": "dense", "units": 8}, "activation", {"type": "dense", "units": 4}], Flow((4,)))
    assert [it.name for it in found] == ["dense1", "activation", "dense2", "output"]


@pytest.mark.parametrize(
    ("layers", "flow", "at", "said"),
    [
        (["dense"], Flow((3, 8, 8)), 0, "got shape (3, 8, 8); put flatten or global_pool before it"),
        (["flatten", "conv"], Flow((3, 8, 8)), 1, "conv takes images of shape (channels, height, width)"),
        ([{"type": "pool", "size": 9}], Flow((3, 8, 8)), 0, "a window of 9 × 9 over shape (3, 8, 8)"),
        ([{"type": "norm", "kind": "group", "groups": 2}], Flow((3, 8, 8)), 0, "2 groups of channels, which 3"),
        ([{"type": "attention", "heads": 4}], Flow((9, 6)), 0, "4 heads, which 6 of shape (9, 6)"),
        ([{"type": "reshape", "shape": [5, 5]}], Flow((9,)), 0, "shape (5, 5), 25 values, of shape (9,), 9"),
        (["recurrent"], Flow((9,), 20), 0, "got tokens of shape (9,); put embedding before it"),
        (["embedding"], Flow((9,)), 0, "the data has to be whole numbers"),
    ],
)
def test_a_layer_that_does_not_fit_is_marked_with_both_shapes(layers, flow, at, said) -> None:
    found = lines([*layers, "dropout"], flow)
    assert said in found[at].problems[0].message
    assert found[at].gives is None
    # What comes behind it isn't known, and no fault of theirs.
    assert [it.problems for it in found[at + 1 :]] == [()]
    assert [it.takes for it in found[at + 1 :]] == [None]


def test_a_wrong_setting_is_marked_at_its_layer_and_the_rest_is_read_on() -> None:
    found = lines(["flatten", {"type": "dense", "units": 0}, {"type": "dropout", "rate": 2}], Flow((4,)))
    assert [[problem.path for problem in it.problems] for it in found] == [[], [("units",)], [("rate",)]]


def test_two_of_one_name_are_refused() -> None:
    twice = [{"type": "dense", "units": 4, "name": "same"}, {"type": "dropout", "name": "same"}]
    assert "called 'same'" in lines(twice, Flow((4,)))[1].problems[0].message


def test_what_does_not_fit_is_said_when_it_is_built() -> None:
    with pytest.raises(ConfigurationError, match=r"^model\.layers\.1 \(dense\): dense takes values"):
        Stack(Stack.Config(layers=["pool", "dense"])).pytorch(IMAGE)


def test_layers_alone_mean_a_stack() -> None:
    short = RunSpec(model={"layers": LAYERS}, data="digits")
    assert short == RunSpec(model={"type": "stack", "layers": LAYERS}, data="digits")
    assert RunSpec.model_validate(short.dump()) == short


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([{"type": "dense", "units": 0}], r"model\.layers\.0\.units: expected .*, got 0"),
        (["flatten", "dens"], "Did you mean 'dense'"),
        ([{"type": "conv", "kernel_size": 4}], r"model\.layers\.0: expected an odd kernel_size"),
        ([{"type": "dense", "name": "a"}, {"type": "dense", "name": "a"}], "two layers are called 'a'"),
        ([{"dense": {"units": 3}}], "write {type: dense, …}"),
        ([], "model.layers: expected"),
        ("flatten", "model.layers: expected a list"),
        ([{"type": "dense", "name": "1 2"}], r"model\.layers\.0\.name"),
    ],
)
def test_wrong_layers_are_refused_when_a_run_is_described(layers, said) -> None:
    with pytest.raises(ConfigurationError, match=said):
        describe({"model": {"layers": layers}, "data": "digits"})


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "jax"])
def test_a_stack_learns_digits(framework) -> None:
    layers = [
        {"type": "conv", "features": 16, "activation": "relu"},
        "pool",
        "flatten",
        {"type": "dropout", "rate": 0.1},
    ]
    run = tal.train(
        model={"layers": layers},
        data="digits",
        metrics=["accuracy"],
        framework=framework,
        epochs=6,
        learning_rate=3e-3,
        executor="inline",
    )
    assert run.metrics()["val_accuracy"].iloc[-1] > 0.93


def test_a_layer_of_the_notebook_is_stacked_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "_PARTS", {})

    @tal.register("layers", "twice")
    class Twice(registry.find("layers", "activation")):
        """Twice the values."""

        def pytorch(self, flow):
            return _Twice()

    run = tal.train(model={"layers": ["flatten", "twice"]}, data="digits", epochs=1, executor="inline")
    assert run.state == "completed"


class _Twice(torch.nn.Module):
    def forward(self, values):
        return values * 2


@pytest.mark.parametrize(
    ("layers", "shape", "outputs"),
    [
        (["flatten"], (4,), 100_000),
        ([{"type": "transformer_block", "mlp_ratio": 16}], (20, 8192), 10),
        (["residual"], (20_000, 8, 8), 10),
    ],
)
def test_bounds_of_what_people_write_are_none_of_what_data_has(layers, shape, outputs) -> None:
    found = lines(layers, Flow(shape), outputs)
    assert [line.problems for line in found] == [()] * len(found)
    assert found[-1].gives == (outputs,)


def test_a_window_without_a_middle_is_refused_by_its_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"model.layers.0.kernel_size: expected an odd number.* got 4"):
        describe({"model": {"layers": [{"type": "residual", "kernel_size": 4}]}, "data": "digits"})
