from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.digits import Digits
from dltrainer_jupyter.data.preprocessing import apply_chain, describe_chain, load_chain, named_steps
from dltrainer_jupyter.data.steps import Normalize, Resize
from dltrainer_jupyter.loop.checking import check_parts
from dltrainer_jupyter.loop.parts import load_data


@pytest.fixture(scope="module")
def photographs() -> np.ndarray:
    """Two photographs, 40 x 60 pixels of each: shape (2, 3, 40, 60), from 0 to 1."""
    images = np.stack(load_sample_images().images)[:, 100:140, 200:260]
    return (images.transpose(0, 3, 1, 2) / 255).astype(np.float32)


# No size at which the middle of a pixel falls between two others, where `nearest` may take either.
@pytest.mark.parametrize("size", [(20, 15), (80, 96), (40, 16), (16, 60)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_resize_gives_what_pillow_gives(photographs, size, interpolation) -> None:
    found = Resize(size, interpolation).fit(photographs).apply(photographs)
    assert found.shape == (2, 3, *size)
    assert found.dtype == np.float32
    method = Image.Resampling[interpolation.upper()]
    for image, resized in zip(photographs, found, strict=True):
        for channel, ours in zip(image, resized, strict=True):
            expected = np.asarray(Image.fromarray(channel).resize(size[::-1], method))
            assert ours == pytest.approx(expected.clip(channel.min(), channel.max()), abs=1e-5)


def test_an_image_gives_the_same_bits_alone_and_in_company(photographs) -> None:
    step = Resize((17, 31), "bicubic")
    together = step.apply(np.concatenate([photographs] * 9))
    assert np.array_equal(together[7:8], step.apply(photographs[1:2]))


def test_normalize_takes_a_number_or_one_for_each_channel(photographs) -> None:
    one, each = named_steps(
        [
            Part(type="normalize", mean=0.5, std=0.25),
            Part(type="normalize", mean=[0.5, 0.4, 0.3], std=[0.1, 0.2, 0.3]),
        ]
    )
    assert np.array_equal(one.fit(photographs).apply(photographs), (photographs - np.float32(0.5)) * 4)
    found = each.fit(photographs).apply(photographs)
    assert found[:, 1] == pytest.approx((photographs[:, 1] - 0.4) / 0.2, abs=1e-5)
    assert found.dtype == np.float32
    assert each.describe() == "subtract 0.5, 0.4, 0.3 and divide by 0.1, 0.2, 0.3"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"mean": 0, "std": 0}, r"preprocessing\.std\.0: expected greater than 0, got 0"),
        ({"mean": [1, 2], "std": [1, 2, 3]}, "preprocessing: expected a mean and a std for each channel"),
        ({"mean": [1, 2], "std": []}, r"preprocessing\.std: expected .* at least 1"),
        ({"mean": 1}, r"preprocessing\.std"),
    ],
)
def test_wrong_settings_of_normalize_are_refused(config, message) -> None:
    with pytest.raises(ConfigurationError, match=message):
        validate(Normalize.Config, config, "preprocessing")


def test_steps_that_do_not_fit_the_samples_are_refused_with_their_shape(photographs) -> None:
    with pytest.raises(ConfigurationError, match=r"2 values, but samples of shape \(3, 40, 60\) have 3"):
        Normalize((0.0, 1.0), (1.0, 1.0)).fit(photographs)
    with pytest.raises(ConfigurationError, match=r"resize needs images .* got samples of shape \(64,\)"):
        Resize((4, 4)).fit(np.zeros((5, 64), dtype=np.float32))


def test_a_specification_adds_steps_behind_the_source_s_own() -> None:
    spec = RunSpec(
        model="cnn",
        data="digits",
        preprocessing=[{"type": "resize", "size": 12}, "standardize", {"type": "normalize", "mean": 0, "std": 2}],
    )
    check_parts(spec)
    found = Digits(Digits.Config()).load(spec, {})
    assert found.signature.input_shape == (1, 12, 12)
    assert describe_chain(found.signature.preprocessing)[3:] == [
        "resize to 12x12 pixels (bilinear)",
        "standardize all values by the training mean and deviation",
        "subtract 0 and divide by 2",
    ]
    # Fitted on training samples alone: their mean becomes 0, and nobody else's.
    assert found.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert found.train.inputs.std() == pytest.approx(0.5, abs=1e-4)
    assert found.validation is not None
    assert abs(found.validation.inputs.mean()) > 1e-4
    written = json.loads(json.dumps(found.signature.preprocessing))
    assert load_chain(written) == load_chain(found.signature.preprocessing)
    raw = load_digits().data[:3]
    assert apply_chain(written, raw).shape == (3, 1, 12, 12)


def test_whole_numbers_of_arrays_become_floats_by_a_step() -> None:
    x, y = np.arange(48).reshape(16, 3), np.arange(16) % 2
    for part in ("standardize", {"type": "scale", "divisor": 47}, {"type": "normalize", "mean": 20, "std": 10}):
        spec = RunSpec(model="mlp", data="arrays", preprocessing=[part])
        found = Arrays(Arrays.Config()).load(spec, {"data": (x, y)})
        assert found.train.inputs.dtype == np.float32


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("resise", "Unknown preprocessing step 'resise'. Did you mean 'resize'"),
        ({"type": "resize", "size": 0}, r"preprocessing\.size\.0: expected"),
        ({"type": "scale", "divisor": 0}, r"preprocessing\.divisor: expected greater than 0, got 0"),
    ],
)
def test_a_wrong_step_is_named_before_anything_is_loaded(part, message) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_parts(RunSpec(model="mlp", data="digits", preprocessing=[part]))


class _OwnSource:
    """Does its own preprocessing, or none, and looks at nobody else's."""

    def load(self, spec, objects):
        return Digits(Digits.Config()).load(spec.model_copy(update={"preprocessing": ()}), objects)


def test_a_source_that_leaves_preprocessing_undone_is_refused() -> None:
    spec = RunSpec(model="cnn", data="digits", preprocessing=[{"type": "resize", "size": 12}])
    with pytest.raises(ConfigurationError, match="'resize' can't be applied to data that a loader gives"):
        load_data(spec, {"data": _OwnSource()})
