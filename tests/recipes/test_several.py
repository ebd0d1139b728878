"""Several inputs and targets, from arrays to predictions, on each framework."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.core.protocols import Samples
from dltrainer_jupyter.core.structures import mapped
from dltrainer_jupyter.data.cursor import epoch_order
from dltrainer_jupyter.loop import parts
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.submit import submit
from tests.chaos.forked import PRELOADED, ForkedExecutor
from tests.chaos.outcome import differences, outcome
from tests.chaos.trainers import at_work, strike
from tests.several import DIGIT, FRAMEWORKS, IMAGE, INPUTS, META, ODD, TARGETS, N, net

AS_TUPLES = ((IMAGE, META), (DIGIT, ODD))
QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 8, "executor": "inline", "verbose": False, "learning_rate": 0.01}
each_framework = pytest.mark.parametrize("framework", FRAMEWORKS)
in_each_structure = pytest.mark.parametrize(
    ("framework", "named"),
    [
        pytest.param(
            framework,
            named,
            id=f"{framework}-{'mapping' if named else 'tuple'}",
            marks=[] if framework == "pytorch" or (named and framework == "tensorflow") else pytest.mark.slow,
        )
        for framework in FRAMEWORKS
        for named in (True, False)
    ],
)


def train(framework: str, data: Any = (INPUTS, TARGETS), *, named: bool = True, **changes: Any) -> Run:
    return tal.train(net(framework, named=named), data, framework=framework, **{**QUICK, **changes})


def leaf(structure: Any, name: str, at: int) -> Any:
    return structure[name] if isinstance(structure, dict) else structure[at]


# --- batches ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batching", [True, False], ids=["vectorised", "one by one"])
@pytest.mark.parametrize("data", [(INPUTS, TARGETS), AS_TUPLES], ids=["mapping", "tuple"])
@pytest.mark.parametrize("size", [3, 8])
@each_framework
def test_a_batch_is_what_indexing_by_hand_gives(framework: str, size: int, data: Any, batching: bool) -> None:
    """Rows whose batches lie aligned in memory are cut ahead, several at a time; others one by one."""
    settings = {"model": net(framework), "framework": framework, "fast": {"batching": batching}, "validation": False}
    spec, objects = tal.describe({**settings, "data": data})
    samples = parts.load_data(spec, objects).train
    assert isinstance(samples, Samples)
    adapter = parts.make_adapter(spec, owns_process=False)
    adapter.open()
    try:
        placed, order = adapter.place(samples), epoch_order(spec.seed, 1, N)
        there = adapter.order(placed, order)
        for start in range(0, N, size):
            rows = order[start : start + size]
            batch = adapter.batch(placed, there, start, min(start + size, N))
            assert batch.size == len(rows)
            assert type(batch.inputs) is type(data[0])
            for at, (name, array) in enumerate({"image": IMAGE, "meta": META}.items()):
                assert np.array_equal(adapter.arrays([leaf(batch.inputs, name, at)])[: len(rows)], array[rows])
            for at, (name, array) in enumerate({"digit": DIGIT, "odd": ODD == "yes"}.items()):
                assert np.array_equal(adapter.arrays([leaf(batch.targets, name, at)])[: len(rows)], array[rows])
    finally:
        adapter.close()


def batches_of(data: Any) -> Iterator[Any]:
    """Give the batches that a run of seed 0 cuts from arrays in its first epoch."""
    order = epoch_order(0, 1, N)
    for start in range(0, N, 8):
        yield mapped(data, lambda array, rows=order[start : start + 8]: array[rows])


@in_each_structure
def test_arrays_and_a_loader_of_the_same_batches_learn_the_same(framework: str, named: bool) -> None:
    numbers = {"digit": DIGIT, "odd": (ODD == "yes").astype(np.int64)}
    data = (INPUTS, numbers) if named else ((IMAGE, META), tuple(numbers.values()))
    outputs: list[Any] = ["digit", "odd"] if named else [0, 1]
    settings = {
        "named": named,
        "loss": [{"type": "cross_entropy", "output": it} for it in outputs],
        "metrics": [{"type": "f1", "output": outputs[0]}, {"type": "accuracy", "output": outputs[1]}],
        "validation": False,
        "epochs": 1,
        "batch_size": 8,
    }
    of_arrays = train(framework, data, **settings)
    del settings["batch_size"]
    of_loader = tal.train(
        net(framework, named=named),
        lambda: batches_of(data),
        framework=framework,
        executor="inline",
        verbose=False,
        learning_rate=0.01,
        **{key: value for key, value in settings.items() if key != "named"},
    )
    one, other = (run.store.epochs(run.id)[-1].values for run in (of_arrays, of_loader))
    assert one.keys() == other.keys()
    assert {"train_f1_digit" if named else "train_f1_0", "train_loss"} < one.keys()
    assert all(np.isclose(one[name], other[name], rtol=1e-6) for name in one)


# --- runs ---------------------------------------------------------------------------------------------------


@in_each_structure
def test_each_target_is_learnt_without_a_loss_and_predicted(framework: str, named: bool) -> None:
    data = (INPUTS, TARGETS) if named else AS_TUPLES
    odd: Any = "odd" if named else 1
    run = train(
        framework,
        data,
        named=named,
        epochs=12,
        learning_rate=0.05,
        metrics=[{"type": "accuracy", "output": odd}],
        preprocessing=[{"type": "standardize", "input": "meta" if named else 1}],
    )
    values = run.store.epochs(run.id)[-1].values
    losses = ("train_digit_loss", "train_odd_loss") if named else ("train_output_0_loss", "train_output_1_loss")
    assert np.isclose(sum(values[name] for name in losses), values["train_loss"])
    assert values[f"val_accuracy_{odd}"] > 0.6
    given, several = data[0], type(data[0])
    predicted = run.best.predict(given)
    assert type(predicted) is several
    assert set(leaf(predicted, "digit", 0).tolist()) <= {0, 1, 2, 3}
    assert (leaf(predicted, "odd", 1) == ODD).mean() > 0.6
    shares = leaf(run.best.predict_proba(given), "odd", 1)
    assert shares.shape == (N, 2)
    assert np.allclose(shares.sum(axis=1), 1)
    one = run.best.predict(mapped(given, lambda array: array[3]))
    assert leaf(one, "odd", 1).tolist() == [leaf(predicted, "odd", 1)[3]]


def test_predictions_in_json_are_one_a_sample() -> None:
    run = train("pytorch")
    answer = run.last.answer(mapped(INPUTS, lambda array: array[:4].tolist()), probabilities=True)
    assert json.loads(json.dumps(answer)) == answer
    expected = run.last.predict(mapped(INPUTS, lambda array: array[:4]))
    assert answer["predictions"] == [
        {"digit": digit, "odd": odd} for digit, odd in zip(expected["digit"].tolist(), expected["odd"], strict=True)
    ]
    assert [len(answer["probabilities"][0][name]) for name in ("digit", "odd")] == [4, 2]
    assert (answer["labels"], answer["top"]) == (None, None)
    with pytest.raises(ConfigurationError, match="heatmaps: they show where on an image"):
        run.last.answer(mapped(INPUTS, lambda array: array[:4].tolist()), heatmaps=True)


def test_a_file_of_several_inputs_is_predicted(tmp_path: Path) -> None:
    named, counted = train("pytorch"), train("pytorch", AS_TUPLES, named=False)
    few = mapped(INPUTS, lambda array: array[:5])
    np.savez(tmp_path / "named.npz", **few)
    np.savez(tmp_path / "counted.npz", *few.values())
    for run, file in ((named, "named.npz"), (counted, "counted.npz")):
        table = run.last.predict_files(tmp_path / file)
        assert len(table) == 5
        given = few if run is named else tuple(few.values())
        expected = leaf(run.last.predict(given), "odd", 1)
        assert table["odd" if run is named else "1"].tolist() == expected.tolist()
    with pytest.raises(ConfigurationError, match=r"counted.npz: expected the arrays image, meta, got arr_0, arr_1"):
        named.last.predict_files(tmp_path / "counted.npz")
    (tmp_path / "rows.csv").write_text("1,2,3")
    with pytest.raises(ConfigurationError, match=r"rows.csv: expected several inputs, an .npz file with the arrays im"):
        named.last.predict_files(tmp_path / "rows.csv")


def test_an_output_is_given_as_it_is_where_its_loss_is_ones_own() -> None:
    from torch.nn import functional

    run = train(
        "pytorch",
        loss=[
            {"type": "cross_entropy", "output": "digit"},
            {"type": functional.cross_entropy, "output": "odd"},
        ],
    )
    predicted = run.last.predict(INPUTS)
    assert (predicted["digit"].shape, predicted["odd"].shape) == ((N,), (N, 2))


def test_a_metric_has_the_classes_of_its_own_target() -> None:
    """As many as the target has, not as many as the first one."""
    spec, objects = tal.describe(
        {
            "model": net("pytorch"),
            "data": (INPUTS, {"odd": ODD, "digit": DIGIT}),
            "metrics": [{"type": "f1", "output": "digit"}, {"type": "roc_auc", "output": "digit"}],
        }
    )
    made = parts.make_metrics(spec, objects, parts.load_data(spec, objects).signature, lambda array: array)
    outputs = np.eye(4)[DIGIT]
    for metric in made:
        metric.reset()
        metric.update(outputs, DIGIT, [N])
    assert [metric.compute() for metric in made] == [1.0, 1.0]


def test_a_metric_has_the_width_of_its_output_where_nobody_tells_of_the_target() -> None:
    numbers = {"odd": (ODD == "yes").astype(np.int64), "digit": DIGIT}
    run = tal.train(
        net("pytorch"),
        lambda: batches_of((INPUTS, numbers)),
        loss=[{"type": "cross_entropy", "output": name} for name in numbers],
        metrics=[{"type": "f1", "output": "digit", "name": "f1"}],
        epochs=1,
        validation=False,
        executor="inline",
        verbose=False,
    )
    assert 0 <= run.store.epochs(run.id)[-1].values["train_f1"] <= 1


def test_a_test_run_measures_on_other_arrays() -> None:
    run = train("pytorch", metrics=[{"type": "accuracy", "output": "odd"}])
    found = run.test((INPUTS, TARGETS), checkpoint="last")
    expected = (run.last.predict(INPUTS)["odd"] == ODD).mean()
    assert found.count == N
    assert np.isclose(found.metrics["accuracy_odd"], expected)


def _broken(framework: str) -> Any:
    """Make a model that looks for an input there isn't."""
    if framework == "jax":
        from flax import nnx

        class Net(nnx.Linear):
            def __call__(self, given):
                return given["picture"]

        return Net(1, 1, rngs=nnx.Rngs(0))
    if framework == "pytorch":
        from torch import nn

        class Module(nn.Linear):
            def forward(self, given):
                return given["picture"]

        return Module(1, 1)
    import keras

    class Model(keras.Model):
        def call(self, given):
            return given["picture"]

    return Model()


@each_framework
def test_an_input_that_is_not_there_is_missed_with_the_names_that_are(framework: str) -> None:
    run = tal.train(_broken(framework), (INPUTS, TARGETS), framework=framework, **QUICK)
    assert run.error is not None
    assert "there is no 'picture'; the inputs are image, meta and the targets are digit, odd" in run.error.message
    assert 'given["picture"]' in run.error.traceback


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "mlp"}, r"model: 'mlp' takes one input and gives one output, and this data has several inputs \(im"),
        ({"augmentation": ["erasing"]}, "augmentation: expected inputs that are one tensor, but the data gives a dict"),
        ({"metrics": ["accuracy"]}, "metrics: there are several outputs"),
        (
            {"data": (INPUTS, {"digit": np.arange(N) % 5, "odd": ODD})},
            "Labels out of range: an output has fewer classes than",
        ),
        ({"data": (INPUTS, {"digt": DIGIT})}, r"there is no output 'digt'.*Known: digit, odd"),
    ],
    ids=["model by name", "augmentation", "metric", "classes", "output"],
)
def test_what_does_not_go_with_several_is_named(changes: dict[str, Any], message: str) -> None:
    settings = {"model": net("pytorch"), "data": (INPUTS, TARGETS), **QUICK, **changes}
    with pytest.raises((ConfigurationError, TrainingFailed), match=message):
        tal.train(**settings).wait()


# --- resuming -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(600)
@each_framework
def test_killed_and_resumed_to_the_same_bits(framework: str) -> None:
    settings = {
        "model": net(framework),
        "data": (INPUTS, TARGETS),
        "framework": framework,
        "epochs": 20,
        "batch_size": 4,
        "threads": 1,
        "verbose": False,
        "preprocessing": [{"type": "standardize", "input": "meta"}, {"type": "scale", "divisor": 2, "input": "image"}],
        "metrics": [{"type": "accuracy", "output": "odd"}],
        "checkpoint": {"every_seconds": 0.1},
        "name": "several",
    }

    place = ForkedExecutor(*PRELOADED)

    def begun() -> Run:
        spec, own = describe(settings | {"executor": "process"})
        return submit(spec, own, place=place)

    run = begun()
    at_work(run, 100)
    assert strike(run)
    run.store.request_start(run.id)
    run.start(place)
    run.wait(100)
    assert len(run.store.attempts(run.id)) > 1
    undisturbed = begun()
    undisturbed.wait(100)
    assert differences(outcome(run), outcome(undisturbed)) == []
