"""What is said of each layer of a configuration, and of its data before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.tal import glimpse as looking
from dltrainer_jupyter.tal.glimpse import document, glimpse, read
from dltrainer_jupyter.tal.stacks import kinds, outlined

DIGITS = Signature("classification", (1, 8, 8), 10)


def said(layers: list[object], signature: Signature | None = DIGITS) -> list[dict[str, object]]:
    return outlined({"model": {"layers": layers}}, signature)["lines"]


def test_a_layer_that_does_not_fit_says_both_shapes_and_what_follows_is_unknown() -> None:
    conv, dense, last = said([{"type": "conv", "features": 4}, "dense", "dropout"])
    assert conv["gives"] == dense["takes"] == [4, 8, 8]
    (problem,) = dense["problems"]
    assert problem["path"] == []
    assert "values of shape (features,)" in problem["message"]
    assert "got shape (4, 8, 8)" in problem["message"]
    assert (dense["gives"], last["takes"], last["problems"]) == (None, None, [])


def test_what_cannot_be_read_as_a_layer_is_said_where_it_stands() -> None:
    lines = said([5, {"type": "dense", "name": "9 lives", "units": 0}, {"typ": "dense"}, "flatten"])
    assert [[it["path"] for it in line["problems"]] for line in lines] == [[[]], [["name"]], [[]], []]
    assert "got 5" in lines[0]["problems"][0]["message"]
    assert kinds({"model": {"layers": [5, "dense", {"type": "mine"}]}}) == {"?", "dense", "mine"}


def test_a_preset_is_followed_as_its_layers() -> None:
    found = outlined({"model": {"type": "stack", "preset": "image"}}, DIGITS)
    assert [line["type"] for line in found["lines"]][:2] == ["conv", "norm"]
    assert found["lines"][-1] | {"parameters": 0} == {
        "name": "output",
        "type": "output",
        "takes": [64],
        "gives": [10],
        "parameters": 0,
        "problems": [],
        "added": True,
    }


def test_tokens_are_known_by_the_data_or_by_the_layer() -> None:
    words = Signature(
        "classification", (20,), 2, preprocessing=({"type": "tokens", "dtype": "int64", "vocabulary": 50},)
    )
    found = outlined({"model": {"layers": [{"type": "embedding", "width": 4}, "global_pool"]}}, words)
    assert (found["form"], found["tokens"], found["lines"][0]["parameters"]) == ("tokens", 50, 51 * 4)
    assert [outlined({"model": {"layers": []}}, it)["form"] for it in (words, DIGITS)] == ["tokens", "image"]
    stream = Signature("classification", (20,), 2, raw={"dtype": "int64"})
    (line, *_) = said(["embedding"], stream)
    assert "say it: vocabulary: 10000" in line["problems"][0]["message"]
    (line, *_) = said([{"type": "embedding", "vocabulary": 10}], stream)
    assert (line["gives"], line["problems"]) == ([20, 64], [])


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (Signature("classification", (), 2, inputs=("a", "b")), "a stack takes one input, and this data has 2 (a, b)"),
        (Signature("segmentation", (3, 8, 8), 2), "this data is for segmentation"),
        (Signature("classification", (8,), 2, targets=({"name": "a"}, {"name": "b"})), "has 2 targets"),
    ],
)
def test_data_that_no_stack_takes_is_no_layers_fault(signature, why) -> None:
    found = outlined({"model": {"layers": ["flatten"]}}, signature)
    assert why in found["why"]
    assert found["lines"][0]["problems"] == []


def test_a_look_at_the_data_survives_the_way_from_a_worker() -> None:
    for data in ("digits", "wine", "mnist"):
        found = glimpse({"data": data, "epochs": "many"})
        assert read(document(found)) == found
    assert (found.input_shape, found.outputs, found.labels) == ((1, 28, 28), 10, ())


def test_a_large_file_is_not_read_for_a_look(tmp_path, monkeypatch) -> None:
    place = tmp_path / "rows.npz"
    np.savez(place, x=np.ones((20, 3), np.float32), y=np.arange(20) % 2)
    data = {"type": "npz", "path": str(place)}
    assert glimpse({"data": data, "validation": 0.5}).input_shape == (3,)
    monkeypatch.setattr(looking, "LARGEST", 100)
    with pytest.raises(ConfigurationError, match=r"rows\.npz has .* bytes, and no file of more than 100 bytes"):
        glimpse({"data": data})


def test_own_steps_are_not_guessed_at() -> None:
    with pytest.raises(ConfigurationError, match="a step of your own"):
        glimpse({"data": "digits", "preprocessing": [{"type": "$object", "is": "f"}]})


def test_samples_without_an_axis_are_called_what_they_are() -> None:
    found = outlined({"model": {"layers": ["flatten"]}}, Signature("regression", (), 1))
    assert found["why"] == "data: a stack takes samples of at least one axis, and here each is a single number."
