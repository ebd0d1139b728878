"""Pictures in files come out as a person expects, and what is wrong with them is told by name."""

from __future__ import annotations

import json
import os
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.pictures.coco import Coco
from dltrainer_jupyter.data.pictures.fitting import fitted
from dltrainer_jupyter.data.pictures.image_folder import ImageFolder
from dltrainer_jupyter.data.pictures.listing import Listing
from dltrainer_jupyter.data.pictures.mask_folder import MaskFolder
from dltrainer_jupyter.data.pictures.opening import SUFFIXES, opened
from dltrainer_jupyter.data.pictures.settings import PictureForm
from dltrainer_jupyter.data.pictures.yolo import Yolo
from tests.data import written
from tests.pace import times_slower

SPEC = RunSpec(model="mlp", data="x", batch_size=4, validation={"split": 0.25})
FORM = PictureForm(8, 8, 3, "stretch")


def load(source, path: Path, spec: RunSpec = SPEC, **settings):
    return source(source.Config(path=str(path), **settings)).load(spec, {})


# --- one picture --------------------------------------------------------------------------------------------------


def _saved(folder: Path, image: Image.Image, name: str, **options) -> Path:
    image.save(folder / name, **options)
    return folder / name


def test_every_kind_of_picture_has_the_colours_that_are_seen(tmp_path: Path) -> None:
    red = Image.new("RGB", (10, 10), (250, 10, 10))
    deep = Image.fromarray(np.full((10, 10), 50_000, np.uint16))
    clear = Image.new("RGBA", (10, 10), (250, 10, 10, 0))
    moving = [red, Image.new("RGB", (10, 10), "blue")]
    files = {
        "cmyk": _saved(tmp_path, red.convert("CMYK"), "cmyk.jpg"),
        "palette": _saved(tmp_path, red.convert("P", palette=Image.Palette.ADAPTIVE), "palette.png"),
        "deep": _saved(tmp_path, deep, "deep.png"),
        "clear": _saved(tmp_path, clear, "clear.png"),
        "moving": _saved(tmp_path, moving[0], "moving.gif", save_all=True, append_images=moving[1:]),
    }
    seen = {name: FORM.read(path, name).reshape(3, -1).mean(axis=1) for name, path in files.items()}
    for name in ("cmyk", "palette", "moving"):
        assert seen[name] == pytest.approx([250, 10, 10], abs=12), name
    assert seen["deep"] == pytest.approx([50_000 / 257] * 3, abs=1)
    assert seen["clear"].tolist() == [0, 0, 0]
    assert PictureForm(8, 8, 4, "stretch").read(files["clear"], "clear")[3].max() == 0


def test_a_picture_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    image = Image.new("L", (12, 6))
    image.paste(255, (0, 0, 12, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    path = _saved(tmp_path, image, "turned.png", exif=exif)
    assert opened(path, "x")[0].size == (6, 12)
    assert opened(path, "x", turns=False)[0].size == (12, 6)


def _bomb(path: Path) -> Path:
    """Write a PNG of a few bytes that says it has 40,000 x 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))))
    return path


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_cant_be_read_is_told_by_name(tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8))
    for name in ("cut.png", "cut.jpg"):
        path = _saved(tmp_path, image, name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(BadSampleError, match="x/cut: the image is damaged or incomplete"):
            opened(path, "x/cut")
    with pytest.raises(BadSampleError, match="at most 64,000,000 pixels"):
        opened(_bomb(tmp_path / "bomb.png"), "bomb")
    (tmp_path / "empty.png").touch()
    with pytest.raises(BadSampleError, match="another kind of file"):
        opened(tmp_path / "empty.png", "empty")
    with pytest.raises(BadSampleError, match="gone.png can't be read"):
        opened(tmp_path / "gone.png", "gone.png")


@pytest.mark.parametrize("way", ["stretch", "crop", "pad"])
def test_places_go_with_what_is_seen_there(way) -> None:
    image = Image.new("L", (60, 40))
    image.paste(255, (20, 10, 40, 30))
    small, places = fitted(image, 20, 20, way)
    ((x0, y0, x1, y1, kind),) = places.boxes(np.array([[20, 10, 40, 30, 3.0]]), 20, 20)
    seen = np.asarray(small) > 127
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert kind == 3
    assert (x0, x1, y0, y1) == pytest.approx((columns[0], columns[-1] + 1, rows[0], rows[-1] + 1), abs=0.6)


# --- folders ------------------------------------------------------------------------------------------------------


def test_folders_are_classes_and_parts_are_given(tmp_path: Path) -> None:
    for part in ("train", "val"):
        written.pictures(tmp_path / part, each=4)
    (tmp_path / "train" / "green").mkdir()
    (tmp_path / "train" / "notes.txt").touch()
    found = load(ImageFolder, tmp_path, image_size=8)
    assert found.signature.labels == ("blue", "red")
    assert found.signature.raw["fit"] == "stretch"
    assert (len(found.train), len(found.validation)) == (8, 8)
    assert found.train.inputs.shape == (8, 3, 8, 8)
    assert found.train.inputs.max() <= 1
    assert found.train.targets.tolist() == [0] * 4 + [1] * 4
    assert found.train.inputs[:4, 2].mean() > 2 * found.train.inputs[4:, 2].mean()
    assert list(found.notices()) == ["A folder without pictures is left out: green."]
    assert list(found.notices()) == []
    assert load(ImageFolder, tmp_path, empty_classes="keep").signature.labels == ("blue", "green", "red")
    named = RunSpec(model="mlp", data="x", validation={"train": "val", "validation": "train"})
    assert np.array_equal(load(ImageFolder, tmp_path, named, image_size=8).train.inputs, found.validation.inputs)
    (tmp_path / "val" / "green").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "val" / "green" / "1.png")
    with pytest.raises(ConfigurationError, match=r"classes that aren't in .*green"):
        load(ImageFolder, tmp_path)


def test_parts_are_no_classes_and_none_is_trained_on_that_is_validated_on(tmp_path: Path) -> None:
    for part in ("Train", "VAL"):
        written.pictures(tmp_path / "capital" / part, each=4)
    found = load(ImageFolder, tmp_path / "capital", image_size=8)
    assert (found.signature.labels, len(found.train), len(found.validation)) == (("blue", "red"), 8, 8)
    written.pictures(tmp_path / "beside", each=4)
    written.pictures(tmp_path / "beside" / "held", each=3)
    spec = RunSpec(model="mlp", data="x", validation={"validation": "held"})
    found = load(ImageFolder, tmp_path / "beside", spec, image_size=8)
    assert (found.signature.labels, len(found.train), len(found.validation)) == (("blue", "red"), 8, 6)


def test_links_that_lead_out_are_followed_only_where_that_is_asked_for(tmp_path: Path) -> None:
    root = written.pictures(tmp_path / "root", each=4)
    outside = _saved(tmp_path, Image.new("RGB", (16, 16)), "outside.png")
    (root / "red" / "link.png").symlink_to(outside)
    (root / "red" / "again.png").symlink_to(root / "red" / "0.png")
    (root / "red" / "round").symlink_to(root / "red")
    found = load(ImageFolder, root)
    assert len(found.train) + len(found.validation) == 9
    assert "1 link leads out of" in next(iter(found.notices()))
    followed = load(ImageFolder, root, follow_links=True)
    assert len(followed.train) + len(followed.validation) == 10


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing is there"):
        load(ImageFolder, tmp_path / "none")
    Image.new("L", (4, 4)).save(tmp_path / "loose.png")
    with pytest.raises(ConfigurationError, match="at least two folders with pictures .* belong to no class"):
        load(ImageFolder, tmp_path)


@pytest.mark.slow
def test_a_hundred_thousand_pictures_are_listed_in_two_seconds(tmp_path: Path) -> None:
    for name in range(10):
        (tmp_path / f"class {name}").mkdir()
        for number in range(10_000):
            os.close(os.open(tmp_path / f"class {name}" / f"{number:05}.jpg", os.O_CREAT))
    for name in range(10):  # those that are looked at
        Image.new("RGB", (8, 8)).save(tmp_path / f"class {name}" / "00000.jpg")
    listing, loading = [], []
    for _ in range(3):  # a machine with other things to do makes single times long, never short
        began = time.perf_counter()
        listed = [Listing(tmp_path, SUFFIXES).files(tmp_path / f"class {name}") for name in range(10)]
        listing.append(time.perf_counter() - began)
        assert sum(map(len, listed)) == 100_000
        began = time.perf_counter()
        spec = RunSpec(model="mlp", data="x")
        with pytest.raises(BadSampleError, match="another kind of file"):
            # Nearly all are empty, so the first batch that is due can't be read; until then none is opened.
            load(ImageFolder, tmp_path, spec, image_size=224)
        loading.append(time.perf_counter() - began)
    assert min(listing) < 2 * times_slower(), f"{min(listing):.2f} s"
    assert min(loading) < 4 * times_slower(), f"{min(loading):.2f} s"


def test_masks_say_what_each_pixel_is(tmp_path: Path) -> None:
    found = load(MaskFolder, written.masks(tmp_path / "palette"), classes=("ground", "square"))
    assert found.signature.task == "segmentation"
    assert found.signature.labels == ("ground", "square")
    assert found.train.targets.dtype == np.int64
    bright = found.train.inputs[:, 0] > 0.5
    assert (bright == (found.train.targets == 1)).mean() > 0.98
    grey = load(MaskFolder, written.masks(tmp_path / "grey", values=(0, 255)))
    assert np.array_equal(grey.train.targets, found.train.targets)
    assert grey.signature.labels == ("0", "1")
    (tmp_path / "grey" / "masks" / "3.png").unlink()
    with pytest.raises(BadSampleError, match=r"images/3\.jpg: there is no mask of this name"):
        load(MaskFolder, tmp_path / "grey")
    fewer = load(MaskFolder, tmp_path / "grey", on_bad_sample="skip")
    assert len(fewer.train) + len(fewer.validation) == 9
    assert fewer.partition.validation.max() <= 9
    with pytest.raises(BadSampleError, match="holds the value 255, which is no class"):
        load(MaskFolder, tmp_path / "grey", values=(0, 1), on_bad_sample="refuse")


def test_two_masks_of_a_picture_are_refused(tmp_path: Path) -> None:
    root = written.masks(tmp_path)
    Image.open(root / "masks" / "3.png").convert("L").save(root / "masks" / "3.bmp")
    with pytest.raises(ConfigurationError, match=r"two masks are of one name, .*masks/3.bmp and 3.png"):
        load(MaskFolder, root)


# --- boxes --------------------------------------------------------------------------------------------------------


def test_both_formats_say_the_same_boxes(tmp_path: Path) -> None:
    _, expected = written.boxes()
    spec = RunSpec(model="mlp", data="x", validation=False)
    first = load(Coco, written.coco(tmp_path / "coco"), spec)
    assert first.signature.labels == ("cup", "lamp")
    assert first.train.targets.shape == (10, 2, 5)
    for rows, boxes in zip(first.train.targets, expected, strict=True):
        assert rows[rows[:, 4] >= 0].tolist() == [list(map(float, box)) for box in boxes]
    second = load(Yolo, written.yolo(tmp_path / "yolo"))
    assert second.signature.labels == ("cup", "lamp")
    both = np.concatenate([second.validation.targets, second.train.targets])
    assert both == pytest.approx(first.train.targets, abs=1e-4)
    folder = load(Yolo, tmp_path / "yolo")
    assert np.array_equal(folder.train.targets, second.train.targets)


def test_a_class_for_each_picture_is_read_from_annotations(tmp_path: Path) -> None:
    path = written.coco(tmp_path)
    with pytest.raises(BadSampleError, match=r"001\.png: it has annotations of 2 categories"):
        load(Coco, path, task="classification")
    found = load(Coco, path, task="classification", on_bad_sample="skip", max_bad=0.5)
    assert len(found.train) + len(found.validation) == 5


def test_annotations_are_refused_by_name(tmp_path: Path) -> None:
    path = written.coco(tmp_path / "coco")
    content = json.loads(path.read_text())
    content["images"][0]["file_name"] = "../../secret.png"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigurationError, match=r"secret\.png', which lies outside"):
        load(Coco, path)
    path.write_text('{"images": []')
    with pytest.raises(ConfigurationError, match="is no JSON file"):
        load(Coco, path)
    path.write_text('{"images": [{"id": 1}]}')
    with pytest.raises(ConfigurationError, match="a list 'images' of entries with id and file_name"):
        load(Coco, path)
    file = written.yolo(tmp_path / "yolo")
    label = tmp_path / "yolo" / "labels" / "train" / "4.txt"
    wrong = {"2 0.5 0.5 0.1 0.1": "number of a class of 2", "0 12 5 3 3": "are these pixels", "0 1": "got 2"}
    for line, told in wrong.items():
        label.write_text(line)
        with pytest.raises(BadSampleError, match=f"line 1: .*{told}"):
            load(Yolo, file)
    label.unlink()
    assert any("1 of 10 pictures have no file of labels" in note for note in load(Yolo, file).notices())
    file.write_text("train: !!python/object/apply:os.system [true]\n")
    with pytest.raises(ConfigurationError, match="can't be read"):
        load(Yolo, file)
