from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.session import open_store
from tests.tal.subject import MANY_X, MANY_Y, TEXT, VALUES, X, Y, long, net, quick, same, values_of
from tests.waiting import until

# --- what comes out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [X, X.tolist(), torch.from_numpy(X), pd.DataFrame(X), X.astype("float64")])
def test_inputs_come_as_they_came_for_training(inputs: Any) -> None:
    run = quick()
    expected = run.best.predict(X)
    assert np.array_equal(run.best.predict(inputs), expected)
    assert set(expected.tolist()) <= {0, 1}


@pytest.mark.parametrize("data", ["digits", "wine", "breast_cancer", "diabetes"])
def test_raw_samples_of_every_built_in_data_set_are_predicted(data: str) -> None:
    from sklearn import datasets

    inputs, targets = getattr(datasets, f"load_{data}")(return_X_y=True)
    run = quick(data=data, epochs=8, batch_size=16, learning_rate=0.02)
    predicted = run.last.predict(inputs)
    assert predicted.shape == targets.shape
    if data == "diabetes":
        assert np.corrcoef(predicted, targets)[0, 1] > 0.5
    else:
        assert (predicted == targets).mean() > 0.85


def test_a_single_sample_is_predicted() -> None:
    run = quick()
    assert run.best.predict(X[0]).tolist() == run.best.predict(X)[:1].tolist()
    assert run.best.predict_proba(X[0]).shape == (1, 2)


def test_an_image_is_predicted_flat_or_not() -> None:
    run = quick(data="digits", epochs=1)
    flat = np.arange(64) % 17
    assert run.best.predict(flat) == run.best.predict(flat.reshape(8, 8)) == run.best.predict(flat.reshape(1, 8, 8))


def test_text_labels_come_back_as_text() -> None:
    run = quick(data=(X, TEXT), epochs=8, batch_size=4, learning_rate=0.03, model={"type": "mlp", "hidden": [8]})
    predicted = run.last.predict(X)
    assert predicted.dtype.kind == "U"
    assert (predicted == TEXT).mean() > 0.8


def test_probabilities_sum_to_one() -> None:
    run = quick(epochs=1)
    found = run.best.predict_proba(X)
    assert (found.shape, found.dtype) == ((40, 2), np.float32)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.array_equal(found.argmax(axis=1), run.best.predict(X))


@pytest.mark.parametrize("targets", [Y, TEXT])
def test_a_single_logit_means_two_classes(targets: Any) -> None:
    run = quick(data=(X, targets), loss="bce", epochs=8, batch_size=4, learning_rate=0.03)
    probabilities = run.last.predict_proba(X)
    assert probabilities.shape == (40, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (run.last.predict(X) == targets).mean() > 0.8


def test_values_come_without_a_needless_axis() -> None:
    run = quick(data=(X, VALUES), epochs=1)
    assert run.best.predict(X).shape == (40,)
    assert quick(data=(X, X[:, :3]), epochs=1).best.predict(X).shape == (40, 3)
    with pytest.raises(CheckpointError, match="predicts values, not classes; use predict"):
        run.best.predict_proba(X)


def test_a_class_for_each_position_is_predicted_at_each() -> None:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(1, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x[..., None]).transpose(1, 2)

    tags = np.digitize(X, [-0.5, 0.5])
    run = quick(model=Tagger, data=(X, tags), epochs=10, learning_rate=0.1, metrics=[], batch_size=2)
    assert run.last.predict(X).shape == (40, 6)
    assert (run.last.predict(X) == tags).mean() > 0.7
    probabilities = run.last.predict_proba(X)
    assert probabilities.shape == (40, 3, 6)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    item = run.last.examples(1)["items"][0]
    assert (item["probabilities"], len(item["truth"].split(", "))) == (None, 6)


def test_a_class_that_never_occurred_has_its_number_for_a_name() -> None:
    class Biased(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) + torch.tensor([0.0, 0.0, 99.0])

    run = quick(model=lambda: Biased(6, 3), data=(X, TEXT), epochs=1)
    assert set(run.best.predict(X).tolist()) == {"2"}
    assert run.best.examples(3)["items"][0]["prediction"] == "2"


@pytest.mark.parametrize("targets", [Y, TEXT])
def test_an_answer_for_another_program_says_the_same(targets: Any) -> None:
    run = quick(data=(X, targets), epochs=1)
    found = json.loads(json.dumps(run.best.answer(X.tolist(), probabilities=True)))
    assert found["predictions"] == run.best.predict(X).tolist()
    assert np.allclose(found["probabilities"], run.best.predict_proba(X))
    assert found["labels"] == [str(label) for label in np.unique(targets)]
    assert run.best.answer(X)["probabilities"] is None
    assert quick(data=(X, VALUES), epochs=1).best.answer(X)["labels"] is None


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (X[:, :5], r"inputs: expected shape \(n, 6\), or one sample of shape \(6,\); got \(40, 5\)"),
        (X * np.nan, "inputs: 40 of 40 samples hold values that are NaN or infinite"),
        ("text", "inputs: expected rows of 6 numbers, or paths of files, got 'text', and there is no such file."),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_both_shapes(inputs: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        quick(epochs=1).best.predict(inputs)


def test_nothing_is_predicted_before_there_is_a_checkpoint() -> None:
    store = open_store()
    store.create_run("0123456789ab", RunSpec(model="mlp", data="digits"), folder="/nowhere", environment={})
    run = Run("0123456789ab", store)
    with pytest.raises(CheckpointError, match="has no best checkpoint yet; the first one comes with its first valida"):
        run.best.predict(X)
    with pytest.raises(CheckpointError, match="has no checkpoint yet; it has only begun"):
        run.last.predict(X)
    with pytest.raises(CheckpointError, match="has no checkpoint at step 5; there are: none"):
        run.at(5)


# --- models of one's own ------------------------------------------------------------------------------------


def test_a_model_is_given_for_keeps() -> None:
    run = quick(model=net())
    first, second = run.best.model(), tal.get_best_model(run.id)
    assert first is not second
    assert not first.training
    assert same(values_of(first), values_of(second))
    with torch.no_grad():
        expected = first(torch.from_numpy(X)).argmax(1).numpy()
    assert np.array_equal(run.best.predict(X), expected)
    with torch.no_grad():
        first[0].weight.zero_()
    assert np.array_equal(run.best.predict(X), expected)


def test_every_checkpoint_has_its_own_weights() -> None:
    run = quick(model=net(), epochs=3, learning_rate=0.1)
    models = [run.at(record.step).model() for record in run.checkpoints]
    assert len({model[0].weight.sum().item() for model in models}) == len(models) > 1


def test_predicting_in_another_process_needs_the_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from dltrainer_jupyter.tal import kept_models

    run = quick(model=net())
    expected = run.best.predict(X)
    kept_models._models.clear()
    again = Run(run.id, open_store())
    assert np.array_equal(again.best.predict(X), expected)


def test_few_models_stay_in_memory() -> None:
    from dltrainer_jupyter.tal import kept_models

    for seed in range(6):
        quick(seed=seed, epochs=1).best.predict(X)
    assert len(kept_models._models) <= 4


# --- while it trains ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_trying_the_best_does_not_disturb_the_training() -> None:
    """200 predictions from several threads while it trains: no exception, and the same weights at the end."""
    settings: dict[str, Any] = {
        "model": {"type": "mlp", "hidden": [16], "dropout": 0.3, "batch_norm": True},
        "data": (MANY_X, MANY_Y),
        "epochs": 20,
        "batch_size": 16,
        "optimizer": "adamw",
        "checkpoint": {"every_seconds": 0.02, "keep": 2},
    }
    undisturbed = quick(**settings)
    with long(**settings) as run:
        until(lambda: any("best" in record.kinds for record in run.checkpoints))
        errors: list[BaseException] = []
        predicted, during = [0], [0]

        def predict() -> None:
            try:
                while predicted[0] < 200:
                    trained = (run.best, run.last)[predicted[0] % 2]
                    assert trained.predict(MANY_X[:50]).shape == (50,)
                    during[0] += run.state == "running"
                    predicted[0] += 1
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test fails
                errors.append(error)

        threads = [threading.Thread(target=predict) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert during[0] > 0
        run.wait(60)
    assert run.last.record.digest == undisturbed.last.record.digest
    assert run.metrics().equals(undisturbed.metrics())


def test_predicting_leaves_the_global_generators_alone() -> None:
    run = quick(model=net())
    before = torch.get_rng_state()
    run.best.predict(X)
    run.best.model()
    run.best.examples()
    assert torch.equal(torch.get_rng_state(), before)


# --- examples -----------------------------------------------------------------------------------------------


def test_examples_show_what_the_model_says() -> None:
    run = quick(data="digits", epochs=3, learning_rate=0.01)
    found = json.loads(json.dumps(run.best.examples(5), allow_nan=False))
    assert (found["task"], found["total"], len(found["items"])) == ("classification", 359, 5)
    assert found["checkpoint"] == {"step": run.best.record.step, "epoch": run.best.record.epoch}
    for item in found["items"]:
        assert item["truth"] in found["labels"]
        assert item["correct"] == (item["truth"] == item["prediction"])
        assert item["confidence"] == max(item["probabilities"])
        assert (len(item["image"]), len(item["image"][0])) == (8, 8)
        assert {0, 1} <= {value for row in item["image"] for value in row}


def test_examples_can_be_leafed_through() -> None:
    run = quick(epochs=1)
    total = run.best.examples(1)["total"]
    assert total == 8
    assert [item["index"] for item in run.best.examples(3, offset=6)["items"]] == [6, 7, 0]
    assert [item["index"] for item in run.best.examples(99)["items"]] == list(range(8))
    assert run.best.examples(1)["items"][0]["features"] is not None


def test_examples_of_values_have_no_right_or_wrong() -> None:
    (item,) = quick(data=(X, X[:, :2]), epochs=1).best.examples(1)["items"]
    assert (item["correct"], item["confidence"], item["probabilities"]) == (None, None, None)
    assert len(item["truth"].split(", ")) == len(item["prediction"].split(", ")) == 2


def test_examples_of_very_many_classes_are_numbers() -> None:
    run = quick(data=(MANY_X[:400], np.arange(400) + 1000), validation=False, epochs=1)
    assert run.last.examples(1)["items"][0]["truth"] == "1000"


# --- how it shows itself ------------------------------------------------------------------------------------


def test_a_trained_model_shows_what_it_is() -> None:
    run = quick(name="shown", metrics=["accuracy"])
    record = run.best.record
    value = f"val_accuracy {record.metrics['val_accuracy']:.4g}"
    assert repr(run.best) == f"<TrainedModel best of shown: step {record.step}, epoch {record.epoch}, {value}>"
    kept = run.last
    run.delete()
    assert repr(kept).startswith("<TrainedModel last: ")


def test_a_trained_model_that_is_not_there_yet_shows_so() -> None:
    open_store().create_run("0123456789ab", RunSpec(model="mlp", data="digits"), folder="/nowhere", environment={})
    assert repr(tal.get("0123").best).startswith("<TrainedModel best: Run 'run' has no best checkpoint yet")


def test_a_row_of_a_table_may_be_a_mapping() -> None:
    table = pd.DataFrame(X[:40, :3], columns=["a", "b", "c"])
    run = quick(data=(table, Y[:40]), model="mlp")
    row = {name: float(table[name][7]) for name in ("c", "a", "b")}
    assert np.array_equal(run.best.predict_proba(row), run.best.predict_proba(table[7:8]))
    assert np.array_equal(run.best.predict_proba(table[["b", "c", "a"]]), run.best.predict_proba(table))
