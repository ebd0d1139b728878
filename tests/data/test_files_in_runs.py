"""Sources that read files: each is trained on, resumed exactly, and gives the same bits read lazily or at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.hugging_face import HuggingFace
from dltrainer_jupyter.tal import Run
from tests.chaos.outcome import differences, outcome
from tests.data import written
from tests.halfway import held_at_call

DETECTION = {"model": {"type": "detector", "width": 4}, "metrics": ["map50"]}
SEQUENCES = {"model": {"type": "lstm", "units": 4}}


def image_folder(folder: Path) -> dict[str, Any]:
    return {
        "model": {"type": "mlp", "hidden": [4]},
        "data": {"type": "image_folder", "path": str(written.pictures(folder / "p")), "resize": "crop"},
        "augmentation": ["flip"],
        "preprocessing": ["standardize"],
    }


def mask_folder(folder: Path) -> dict[str, Any]:
    path = written.masks(folder / "m")
    data = {"type": "mask_folder", "path": str(path), "classes": ["ground", "square"], "channels": 1}
    return {"model": {"type": "unet", "width": 4, "depth": 1}, "data": data}


def coco(folder: Path) -> dict[str, Any]:
    data = {"type": "coco", "path": str(written.coco(folder / "c")), "image_size": 32, "resize": "pad"}
    return {**DETECTION, "data": data}


def yolo(folder: Path) -> dict[str, Any]:
    return {**DETECTION, "data": {"type": "yolo", "path": str(written.yolo(folder / "y")), "image_size": [24, 32]}}


def text_files(folder: Path) -> dict[str, Any]:
    return {**SEQUENCES, "data": {"type": "text_files", "path": str(written.texts(folder / "t")), "length": 12}}


def text_lines(folder: Path) -> dict[str, Any]:
    data = {"type": "text_files", "path": str(written.lines(folder / "lines.txt")), "length": 40, "tokens": "bytes"}
    return {**SEQUENCES, "data": data}


SOURCES = [image_folder, mask_folder, coco, yolo, text_files, text_lines]


def train(settings: dict[str, Any], cache: str, **changes: Any) -> Run:
    given = {"epochs": 2, "batch_size": 4, "executor": "inline", "threads": 1, "verbose": False, **settings, **changes}
    return tal.train(**{**given, "data": {**given["data"], "cache": cache}})


@pytest.mark.parametrize("source", SOURCES)
def test_it_is_trained_on_and_gives_the_same_bits_lazily_and_in_memory(source, tmp_path: Path) -> None:
    settings = source(tmp_path)
    lazy, kept = train(settings, "none"), train(settings, "memory")
    assert lazy.state == "completed", lazy.error
    assert lazy.record.resume == "exact"
    assert lazy.record.exact
    found, expected = outcome(lazy), outcome(kept)
    assert found["digest"] == expected["digest"]
    assert found["history"] == expected["history"]


@pytest.mark.parametrize("source", [image_folder, coco])
def test_a_run_that_was_suspended_in_mid_epoch_goes_on_to_the_same_bits(source, tmp_path: Path) -> None:
    settings = {**source(tmp_path), "epochs": 15}
    whole = train(settings, "none")
    with held_at_call(5) as there:
        parted = train(settings, "none", executor="thread")
        assert there.wait(60)
        suspension = parted.suspend()
    suspension.wait(60)
    assert parted.state == "suspended"
    assert 0 < parted.step < whole.step
    parted.resume(executor="thread")
    parted.wait(60)
    assert differences(outcome(parted), outcome(whole)) == []


def test_it_is_predicted_and_measured_as_it_was_trained(tmp_path: Path) -> None:
    run = train(image_folder(tmp_path), "none")
    held_back = run.test()
    assert held_back.count == 3
    assert held_back.metrics["loss"] == pytest.approx(run.metrics().iloc[-1]["val_loss"], rel=1e-5)
    other = run.test({"type": "image_folder", "path": str(written.pictures(tmp_path / "other"))})
    assert other.count == 16
    texts = train(text_files(tmp_path), "none")
    assert texts.test({"type": "text_files", "path": str(written.lines(tmp_path / "others.txt", each=2))}).count == 4
    assert len(texts.last.predict(["It was dull"])) == 1


def test_what_is_left_out_is_an_event_of_the_run(tmp_path: Path) -> None:
    settings = image_folder(tmp_path)
    (tmp_path / "p" / "red" / "3.jpg").write_bytes(b"\xff\xd8 nothing")
    refused = train(settings, "none")
    assert refused.state == "failed"
    assert "red/3.jpg: " in refused.error.message
    assert "on_bad_sample: skip" in refused.error.message
    assert "\n" not in refused.error.message
    for cache in ("none", "memory"):
        skipping = {**settings, "data": {**settings["data"], "on_bad_sample": "skip"}}
        run = train(skipping, cache)
        assert run.state == "completed", run.error
        told = [event.message for event in run.store.events(run.id) if "left out" in event.message]
        assert len(told) == 1
        assert told[0].startswith("1 of 16 samples can't be used and is left out: red/3.jpg: ")
    skipping["data"]["max_bad"] = 0.0
    assert "more samples can't be used than may be left out" in train(skipping, "none").error.message


def test_a_run_whose_files_have_changed_is_no_longer_exact(tmp_path: Path) -> None:
    run = train(image_folder(tmp_path), "none")
    (tmp_path / "p" / "red" / "3.jpg").rename(tmp_path / "p" / "red" / "9.jpg")
    assert run.record.exact
    run.resume(epochs=3, executor="inline")
    assert run.state == "completed", run.error
    assert not run.record.exact


def test_samples_of_ones_own_are_read_when_they_are_due() -> None:
    run = tal.train(model={"type": "mlp", "hidden": [4]}, data=Squares(), epochs=1, batch_size=4, executor="inline")
    assert run.state == "completed", run.error
    assert run.record.resume == "exact"


class Squares:
    """A source of one's own, with samples that are read by batch."""

    def load(self, spec, objects):
        from dltrainer_jupyter.core.protocols import Dataset, Signature

        return Dataset(Numbers(), None, Signature("regression", (1,), 1))


class Numbers:
    def __len__(self) -> int:
        return 10

    def read(self, indices):
        return indices[:, None].astype(np.float32), (indices[:, None] ** 2).astype(np.float32)


def test_data_sets_of_hugging_face_are_pictures_text_or_numbers(tmp_path: Path) -> None:
    import datasets

    folder = written.pictures(tmp_path / "p")
    files = sorted(folder.glob("*/*"))
    labels = datasets.ClassLabel(names=["blue", "red"])
    features = datasets.Features({"image": datasets.Image(), "label": labels})
    rows = {"image": [str(path) for path in files], "label": [path.parent.name for path in files]}
    pictures = datasets.Dataset.from_dict(rows, features=features)
    settings = {"epochs": 1, "batch_size": 4, "executor": "inline", "threads": 1, "verbose": False}
    own = tal.train(model={"type": "mlp", "hidden": [4]}, data=pictures, **settings)
    assert own.state == "completed", own.error
    assert own.store.validation(own.id, 1).labels == ["blue", "red"]
    same = tal.train(
        model={"type": "mlp", "hidden": [4]}, data={"type": "image_folder", "path": str(folder)}, **settings
    )
    assert outcome(own)["digest"] == outcome(same)["digest"]
    lines = datasets.Dataset.from_dict({"text": ["so good", "so bad"] * 5, "label": ["good", "bad"] * 5})
    parts = datasets.DatasetDict({"train": lines, "validation": lines})
    run = tal.train(**SEQUENCES, data=parts, **settings)
    assert run.state == "completed", run.error
    numbers = datasets.Dataset.from_dict({"a": [0.5, 1.5] * 5, "b": [1, 2] * 5, "y": [0.1, 0.2] * 5})
    table = tal.train(model="mlp", data=numbers, **settings)
    assert table.store.validation(table.id, 1).summary["task"] == "regression"


def test_rows_without_a_label_and_strange_ones_are_refused() -> None:
    import datasets

    def load(own: Any, **settings: Any) -> Any:
        return HuggingFace(HuggingFace.Config(**settings)).load(RunSpec(model="mlp", data="huggingface"), {"data": own})

    labels = datasets.Features({"a": datasets.Value("float32"), "label": datasets.ClassLabel(names=["cat", "dog"])})
    rows = datasets.Dataset.from_dict({"a": [1.0, 2.0, 3.0, 4.0], "label": [0, 1, -1, 1]}, features=labels)
    with pytest.raises(ConfigurationError, match=r"'label' has no label in 1 of 4 rows \(the first is row 2\)"):
        load(rows)
    with pytest.raises(ConfigurationError, match="has the parts train, none of them called 'dve'"):
        load(datasets.DatasetDict({"train": rows}), validation_split="dve")
    several = datasets.Dataset.from_dict({"text": ["a", "b"], "labels": [[0, 1], [1]]})
    with pytest.raises(ConfigurationError, match="expected classes, text or whole numbers, in the column 'labels'"):
        load(several)
    halves = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0.0, 0.5]})
    with pytest.raises(ConfigurationError, match=r"expected classes, text or whole numbers, .* 'label', got 0\.0"):
        load(halves)


class Pictures(torch.utils.data.Dataset):
    """PyTorch's kind of data set, whose samples are pictures of Pillow's, or tensors of them."""

    classes = ("dark", "light")

    def __init__(self, *, opened: bool) -> None:
        self.opened = opened
        self.targets = [number % 2 for number in range(20)]

    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int):
        pixels = np.full((8, 6, 3), 100 * (index % 2) + index, np.uint8)
        tensor = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
        return (Image.fromarray(pixels) if self.opened else tensor), self.targets[index]


@pytest.mark.slow
def test_pictures_of_a_torch_data_set_are_as_good_as_tensors() -> None:
    settings = {"model": {"type": "mlp", "hidden": [4]}, "epochs": 1, "batch_size": 4, "threads": 1, "verbose": False}
    first, second = (tal.train(data=Pictures(opened=opened), executor="inline", **settings) for opened in (True, False))
    assert first.state == second.state == "completed", first.error
    assert first.record.resume == "exact"
    assert outcome(first)["digest"] == outcome(second)["digest"]
    assert first.store.validation(first.id, 1).labels == ["dark", "light"]
