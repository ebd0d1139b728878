"""A checkpoint tried with files, text and drawings, from Python."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, RunNotFoundError
from tests.tal.subject import MANY_X, TEXT, X, quick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIGITS, TRUTH = load_digits(return_X_y=True)


def levels(index: int) -> Any:
    return np.rint(DIGITS[index].reshape(8, 8) / 16 * 255).astype(np.uint8)


def uri(image: Image.Image) -> str:
    written = io.BytesIO()
    image.save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tal.Run]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path_factory.mktemp("trying")))
        yield quick(model="cnn", data="digits", epochs=4, learning_rate=0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(10):
        Image.fromarray(levels(index)).save(tmp_path / f"{index}.png")
    return tmp_path


def test_files_are_predicted_as_the_arrays_they_show(digits: tal.Run, folder: Path) -> None:
    table = digits.last.predict_files(folder)
    assert list(table.columns) == ["file", "prediction", "confidence", "class_index"]
    assert table["prediction"].tolist() == table["class_index"].tolist() == digits.last.predict(DIGITS[:10]).tolist()
    assert table.attrs["digest"] == digits.last.record.digest
    assert table.attrs["notes"] == ["10 files: 8×8, 1 channel"]
    single = digits.last.predict_files(str(folder / "3.png"))
    assert single["prediction"].tolist() == table["prediction"][3:4].tolist()


def test_predict_takes_paths_and_pictures(digits: tal.Run, folder: Path) -> None:
    """What a newcomer tries first; of any size, as in :meth:`predict_files`."""
    expected = digits.last.predict(DIGITS[:10]).tolist()
    paths = [folder / f"{index}.png" for index in range(10)]
    assert digits.last.predict(paths).tolist() == expected
    assert digits.last.predict(str(paths[4])).tolist() == expected[4:5]
    with Image.open(paths[4]) as picture:
        large = picture.convert("RGB").resize((32, 32), Image.Resampling.NEAREST)
        assert digits.last.predict(picture).tolist() == digits.last.predict([large]).tolist() == expected[4:5]
    with pytest.raises(
        ConfigurationError,
        match=r"^inputs: expected images of 8×8 pixels .*, or paths of files, got 'nowhere.png', and there is no such",
    ):
        digits.last.predict("nowhere.png")


def test_text_is_a_value_where_a_model_takes_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"city": ["lisbon", "porto"] * 20, "kind": [0, 1] * 20})
    frame.to_csv(tmp_path / "cities.csv", index=False)
    run = quick(data={"type": "csv", "path": str(tmp_path / "cities.csv"), "target": "kind"})
    assert run.best.predict([["lisbon"], ["porto"]]).shape == (2,)
    assert run.best.predict(tmp_path / "cities.csv").shape == (40,)
    with pytest.raises(ConfigurationError, match="the model takes rows of .*, not images"):
        run.best.predict(Image.new("L", (8, 8)))


def test_the_likeliest_classes_come_in_their_order(digits: tal.Run) -> None:
    answer = json.loads(json.dumps(digits.last.answer(DIGITS[:20], probabilities=True, top=3)))
    for likely, shares, prediction in zip(answer["top"], answer["probabilities"], answer["predictions"], strict=True):
        assert [one["confidence"] for one in likely] == sorted(shares, reverse=True)[:3]
        assert all(shares[one["class"]] == one["confidence"] for one in likely)
        assert likely[0]["class"] == prediction
    assert digits.last.answer(DIGITS[:1], top=99)["top"][0][-1]["confidence"] >= 0
    assert len(digits.last.answer(DIGITS[:1], top=99)["top"][0]) == 10
    assert digits.last.answer(DIGITS[:1], top=0)["top"] is None
    with pytest.raises(ConfigurationError, match="top: expected 0 or more, got -1"):
        digits.last.answer(DIGITS[:1], top=-1)


@pytest.mark.parametrize("index", range(10))
def test_a_drawing_of_a_digit_is_that_digit(digits: tal.Run, index: int) -> None:
    ink = Image.fromarray(levels(index)).resize((160, 160), Image.Resampling.NEAREST)
    on_white = Image.fromarray(255 - np.asarray(ink))
    transparent = Image.merge("RGBA", [Image.new("L", ink.size)] * 3 + [ink])
    expected = digits.last.predict(DIGITS[index])[0]
    for drawn in (ink, on_white, transparent):
        answer = digits.last.answer(drawing=uri(drawn))
        assert answer["predictions"] == [expected]
        assert answer["names"] == ["drawing"]


def test_a_row_by_its_names_is_predicted(home: Path) -> None:
    run = quick(data="wine")
    from sklearn.datasets import load_wine

    wine = load_wine(as_frame=True)
    backwards = wine.data.iloc[:5, ::-1].to_csv(index=False)
    answer = run.best.answer(text=backwards)
    assert answer["predictions"] == run.best.predict(wine.data[:5]).tolist()
    assert answer["notes"] == ["text: columns put in the order of the training, by their names"]
    assert (answer["thumbnails"], answer["names"][1]) == (None, "text, row 2")
    (home / "wine.csv").write_text(backwards)
    table = run.best.predict_files(home / "wine.csv")
    assert table["class_index"].tolist() == answer["predictions"]
    assert table["prediction"].tolist() == [str(wine.target_names[at]) for at in answer["predictions"]]
    with pytest.raises(ConfigurationError, match="nowhere: there is no such file or folder"):
        run.best.predict_files(f"{home}/nowhere/")
    with pytest.raises(ConfigurationError, match="the model takes rows of 13 numbers, not images"):
        run.best.answer(drawing=uri(Image.new("L", (8, 8))))


def test_values_have_neither_classes_nor_confidence(tmp_path: Path) -> None:
    run = quick(data=(X, X[:, :2]), epochs=1)
    np.save(tmp_path / "x.npy", X[:3])
    table = run.best.predict_files([tmp_path / "x.npy"])
    assert list(table.columns) == ["file", "prediction"]
    assert run.best.answer(X)["top"] is None
    with pytest.raises(ConfigurationError, match="heatmaps: "):
        run.best.answer(X, heatmaps=True)


def test_names_of_classes_are_told(tmp_path: Path) -> None:
    run = quick(data=(X, TEXT), epochs=1)
    answer = run.best.answer(X[:4])
    assert [likely[0]["label"] for likely in answer["top"]] == answer["predictions"]


def test_very_many_samples_leave_the_likeliest_classes_out() -> None:
    run = quick(epochs=1)
    answer = run.best.answer(np.tile(MANY_X, (3, 1)))
    assert (answer["top"], len(answer["predictions"])) == (None, 12_000)
    assert answer["notes"] == ["the likeliest classes are left out for more than 10,000 samples"]


@pytest.mark.parametrize("sources", [{}, {"text": "1", "drawing": "x"}])
def test_exactly_one_thing_is_predicted(digits: tal.Run, sources: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="Expected one of inputs, files, text or drawing, got"):
        digits.last.answer(**sources)


def test_a_checkpoint_that_is_removed_while_it_is_asked_for_is_a_sentence() -> None:
    import shutil

    from dltrainer_jupyter.tal import kept_models

    run = quick(epochs=2)
    kept, record = run.at(run.checkpoints[0].step), run.checkpoints[0]
    kept_models._models.clear()
    shutil.rmtree(record.path)
    with pytest.raises(CheckpointError, match="there is no such folder. Take an older checkpoint"):
        kept.predict(X)
    run.delete()
    with pytest.raises(RunNotFoundError, match="it may have been deleted"):
        kept.predict(X)


def pixels(picture: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))))


def test_heatmaps_are_pictures_as_large_as_the_images(digits: tal.Run) -> None:
    drawn = digits.last.answer(drawing=uri(Image.fromarray(levels(3))), heatmaps=True)
    (heat,) = drawn["heatmaps"]
    assert pixels(heat).shape == (8, 8)
    assert pixels(heat).max() == 255
    shown = digits.last.heatmaps([2, 0])
    assert [item["index"] for item in shown["items"]] == [2, 0]
    assert shown["digest"] == digits.last.record.digest
    again = digits.last.heatmaps([0])["items"][0]
    assert np.abs(pixels(again["heatmap"]).astype(int) - pixels(shown["items"][1]["heatmap"])).max() <= 1
    assert pixels(again["heatmap"]).shape == (8, 8)


def test_heatmaps_of_nothing_are_refused(digits: tal.Run) -> None:
    with pytest.raises(
        ConfigurationError, match="index: expected 0 to 358, the validation examples there are, got 359"
    ):
        digits.last.heatmaps([0, 359])
    with pytest.raises(ConfigurationError, match="heatmaps: expected at most 64 samples at a time, got 65"):
        digits.last.answer(DIGITS[:65], heatmaps=True)
    with pytest.raises(ConfigurationError, match="has no layer whose outputs lie like an image"):
        quick(data="digits", epochs=1).best.heatmaps([0])


@pytest.mark.parametrize(("model", "task"), [("unet", "segmentation"), ("detector", "detection")])
def test_masks_and_boxes_are_predicted_as_in_validation(model: str, task: str) -> None:
    run = quick(
        model=model,
        data={"type": "shapes", "count": 24, "size": 32, "task": task},
        recipe="detection" if task == "detection" else "supervised",
        epochs=1,
        batch_size=8,
    )
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    data = uri(picture).partition(",")[2]
    answer = json.loads(json.dumps(run.last.answer(files=[{"name": "a.png", "data": data}])))
    (found,) = answer["predictions"]
    assert answer["top"] is None
    assert answer["labels"][-1] == "cross"
    if task == "segmentation":
        assert np.shape(found) == (32, 32)
        assert set(np.unique(found)) <= set(range(5))
    else:
        assert all(len(box) == 6 and box[5] in range(4) and 0 <= box[0] <= box[2] <= 32 for box in found)
    with pytest.raises(ConfigurationError, match=f"and this model does {task}"):
        run.last.heatmaps([0])
    assert run.test(checkpoint="last").count == 5
