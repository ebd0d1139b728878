"""What a run's validations say, and that saying it changes nothing."""

from __future__ import annotations

import errno
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.reader import load_weights
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.protocols import Signature, StepOutput
from dltrainer_jupyter.loop import gallery as gallery_module
from dltrainer_jupyter.loop.collector import Collector
from dltrainer_jupyter.loop.examination import Examination
from dltrainer_jupyter.loop.gallery import Gallery
from dltrainer_jupyter.loop.parts import load_data
from dltrainer_jupyter.metrics.examining.classification import ClassExaminer
from dltrainer_jupyter.metrics.examining.kept import chosen
from dltrainer_jupyter.metrics.examining.shares import shares
from dltrainer_jupyter.tal import Run

Train = Callable[..., Run]
PLAIN = {"type": "mlp", "hidden": [16]}


def _outputs(run: Run, objects: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Give what the last checkpoint says of the validation set, and what is true."""
    dataset = load_data(run.spec, objects)
    weights, _ = load_weights(Path(run.last.record.path))
    predictor = registry.find("adapters", run.spec.framework).predictor(run.spec, objects, dataset.signature, weights)
    return predictor.outputs(dataset.validation.inputs), dataset.validation.targets


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "jax"])
def test_what_is_stored_of_classes_is_what_scikit_learn_says(train: Train, framework: str) -> None:
    run = train(framework=framework, executor="inline", model=PLAIN)
    outputs, targets = _outputs(run, {})
    predicted, parts = outputs.argmax(axis=1), shares(outputs)[0].astype(np.float64)
    said = run.store.validation(run.id).summary
    assert said["count"] == said["sampled"] == len(targets)
    overall = said["overall"]
    assert overall["accuracy"] == pytest.approx(metrics.accuracy_score(targets, predicted), abs=1e-6)
    for way in ("macro", "micro", "weighted"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = metrics.precision_recall_fscore_support(targets, predicted, average=way, zero_division=0)
        got = overall[way]
        assert [got["precision"], got["recall"], got["f1"]] == pytest.approx(list(wanted[:3]), abs=1e-6)
    assert overall["auc_macro"] == pytest.approx(metrics.roc_auc_score(targets, parts, multi_class="ovr"), abs=1e-6)
    wanted_ap = metrics.average_precision_score(np.eye(10)[targets], parts)
    assert overall["ap_macro"] == pytest.approx(wanted_ap, abs=1e-6)
    best = metrics.top_k_accuracy_score(targets, outputs, k=5)
    assert overall["top5"] == pytest.approx(best, abs=1e-6)
    epoch, kept = run.store.examples(run.id)
    assert epoch == 2
    assert kept["index"].tolist() == list(range(len(targets)))
    assert kept["prediction"].tolist() == predicted.tolist()
    assert kept["confidence"] == pytest.approx(parts.max(axis=1), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "jax"])
def test_what_is_stored_of_values_is_what_scikit_learn_says(train: Train, framework: str) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((200, 4)).astype(np.float32)
    values = (inputs @ rng.standard_normal((4, 2))).astype(np.float32)
    run = train(
        framework=framework, executor="inline", model=PLAIN, data=(inputs, values), metrics=["mae"], scheduler=None
    )
    predicted, true = (found.astype(np.float64) for found in _outputs(run, {"data": (inputs, values)}))
    found = run.store.validation(run.id)
    assert found.confusion is None
    overall = found.summary["overall"]
    assert overall["mae"] == pytest.approx(metrics.mean_absolute_error(true, predicted), rel=1e-6)
    assert overall["rmse"] == pytest.approx(np.sqrt(metrics.mean_squared_error(true, predicted)), rel=1e-6)
    assert overall["r2"] == pytest.approx(metrics.r2_score(true, predicted), abs=1e-6)
    about = json.loads((run.folder / "validation_examples" / "about.json").read_text())
    assert (about["kind"], about["count"]) == ("rows", 40)


def test_nothing_of_the_run_depends_on_what_is_kept(train: Train) -> None:
    """Examiners draw from no generator of the run, so the same bits come out."""
    digests = {train(executor="inline", validation={"examples": most}).last.record.digest for most in (0, 7, 5000)}
    assert len(digests) == 1


def test_the_same_examples_are_kept_at_each_validation(train: Train) -> None:
    run = train(executor="inline", validation={"examples": 30}, epochs=3)
    kept = [run.store.examples(run.id, epoch)[1] for epoch in (1, 2, 3)]
    wanted = chosen(run.spec.seed, 30, 359).tolist()
    assert [columns["index"].tolist() for columns in kept] == [wanted] * 3
    assert kept[0]["truth"].tolist() == kept[2]["truth"].tolist()
    assert kept[0]["loss"].tolist() != kept[2]["loss"].tolist()
    folder = run.folder / "validation_examples"
    assert np.load(folder / "index.npy").tolist() == wanted
    assert folder.stat().st_mode & 0o777 == 0o700
    held_back = load_data(run.spec, {}).validation.inputs[wanted]
    low, high = held_back.min(), held_back.max()
    pixels = np.load(folder / "inputs.npy")
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == np.rint((held_back[:, 0] - low) * 255 / (high - low)).astype(int).tolist()


def test_none_are_kept_where_none_are_wanted(train: Train) -> None:
    run = train(executor="inline", validation={"examples": 0})
    assert run.store.examples(run.id) is None
    assert run.store.validation(run.id).summary["overall"]["accuracy"] > 0.2
    assert not (run.folder / "validation_examples").exists()


def _notices(run: Run) -> list[str]:
    return [event.message for event in run.store.newest_events(run.id, 50) if event.kind == "notice"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OverflowError("No space left in a number")]
)
def test_pictures_that_cannot_be_written_end_no_run(
    train: Train, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(gallery_module, "_save_inputs", refuse)
    run = train(executor="inline", epochs=3)
    assert run.state == "completed"
    assert [note for note in _notices(run) if "No space left" in note] == _notices(run)
    assert len(_notices(run)) == 1
    assert [path.name for path in run.folder.iterdir() if "validation_examples" in path.name] == []
    assert run.store.examples(run.id, 3) is not None


def test_an_examiner_that_stumbles_ends_no_run(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_arguments: Any) -> None:
        msg = "what is this"
        raise TypeError(msg)

    monkeypatch.setattr(ClassExaminer, "_examine", stumble)
    run = train(executor="inline", epochs=3)
    assert run.state == "completed"
    assert len(_notices(run)) == 1
    assert "what is this" in _notices(run)[0]
    found = run.store.validation(run.id)
    assert found.summary is None
    assert found.confusion is not None


def test_outputs_that_cannot_be_joined_are_no_reason_to_end_where_only_the_examiner_asks(tmp_path: Path) -> None:
    class Adapter:
        def arrays(self, values: Any) -> Any:
            msg = f"Sizes of {len(values)} tensors don't match"
            raise RuntimeError(msg)

    told: list[str] = []
    gallery = Gallery(tmp_path, Signature("classification", (3,), 3), seed=0, most=9)
    examination = Examination(object(), gallery, told.append)  # type: ignore[arg-type]
    made = Collector(Adapter(), [], None, examination)  # type: ignore[arg-type]
    made.add(StepOutput(None, np.zeros((2, 3)), np.zeros(2), 2))
    made.count(made.take())
    assert told == ["What the validation says of its examples is not examined: Sizes of 1 tensors don't match."]
    assert not gallery.wanted
    observed = Collector(Adapter(), [object()], None, examination)  # type: ignore[arg-type, list-item]
    observed.add(StepOutput(None, np.zeros((2, 3)), np.zeros(2), 2))
    with pytest.raises(RuntimeError, match="don't match"):
        observed.count(observed.take())


def _images(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, 6, 5, generator=generator), torch.arange(count) % 3


def _net() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(90, 3))


def _of_loaders(held_back: Any, **settings: Any) -> Run:
    training = DataLoader(TensorDataset(*_images(60)), batch_size=20)
    return tal.train(
        _net(),
        (training, held_back),
        loss=nn.CrossEntropyLoss(),
        optimizer="adam",
        executor="inline",
        epochs=2,
        verbose=False,
        **settings,
    )


def test_pictures_of_a_stream_are_taken_as_it_goes_by() -> None:
    inputs, targets = _images(50)
    run = _of_loaders(DataLoader(TensorDataset(inputs, targets), batch_size=8), validation={"examples": 12})
    wanted = chosen(run.spec.seed, 12, 50)
    columns = run.store.examples(run.id)[1]
    assert columns["index"].tolist() == wanted.tolist()
    assert columns["truth"].tolist() == targets[wanted].tolist()
    pixels = np.load(run.folder / "validation_examples" / "inputs.npy")
    rows = np.moveaxis(inputs.numpy()[wanted], 1, -1)
    scaled = (rows - rows.min()) * np.float32(255 / (rows.max() - rows.min()))
    assert pixels.shape == (12, 6, 5, 3)
    assert np.abs(pixels - scaled).max() <= 0.501
    assert run.store.validation(run.id).summary["notes"] == []


def test_a_stream_that_comes_in_another_order_is_told() -> None:
    inputs, targets = _images(48)
    passes = iter(range(100))

    def shuffled() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        turned = (torch.arange(48) + next(passes)) % 48
        for rows in turned.split(8):
            yield inputs[rows], targets[rows]

    run = _of_loaders(shuffled)
    first, second = (run.store.validation(run.id, epoch).summary["notes"] for epoch in (1, 2))
    assert first == []
    assert any("came in another order" in note for note in second)


def test_a_resumed_run_keeps_its_pictures_and_the_same_examples(train: Train) -> None:
    run = train(executor="inline", validation={"examples": 20})
    picture = run.folder / "validation_examples" / "inputs.npy"
    before = picture.stat()
    run.resume(epochs=3, executor="inline")
    run.wait(60)
    first, last = (run.store.examples(run.id, epoch)[1] for epoch in (1, 3))
    assert first["index"].tolist() == last["index"].tolist()
    assert run.store.validation(run.id, 3).summary["notes"] == []
    assert (picture.stat().st_ino, picture.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
