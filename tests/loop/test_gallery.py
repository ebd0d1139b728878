"""Which samples are pictures, and what their pictures are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import Samples, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Raw, assemble
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.data.steps import RawInput
from dltrainer_jupyter.loop import gallery as gallery_module
from dltrainer_jupyter.loop.gallery import FOLDER, Gallery
from dltrainer_jupyter.loop.thumbnails import Form, drawn, finite_range, form_of, to_pixels, true_places
from dltrainer_jupyter.metrics.examining.kept import chosen, priorities
from dltrainer_jupyter.views.gallery import Gallery as Shown


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        ((1, 28, 28), Form("image", "first", 1, 100)),
        ((3, 28, 20), Form("image", "first", 1, 100)),
        ((28, 28, 3), Form("image", "last", 1, 100)),
        ((28, 28, 1), Form("image", "last", 1, 100)),
        ((28, 28), Form("image", None, 1, 100)),
        ((12,), Form("rows", None, 1, 100)),
        ((2, 28, 28), None),
        ((4, 5, 6, 7), None),
        ((0, 5), None),
        ((), None),
        ((3, 256, 256), Form("image", "first", 4, 81)),
        ((512, 300), Form("image", None, 4, 100)),
        ((2_000_000,), None),
    ],
)
def test_the_shape_decides(shape: tuple[int, ...], form: Form | None) -> None:
    assert form_of(shape, 100, 1_000_000) == form


def test_pictures_are_scaled_down_by_the_mean_of_squares() -> None:
    images = np.arange(2 * 3 * 4, dtype=np.float32).reshape(1, 1, 4, 6)
    small = drawn(images, Form("image", "first", 2, 1))
    assert small.tolist() == [[[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]]
    odd = drawn(np.array([[[0, 1, 9]]], np.uint8), Form("image", None, 2, 1))
    assert odd.dtype == np.uint8
    assert odd.tolist() == [[[0, 9]]]


def test_what_is_no_number_is_black_and_changes_no_range() -> None:
    values = np.array([[np.nan, 1.0], [3.0, np.inf]], np.float32)
    assert finite_range(values) == (1.0, 3.0)
    assert to_pixels(values, 1.0, 3.0).tolist() == [[0, 0], [255, 255]]
    assert finite_range(np.array([[3, 200]], np.uint8)) == (3.0, 200.0)
    assert finite_range(np.zeros((0, 2), np.uint8)) == (np.inf, -np.inf)
    assert to_pixels(np.ones((2, 2), np.float32), 1.0, 1.0).tolist() == [[0, 0], [0, 0]]


def test_places_of_truth() -> None:
    form = Form("image", "first", 2, 2)
    masks = np.arange(2 * 4 * 4).reshape(2, 4, 4) % 3
    assert true_places("segmentation", masks, form)["masks"].tolist() == masks[:, ::2, ::2].tolist()
    boxes = np.full((2, 3, 5), -1, np.float32)
    boxes[1, :2] = [[0, 1, 4, 5, 2], [1, 1, 3, 3, 0]]
    found = true_places("detection", boxes, form)
    assert found["boxes"].tolist() == boxes[1, :2].tolist()
    assert found["box_ends"].tolist() == [0, 2]
    assert true_places("classification", masks, form) == {}


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("most_bytes", [2**26, 2000])
def test_samples_and_a_stream_of_them_have_the_same_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_bytes: int, kind: type
) -> None:
    monkeypatch.setattr(gallery_module, "_MOST_BYTES", most_bytes)
    monkeypatch.setattr(gallery_module, "_MOST_COLLECTED", most_bytes)
    monkeypatch.setattr(gallery_module, "_TOGETHER", 1000)
    rng = np.random.default_rng(0)
    inputs, targets = (40 * rng.random((90, 10, 9, 1))).astype(kind), np.arange(90)
    whole, parts = (Gallery(tmp_path / name, _signature(), seed=3, most=40) for name in ("whole", "parts"))
    whole.write(Samples(inputs, targets), 7)
    parts.begin(9)
    for start in range(0, 90, 10):
        parts.see(inputs[start : start + 10], targets[start : start + 10])
    parts.write(None, 7)
    for name in ("index.npy", "inputs.npy", "about.json"):
        assert (tmp_path / "whole" / FOLDER / name).read_bytes() == (tmp_path / "parts" / FOLDER / name).read_bytes()
    kept, fitting = np.load(tmp_path / "whole" / FOLDER / "index.npy"), most_bytes // 90
    if fitting >= 40:
        assert kept.tolist() == chosen(3, 40, 90).tolist()
    else:
        assert kept.tolist() == sorted(np.argsort(priorities(3, 0, 90))[:fitting].tolist())
    assert not whole.wanted
    assert not Gallery(tmp_path / "whole", _signature(), seed=3, most=40).wanted
    assert whole.truths == 7


def _signature() -> Signature:
    return Signature("classification", (10, 9, 1), 3)


def test_rows_keep_the_names_of_their_columns(tmp_path: Path) -> None:
    signature = Signature("regression", (2,), 1, raw={"features": ["age", "height"]})
    gallery = Gallery(tmp_path, signature, seed=0, most=10)
    rows = np.arange(8, dtype=np.float64).reshape(4, 2)
    gallery.write(Samples(rows, np.zeros(4)), None)
    assert np.load(tmp_path / FOLDER / "inputs.npy").tolist() == rows.tolist()
    assert '"features": ["age", "height"]' in (tmp_path / FOLDER / "about.json").read_text()


def test_rows_of_a_table_are_shown_as_they_came(tmp_path: Path) -> None:
    came = np.array([[20.0, 1.5], [40.0, 1.0], [60.0, 0.0], [30.0, 1.75]])
    spec = RunSpec(model="mlp", data="arrays", preprocessing=[{"type": "standardize"}], validation={"split": 0.5})
    raw, table = Raw(came, np.array([0, 1, 1, 0])), (RawInput(((2,),), "float32"),)
    held_back = assemble(spec, raw, table, features=["age", "height"])
    plain = assemble(spec.model_copy(update={"preprocessing": ()}), raw, table)
    flat_pictures = Digits(Digits.Config()).load(RunSpec(model="mlp", data="digits"), {})
    assert plain.validation.raw is flat_pictures.validation.raw is None
    Gallery(tmp_path, held_back.signature, seed=0, most=10).write(held_back.validation, None)
    there = np.load(tmp_path / FOLDER / "inputs.npy")
    assert there.tolist() == held_back.validation.raw.tolist() == plain.validation.inputs.tolist()
    assert not np.allclose(there, held_back.validation.inputs)
    assert Shown.open(tmp_path).of(0)["features"] == pytest.approx(plain.validation.inputs[0].tolist())


def test_samples_that_are_no_pictures_leave_nothing(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, _signature(), seed=0, most=10)
    gallery.write(Samples(np.zeros((4, 2, 3, 4, 5)), np.zeros(4)), None)
    assert list(tmp_path.iterdir()) == []
    stream = Gallery(tmp_path, _signature(), seed=0, most=10)
    stream.begin(None)
    stream.see({"text": "no array"}, None)
    stream.write(None, None)
    assert list(tmp_path.iterdir()) == []
