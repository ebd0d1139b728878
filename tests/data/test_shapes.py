from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.drawing import INSIDE, Drawing
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.data.shapes import Shapes

ALL = tuple(INSIDE)


def load(seed: int = 0, **config) -> Dataset:
    return Shapes(Shapes.Config(count=50, **config)).load(RunSpec(model="unet", data="shapes", seed=seed), {})


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_it_comes_ready_to_train_on(task: str) -> None:
    found = load(task=task, size=48, most=3)
    labels = (("background",) if task == "segmentation" else ()) + ALL
    assert (found.signature.task, found.signature.labels, found.signature.outputs) == (task, labels, len(labels))
    assert (len(found.train), len(found.validation)) == (40, 10)
    assert (found.train.inputs.shape, found.train.inputs.dtype) == ((40, 3, 48, 48), np.float32)
    assert (found.train.inputs.min() >= 0, found.train.inputs.max() <= 1) == (True, True)
    shape, dtype = ((40, 48, 48), np.int64) if task == "segmentation" else ((40, 3, 5), np.float32)
    assert (found.train.targets.shape, found.train.targets.dtype) == (shape, dtype)


def test_loading_is_a_pure_function_of_the_seed() -> None:
    first, again, other = load(5), load(5), load(6)
    assert first.train.inputs.tobytes() == again.train.inputs.tobytes()
    assert first.train.targets.tobytes() == again.train.targets.tobytes()
    assert first.train.inputs.tobytes() != other.train.inputs.tobytes()


def test_more_pictures_leave_the_first_ones_as_they_were() -> None:
    few, many = (Drawing(32, 3, ALL).draw(count, 4) for count in (5, 70))
    assert all(np.array_equal(one, other[:5]) for one, other in zip(few, many, strict=True))
    assert len({picture.tobytes() for picture in many.images}) == 70


def test_both_tasks_are_asked_of_the_same_pictures() -> None:
    masks, boxes = load(task="segmentation"), load(task="detection")
    assert np.array_equal(masks.train.inputs, boxes.train.inputs)


@pytest.mark.parametrize("shape", ALL)
def test_a_box_goes_tightly_around_an_object_alone(shape: str) -> None:
    drawn = Drawing(40, 1, (shape,)).draw(30, 1)
    assert set(np.unique(drawn.masks)) == {0, 1}
    for mask, box in zip(drawn.masks, drawn.boxes[:, 0], strict=True):
        rows, columns = np.nonzero(mask)
        assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 0]


def test_shapes_differ_in_what_they_cover_of_their_box() -> None:
    share = {}
    for shape in ALL:
        drawn = Drawing(64, 1, (shape,)).draw(60, 2)
        width, height = (drawn.boxes[:, 0, end] - drawn.boxes[:, 0, end - 2] for end in (2, 3))
        share[shape] = (drawn.masks.sum(axis=(1, 2)) / (width * height)).mean()
    assert max(share["cross"], share["triangle"]) < share["disc"]
    assert share["disc"] == pytest.approx(np.pi / 4, abs=0.03)


def test_there_are_as_many_objects_as_are_asked_for_and_hidden_ones_have_no_box() -> None:
    drawn = Drawing(64, 6, ALL).draw(200, 3)
    there = drawn.boxes[..., 4] >= 0
    assert (there.sum(axis=1).min(), there.sum(axis=1).max()) == (1, 6)
    assert not there[:, 1:][~there[:, :-1]].any()  # what is there comes first
    assert (drawn.boxes[~there] == -1).all()
    boxes = drawn.boxes[there]
    assert (boxes[:, 2:4] > boxes[:, :2]).all()
    assert (boxes[:, :4].min() >= 0, boxes[:, :4].max() <= 64) == (True, True)
    assert set(np.unique(drawn.masks)) == set(range(5))


def test_objects_stand_out_from_the_background() -> None:
    drawn = Drawing(64, 1, ALL).draw(100, 0)
    brightest = drawn.images.max(axis=1).astype(float)
    inside, outside = brightest[drawn.masks > 0], brightest[drawn.masks == 0]
    assert (inside > 140).mean() > 0.99
    assert (outside > 180).mean() < 0.01


def test_raw_pictures_are_taken_for_predictions() -> None:
    raw = Drawing(64, 1, ALL).draw(3, 0).images
    assert apply_chain(load().signature.preprocessing, raw).max() <= 1


def test_settings_are_checked() -> None:
    assert all(field["description"] for field in Shapes.Config.model_json_schema()["properties"].values())
    with pytest.raises(ValidationError, match="each shape once, got disc, disc"):
        Shapes.Config(classes=("disc", "disc"))
    with pytest.raises(ValidationError, match="Extra inputs"):
        Shapes.Config(shapes=3)
