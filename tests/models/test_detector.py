from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models.detector import Detector
from dltrainer_jupyter.models.torch_detector import suppressed


def build(shape: tuple[int, ...] = (3, 32, 32), classes: int = 3, **config) -> nn.Module:
    return Detector(Detector.Config(**{"width": 4, **config})).pytorch(Signature("detection", shape, classes))


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 17, 30)])
def test_there_is_a_point_for_every_fourth_pixel(shape: tuple[int, ...]) -> None:
    outputs = build(shape)(torch.rand(2, *shape))
    assert outputs.shape == (2, 8, -(-shape[1] // 4), -(-shape[2] // 4))
    assert (outputs[:, :4] > 0).all()


def test_every_parameter_learns() -> None:
    net = build()
    net(torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))).square().mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


def spoken(*found: tuple[int, int, tuple[float, ...], int, float], side: int = 8) -> torch.Tensor:
    """Outputs that say: at a row and column, edges in pixels, a class, and a logit."""
    outputs = torch.full((1, 8, side, side), -20.0)
    outputs[:, :4] = 1.0
    outputs[:, 4] = 20.0
    for row, column, edges, kind, logit in found:
        outputs[0, :4, row, column] = torch.tensor(edges)
        outputs[0, 5 + kind, row, column] = logit
    return outputs


def test_what_is_said_at_a_point_becomes_a_box_around_it() -> None:
    found = build().decode(spoken((2, 5, (6.0, 4.0, 3.0, 2.0), 1, 20.0)))
    assert found.shape == (1, 50, 6)
    # The point lies at x = 5.5 * 4 and y = 2.5 * 4.
    assert found[0, 0].tolist() == pytest.approx([16, 6, 25, 12, 1, 1])
    assert (found[0, 1:] == torch.tensor([0.0, 0, 0, 0, 0, -1])).all()


def test_boxes_end_where_the_image_does_and_come_by_their_score() -> None:
    found = build().decode(spoken((0, 0, (9.0,) * 4, 0, 0.0), (7, 7, (9.0,) * 4, 2, 3.0)))
    assert found[0, :2, :4].tolist() == [[21, 21, 32, 32], [0, 0, 11, 11]]
    assert found[0, :2, 4].tolist() == pytest.approx([(1 / (1 + np.exp(-3))) ** 0.5, 0.5**0.5], abs=1e-4)
    assert found[0, :2, 5].tolist() == [2, 0]


def test_of_two_alike_the_better_one_stays_but_not_of_different_classes() -> None:
    one, worse, other = (3, 3, (8.0,) * 4, 0, 4.0), (3, 4, (12.0, 8, 4, 8), 0, 2.0), (3, 4, (12.0, 8, 4, 8), 1, 1.0)
    assert (build().decode(spoken(one, worse))[0, :, 5] >= 0).sum() == 1
    assert build().decode(spoken(one, worse, other))[0, :3, 5].tolist() == [0, 1, -1]
    assert (build(overlap=1.0).decode(spoken(one, worse))[0, :, 5] >= 0).sum() == 2


def test_few_and_low_ones_are_left_out() -> None:
    said = spoken((1, 1, (2.0,) * 4, 0, 4.0), (5, 5, (2.0,) * 4, 0, -4.0))
    assert build(least_score=0.5).decode(said)[0, :2, 5].tolist() == [0, -1]
    assert build(most=1, least_score=0).decode(said).shape == (1, 1, 6)
    assert build((3, 16, 16), most=300).decode(spoken(side=4)).shape == (1, 300, 6)


@given(seed=st.integers(0, 2**32), overlap=st.floats(0.1, 0.9))
def test_suppression_is_the_greedy_one(seed: int, overlap: float) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 20, (2, 12, 2))
    boxes = torch.from_numpy(np.concatenate([corner, corner + rng.uniform(5, 20, corner.shape)], axis=2))
    kinds = torch.from_numpy(rng.integers(0, 2, (2, 12)))
    found = suppressed(boxes, kinds, overlap)
    for some, of, gone in zip(boxes.tolist(), kinds.tolist(), found.tolist(), strict=True):
        kept: list[int] = []
        for index, box in enumerate(some):
            if all(of[index] != of[other] or _iou(box, some[other]) <= overlap for other in kept):
                kept.append(index)
        assert kept == [index for index, left in enumerate(gone) if not left]


def _iou(one: list[float], other: list[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (areas - both)


def test_it_can_be_pickled() -> None:
    net = build().eval()
    images = torch.rand(2, 3, 32, 32)
    again = pickle.loads(pickle.dumps(net))  # noqa: S301 - our own
    assert torch.equal(net.decode(net(images)), again.decode(again(images)))


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"from \(1, 16, 16\) on, got samples of shape \(3, 8, 8\)"):
        build((3, 8, 8))


def test_it_is_a_part_as_every_other_and_says_where_it_can_be_built() -> None:
    assert "PyTorch only" in Detector.description
    assert (Detector.task, Detector.recipe) == (("detection",), "detection")
    assert [it for it in ("pytorch", "tensorflow", "jax") if hasattr(Detector, it)] == ["pytorch"]
    assert all(field["description"] for field in Detector.Config.model_json_schema()["properties"].values())
    with pytest.raises(ValidationError, match="Extra inputs"):
        Detector.Config(layers=3)
