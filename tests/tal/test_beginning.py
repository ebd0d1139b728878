"""A run begins with weights of a file, or of another run."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        return self.head(self.backbone(x))


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x.astype("f4") / 16, y


def trained(model, data, **more):
    usual = {"epochs": 1, "executor": "inline", "verbose": False, "histograms": False, "resources": False}
    return tal.train(model, data, **usual | more).wait()


def told(run):
    return [event for event in run.store.events(run.id) if event.kind == "weights"]


@pytest.fixture
def first_half(digits, tmp_path):
    x, y = digits
    run = trained(Net(5), (x[y < 5], y[y < 5]), name="first half")
    torch.save(run.best.model().state_dict(), tmp_path / "first.pt")
    return run


def test_a_frozen_backbone_keeps_the_bits_it_was_trained_to(digits, first_half, tmp_path):
    asked = {"path": str(tmp_path / "first.pt"), "strict": False}
    frozen = [{"match": "backbone.*", "freeze": True}]
    run = trained(Net(10), digits, weights=asked, parameter_groups=frozen, ema=0.9)
    before, after = first_half.best.model().state_dict(), run.last.model().state_dict()
    kept = [name for name in before if name.startswith("backbone.")]
    assert len(kept) == 7
    assert all(torch.equal(before[name], after[name]) for name in kept)
    (event,) = told(run)
    assert event.message.startswith("7 arrays of first.pt are the weights to begin with; 2 of another shape were left")
    assert event.data["digest"] == hashlib.sha256((tmp_path / "first.pt").read_bytes()).hexdigest()
    assert event.data["taken"] == 7


def test_what_does_not_fit_fails_in_one_line(digits, first_half, tmp_path):
    with pytest.raises(TrainingFailed, match=r"^weights: first.pt doesn't fit the model: has 2 of another shape"):
        trained(Net(10), digits, weights=tmp_path / "first.pt")
    with pytest.raises(TrainingFailed, match=r"^weights.sha256: expected 00000"):
        trained(Net(10), digits, weights={"path": str(tmp_path / "first.pt"), "sha256": "0" * 64})


def test_step_0_is_what_the_file_says(digits, first_half, tmp_path):
    x, y = digits
    run = trained(Net(5), (x[y < 5], y[y < 5]), weights=tmp_path / "first.pt", name="again")
    assert run.spec.weights.path == str(tmp_path / "first.pt")
    begun, saved = run.at(0).model().state_dict(), torch.load(tmp_path / "first.pt", weights_only=True)
    assert all(torch.equal(begun[name], saved[name]) for name in saved)
    (tmp_path / "first.pt").unlink()
    run.resume(epochs=2)  # which needs the file no more
    run.wait(60)
    assert run.record.progress.epoch == 2
    assert len(told(run)) == 1


def test_another_runs_checkpoint(digits, first_half):
    x, y = digits
    run = trained(Net(5), (x[y < 5], y[y < 5]), weights="run:first half@last", name="second")
    last = first_half.last.record.step
    assert run.spec.weights.path == f"run:{first_half.id}@{last}"
    assert told(run)[0].message == f"9 arrays of run:{first_half.id}@{last} are the weights to begin with."
    first_half.delete()
    clone = run.clone()
    clone.wait(60)
    assert told(clone)[0].data["digest"] == told(run)[0].data["digest"]
    at_step = run.clone(step=0, name="third").wait(60)
    assert told(at_step) == []
    assert at_step.spec.weights is None
    with pytest.raises(ConfigurationError, match="weights: this clone begins with the weights of a step"):
        run.clone(step=0, weights="run:second")


def test_exported_weights_come_back(digits, first_half, tmp_path):
    file = first_half.best.save_weights(tmp_path / "a.safetensors")
    model = tal.load_weights(Net(5), file).eval()
    x = digits[0][:50]
    with torch.no_grad():
        assert np.array_equal(model(torch.from_numpy(x)).argmax(1).numpy(), first_half.best.predict(x))
    assert torch.equal(tal.load_weights(Net(5), "run:first half@best").head.weight, model.head.weight)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # within Keras
@pytest.mark.parametrize(("framework", "ending"), [("tensorflow", ".weights.h5"), ("jax", ".safetensors")])
def test_other_frameworks(framework, ending, tmp_path):
    settings = {"framework": framework, "executor": "inline", "verbose": False, "histograms": False, "batch_size": 512}
    first = tal.train("mlp", "digits", epochs=1, **settings).wait()
    file = first.best.save_weights(tmp_path / f"a{ending}")
    run = tal.train("mlp", "digits", epochs=1, seed=7, weights=file, ema=0.5, **settings).wait()
    (event,) = told(run)
    assert event.data["taken"] > 0
    assert [event.data[key] for key in ("missing", "unexpected", "misfits")] == [[], [], []]
    begun = tal.beginning._own_weights(run.at(0).model())[1].arrays()
    assert begun == tal.beginning._own_weights(first.best.model())[1].arrays()


def test_what_is_refused_before_anything_starts(digits, tmp_path):
    (tmp_path / "a.keras").touch()
    for weights, message in (
        (tmp_path / "b.pt", r"^weights: there is no file .*/b.pt"),
        (tmp_path / "a.keras", r"^weights: a.keras holds weights as another framework than pytorch names them"),
        ("run:nobody", r"^weights: .*nobody"),
        ("run:", r"^weights.path: expected the name of a run"),
        ({"path": "a.pt", "sha256": "12"}, r"^weights.sha256: expected 64 hexadecimal digits, got '12'"),
        ({"paht": "a.pt"}, r"weights.paht'. Did you mean 'path'"),
        ("https://user:password@host/a.pt", r"^weights.path: expected a folder or a URL .* without a password"),
        (3, r"^weights: expected a mapping of settings"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            tal.train(Net(10), digits, weights=weights)
    assert list(tal.runs()) == []


def test_a_path_stands_for_its_settings():
    spec = validate(RunSpec, {"model": "cnn", "data": "digits", "weights": "a.pt"})
    assert spec.weights.strict
    assert spec.dump()["weights"] == {"path": "a.pt"}
